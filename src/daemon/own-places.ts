import { ensurePrivateDirectory } from '../platform/files.ts'
import type { SettingValues } from '../platform/settings.ts'

/** Where Warder's own things stand, for the rules that keep agents away from them. */
export function ownPlaces(values: SettingValues, home: string) {
  for (const key of ['paths.config', 'paths.state', 'paths.runtime'] as const)
    ensurePrivateDirectory(values[key])
  const own = [
    values['paths.config'],
    values['paths.state'],
    values['paths.keys'],
    values['paths.runtime'],
    values['audit.directory'],
  ]
  const places = {
    homes: [home],
    keyStore: [values['paths.keys']],
    ledger: [values['audit.directory']],
    policy: [values['paths.config']],
    state: [values['paths.state'], values['paths.runtime']],
  }
  return { own, places }
}
