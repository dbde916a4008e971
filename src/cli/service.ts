import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../platform/config.ts'
import { settingArguments } from '../platform/config-arguments.ts'
import { DAEMON_FLAGS, entryPoint } from '../platform/entry.ts'
import { readSmallFile, writeFileAtomic } from '../platform/files.ts'
import type { SystemdScope } from '../platform/systemd.ts'
import { CliError, CLI_ERRORS } from './failure.ts'
import { serviceUnit, UNIT_MARK } from './service-unit.ts'

export const UNIT_NAME = 'warder.service'

/** Which manager and where its unit stands, for the configuration at hand. */
export interface ServicePlace {
  readonly scope: SystemdScope
  readonly path: string
}

export function servicePlace(config: Config, home: string): ServicePlace {
  if (config.values.system) return { scope: 'system', path: `/etc/systemd/system/${UNIT_NAME}` }
  const given = config.environment['XDG_CONFIG_HOME']
  const base = given?.startsWith('/') === true ? given : join(home, '.config')
  return { scope: 'user', path: join(base, 'systemd', 'user', UNIT_NAME) }
}

/** The unit for this installation: this Node, these sources, and the settings that flags and environment give now. */
export function unitFor(config: Config, scope: SystemdScope, runAs?: string): string {
  return serviceUnit({
    scope,
    command: [
      process.execPath,
      ...DAEMON_FLAGS,
      fileURLToPath(entryPoint('warderd')),
      ...settingArguments(config),
    ],
    drainTimeoutMs: config.values['daemon.drain_timeout'],
    ...(runAs !== undefined && { runAs }),
  })
}

/**
 * What stands at the unit's path; undefined when nothing does.
 *
 * @throws CliError `SERVICE_FOREIGN` when it is not of Warder's making
 */
export function readOwnUnit(path: string): string | undefined {
  const unit = readSmallFile(path)?.toString('utf8')
  if (unit === undefined || unit.startsWith(UNIT_MARK)) return unit
  throw new CliError(CLI_ERRORS, 'SERVICE_FOREIGN', {
    what: 'a unit that Warder did not write stands there',
    fix: 'move it away, then run the command again',
    where: path,
  })
}

export function writeUnit(path: string, unit: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileAtomic(path, unit, 0o644)
}
