import { CONFIG_ERRORS, ConfigError, type Config, type ConfigLayer } from './config.ts'
import { SETTING_KEYS, SETTINGS } from './settings.ts'

/**
 * The settings in force as arguments for another program of Warder's: `--set=key=value` for each that one of `layers`
 * decided. Secrets are left out, for everybody can read an argument.
 */
export function settingArguments(
  config: Config,
  layers: readonly ConfigLayer[] = ['flag', 'environment'],
): string[] {
  return SETTING_KEYS.flatMap((key) => {
    const winner = config.layers[key][0]
    if (winner === undefined || !layers.includes(winner.layer) || SETTINGS[key].secret) return []
    const value: unknown = config.values[key]
    // a path was resolved here; written relative it would mean another place there
    const text = SETTINGS[key].type === 'path' ? String(value) : winner.value
    return [`--set=${key}=${text}`]
  })
}

/**
 * Reads such arguments back, for `loadConfig({flags})`.
 *
 * @throws ConfigError `CONFIG_UNKNOWN_KEY` for any other argument
 */
export function readSettingArguments(words: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {}
  for (const word of words) {
    const [, key, value] = /^--set=([a-z._]+)=([\s\S]*)$/.exec(word) ?? []
    if (key === undefined || value === undefined || Object.hasOwn(flags, key)) {
      throw new ConfigError(CONFIG_ERRORS, 'CONFIG_UNKNOWN_KEY', {
        what: `"${word}" is not --set=KEY=VALUE, or is given twice`,
        fix: 'for example: --set=log.level=debug',
        where: 'the command line',
      })
    }
    flags[key] = value
  }
  return flags
}
