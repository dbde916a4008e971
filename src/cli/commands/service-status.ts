import { isSystemdRunning, systemctl } from '../../platform/systemd.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { readOwnUnit, servicePlace, unitFor, UNIT_NAME } from '../service.ts'

export const serviceStatus = command({
  name: 'service status',
  about: 'tell whether the service is installed, up to date, and running',
  examples: [{ run: 'warder service status', does: 'exit code 0 when it is installed' }],
  exits: ['missing', 'conflict'],
  async run(_input, { config, out, home }) {
    const { scope, path } = servicePlace(config, home)
    const unit = readOwnUnit(path)
    const asked = isSystemdRunning() ? await systemctl(scope, ['is-active', UNIT_NAME]) : undefined
    const state = asked === undefined ? 'systemd does not run this machine' : asked.stdout.trim() || 'unknown'
    const userLine = /^User=(.*)$/m.exec(unit ?? '')?.[1]
    const isCurrent = unit !== undefined && unit === unitFor(config, scope, userLine)
    const installed =
      unit === undefined ? 'not installed' : isCurrent ? 'installed' : 'installed, but out of date'
    const lines = [`unit   ${path}`, `       ${installed}`, `state  ${state}`]
    if (unit === undefined) lines.push('', 'to install it: warder service install')
    else if (!isCurrent) lines.push('', 'to renew it: warder service install')
    out.result({ path, scope, installed: unit !== undefined, current: isCurrent, state }, lines.join('\n'))
    return unit === undefined ? EXIT.missing : EXIT.ok
  },
})
