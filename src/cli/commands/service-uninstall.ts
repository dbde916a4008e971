import { rmSync } from 'node:fs'
import { isSystemdRunning, systemctl } from '../../platform/systemd.ts'
import { command } from '../command.ts'
import { flag } from '../param.ts'
import { readOwnUnit, servicePlace, UNIT_NAME } from '../service.ts'

export const serviceUninstall = command({
  name: 'service uninstall',
  about: 'stop the service and remove its unit; ledger, keys and policy stay',
  examples: [
    { run: 'warder service uninstall', does: 'for this user' },
    { run: 'warder service uninstall --dry-run', does: 'tell what would be removed, change nothing' },
  ],
  options: { dryRun: flag('tell what would be done and do nothing') },
  exits: ['conflict'],
  async run({ dryRun }, { config, out, home }) {
    const { scope, path } = servicePlace(config, home)
    const isInstalled = readOwnUnit(path) !== undefined
    const stays = [config.values['paths.config'], config.values['paths.state'], config.values['paths.keys']]
    const removes = isInstalled && !dryRun
    if (removes) {
      // a unit that cannot be stopped is removed all the same, and systemd says what it thinks of that
      const { code, stderr } = isSystemdRunning()
        ? await systemctl(scope, ['disable', '--now', UNIT_NAME])
        : { code: 0, stderr: '' }
      if (code !== 0) out.warn(`systemctl disable --now ${UNIT_NAME}: ${stderr.trim()}`)
      rmSync(path)
      if (isSystemdRunning()) await systemctl(scope, ['daemon-reload'])
    }
    const done = removes ? 'removed' : isInstalled ? 'would be removed' : 'nothing was installed at'
    out.result(
      { path, scope, installed: isInstalled, removed: removes, stays },
      [`${done}: ${path}`, 'stays:', ...stays.map((each) => `  ${each}`)].join('\n'),
    )
  },
})
