import { isSystemdRunning, systemctl, type SystemdScope } from '../../platform/systemd.ts'
import { command } from '../command.ts'
import { CliError, CLI_ERRORS } from '../failure.ts'
import { flag, option } from '../param.ts'
import { readOwnUnit, servicePlace, unitFor, UNIT_NAME, writeUnit } from '../service.ts'

export const serviceInstall = command({
  name: 'service install',
  about: 'write a hardened systemd unit for the daemon, and start it',
  details: [
    'Without it the first command that needs the daemon starts one. With it systemd starts the daemon at login (or ' +
      'at boot, with --system), restarts it when it fails, and gives every agent a control group with limits.',
    'Settings given by flag or environment now are written into the unit. Safe to run again.',
  ],
  examples: [
    { run: 'warder service install', does: 'for this user' },
    { run: 'warder service install --dry-run', does: 'print the unit, change nothing' },
    { run: 'sudo warder service install --system', does: 'for the machine' },
  ],
  options: {
    dryRun: flag('print the unit and change nothing'),
    noStart: flag('write the unit without enabling or starting it'),
    runAs: option('the user a --system service runs as (default: root)', { value: 'USER' }),
  },
  exits: ['conflict', 'unavailable'],
  async run({ dryRun, noStart, runAs }, { config, out, home }) {
    const { scope, path } = servicePlace(config, home)
    checkRunAs(runAs, scope)
    const unit = unitFor(config, scope, runAs)
    if (dryRun) return out.result({ path, scope, unit, written: false }, unit.trimEnd())
    const before = readOwnUnit(path)
    writeUnit(path, unit)
    const started = !noStart && isSystemdRunning()
    if (started) await start(scope, before !== undefined && before !== unit)
    const next = scope === 'user' ? 'systemctl --user' : 'systemctl'
    const state = started
      ? `${UNIT_NAME} is enabled and started`
      : noStart
        ? `written, not started; to start it: ${next} enable --now ${UNIT_NAME}`
        : `written, not started: systemd does not run this machine. warder run starts the daemon itself`
    out.result({ path, scope, written: true, started }, `${path}\n${state}`)
  },
})

async function start(scope: SystemdScope, isChanged: boolean): Promise<void> {
  await ask(scope, ['daemon-reload'])
  await ask(scope, ['enable', '--now', UNIT_NAME])
  if (isChanged) await ask(scope, ['restart', UNIT_NAME])
}

async function ask(scope: SystemdScope, args: readonly string[]): Promise<void> {
  const { code, stderr } = await systemctl(scope, args)
  if (code === 0) return
  throw new CliError(CLI_ERRORS, 'SERVICE_FAILED', {
    what: `systemctl ${args.join(' ')} failed: ${stderr.trim()}`,
    fix: `look at it: journalctl ${scope === 'user' ? '--user ' : ''}-u ${UNIT_NAME}`,
  })
}

function checkRunAs(runAs: string | undefined, scope: SystemdScope): void {
  if (runAs === undefined || (scope === 'system' && /^[a-z_][a-z0-9_-]{0,31}$/.test(runAs))) return
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: scope === 'user' ? '--run-as needs --system' : `"${runAs}" is not a user name`,
    fix: 'see: warder service install --help',
  })
}
