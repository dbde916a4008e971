import { ensurePrivateDirectory } from '../platform/files.ts'
import type { SettingValues } from '../platform/settings.ts'

/**
 * Where root keeps what it hands to agents that run as somebody else, who could reach nothing below root's own
 * directories: their sockets, and the layers they write to.
 */
export const GIVEN_AWAY = { sockets: '/run/warder-agents', layers: '/var/lib/warder-agents' } as const

/** Where Warder's own things stand, for the rules that keep agents away from them. */
export function ownPlaces(values: SettingValues, home: string) {
  for (const key of ['paths.config', 'paths.state', 'paths.runtime'] as const)
    ensurePrivateDirectory(values[key])
  const secrets = [
    values['secrets.key_file'],
    values['secrets.boot_file'],
    values['secrets.boot_key'],
  ].filter((path) => path !== undefined)
  const own = [
    values['paths.config'],
    values['paths.state'],
    values['paths.keys'],
    values['paths.runtime'],
    values['audit.directory'],
    ...secrets,
    ...Object.values(GIVEN_AWAY),
  ]
  const places = {
    homes: [home],
    keyStore: [values['paths.keys'], ...secrets],
    ledger: [values['audit.directory']],
    policy: [values['paths.config']],
    state: [values['paths.state'], values['paths.runtime'], ...Object.values(GIVEN_AWAY)],
  }
  return { own, places }
}
