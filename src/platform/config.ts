import { join } from 'node:path'
import { KnownError, messageOf, type ErrorCatalogue } from '../core/error.ts'
import { nearest } from '../core/nearest.ts'
import { readSmallFile } from './files.ts'
import { defaultPaths, type Paths } from './paths.ts'
import type { DefaultContext, Setting } from './setting.ts'
import {
  environmentName,
  isSettingKey,
  SETTING_KEYS,
  SETTINGS,
  shown,
  type SettingKey,
  type SettingValues,
} from './settings.ts'

export const CONFIG_ERRORS = {
  CONFIG_UNKNOWN_KEY: { kind: 'invalid', meaning: 'a flag, variable or file sets what is not a setting' },
  CONFIG_BAD_VALUE: { kind: 'invalid', meaning: 'a setting has a value it cannot have' },
  CONFIG_UNREADABLE: { kind: 'invalid', meaning: 'a configuration file is not well-formed' },
  CONFIG_NOT_ALLOWED: {
    kind: 'forbidden',
    meaning: 'a setting stands in a place that may not set it, such as a project file an agent could write',
  },
} as const satisfies ErrorCatalogue

export class ConfigError extends KnownError<typeof CONFIG_ERRORS> {
  override readonly name = 'ConfigError'
}

/** Who may set a value, the strongest first. */
export const LAYERS = ['flag', 'environment', 'project', 'user', 'system', 'default'] as const
export type ConfigLayer = (typeof LAYERS)[number]

/** One layer's word on one setting. */
export interface LayerValue {
  readonly layer: ConfigLayer
  /** `--set audit.witness`, `WARDER_AUDIT_WITNESS` or `file:line:column`. */
  readonly where: string
  /** As written; stars for a secret. */
  readonly value: string
}

/** The settings, read once, whole, and frozen. */
export interface Config {
  readonly values: SettingValues
  /** Every layer that set a key, the winner first, the default last. */
  readonly layers: Readonly<Record<SettingKey, readonly LayerValue[]>>
  /** The environment Warder was started in, to be handed on; no setting is ever read from it again. */
  readonly environment: Readonly<Record<string, string>>
}

export interface ConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>
  /** By setting key: `{'paths.socket': '/run/x.sock'}`. */
  readonly flags: Readonly<Record<string, string>>
  readonly cwd: string
  readonly home: string
  readonly platform?: NodeJS.Platform
  /** Where the machine's own file stands; told only by tests. */
  readonly systemFile?: string
}

interface Candidate extends LayerValue {
  readonly key: SettingKey
  readonly raw: string
  /** What a relative path is relative to. */
  readonly base: string
}

/** What main gives {@link loadConfig}. The one place in Warder that reads the process's environment. */
export function ambient(): Pick<ConfigInput, 'env' | 'cwd'> {
  return { env: { ...process.env }, cwd: process.cwd() }
}

/**
 * Reads every layer, checks every value of every layer, also of those that lose, and refuses the whole when one is
 * wrong: defaults fill what is absent, never what is wrong.
 *
 * @throws ConfigError with the file, line and column, or the variable's or flag's name
 * @throws FileError when a file is there but cannot be read
 */
export async function loadConfig(input: ConfigInput): Promise<Config> {
  const outside = [...fromFlags(input), ...fromEnvironment(input)]
  const paths = defaultPaths({
    platform: input.platform ?? process.platform,
    home: input.home,
    env: input.env,
    system: decided('system', outside) ?? false,
  })
  const configDirectory = decided('paths.config', outside) ?? paths.config
  const systemFile = input.systemFile ?? '/etc/warder/config.yaml'
  const userFile = join(configDirectory, 'config.yaml')
  const candidates = [
    ...outside,
    ...(await fromFile('project', join(input.cwd, '.warder', 'config.yaml'))),
    ...(userFile === systemFile ? [] : await fromFile('user', userFile)),
    ...(await fromFile('system', systemFile)),
  ]
  return resolve(candidates, paths, input.env)
}

/** What a setting is and why: the value in force, the layer that won, and every layer's value. */
export interface Explanation {
  readonly key: SettingKey
  readonly value: string
  readonly layer: ConfigLayer
  readonly where: string
  readonly about: string
  readonly expects: string
  readonly environment: string
  readonly layers: readonly LayerValue[]
}

export function explain(config: Config, key: string): Explanation {
  if (!isSettingKey(key)) throw unknownKey(key, SETTING_KEYS, 'the command line')
  const layers = config.layers[key]
  const winner = layers[0]
  if (winner === undefined) throw new Error(`no layer for ${key}`)
  const { about, expects } = SETTINGS[key]
  return { key, ...winner, about, expects, environment: environmentName(key), layers }
}

/** What a person must see when Warder is not at its strictest; undefined in profile prod. */
export function profileBanner(config: Config): string | undefined {
  const { profile } = config.values
  if (profile === 'prod') return undefined
  const from = config.layers.profile[0]?.where ?? 'default'
  return `profile ${profile} (set by ${from}): not for protecting anything; unset it for prod`
}

function fromFlags({ flags, cwd }: ConfigInput): Candidate[] {
  return Object.entries(flags).map(([key, raw]) => candidate(key, raw, 'flag', `--set ${key}`, cwd))
}

const PREFIX = 'WARDER_'

function fromEnvironment({ env, cwd }: ConfigInput): Candidate[] {
  const keys = new Map<string, SettingKey>(SETTING_KEYS.map((key) => [environmentName(key), key]))
  return Object.entries(env).flatMap(([name, raw]) => {
    if (!name.startsWith(PREFIX) || raw === undefined) return []
    const key = keys.get(name)
    if (key === undefined) throw unknownKey(name, keys.keys(), 'the environment')
    return [candidate(key, raw, 'environment', name, cwd)]
  })
}

async function fromFile(layer: 'project' | 'user' | 'system', file: string): Promise<Candidate[]> {
  const bytes = readSmallFile(file)
  if (bytes === undefined) return []
  // the YAML reader is the slowest import there is: only those who have a file pay for it
  const { ConfigFileProblem, parseConfigFile } = await import('./config-file.ts')
  try {
    const source = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return parseConfigFile(file, source).map(({ key, value, where }) =>
      candidate(key, value, layer, where, join(file, '..')),
    )
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError(CONFIG_ERRORS, 'CONFIG_UNREADABLE', {
      what: `the configuration cannot be read: ${messageOf(cause)}`,
      fix: 'correct the file, or move it away',
      where: cause instanceof ConfigFileProblem ? cause.where : file,
      cause,
    })
  }
}

function candidate(key: string, raw: string, layer: ConfigLayer, where: string, base: string): Candidate {
  if (!isSettingKey(key)) throw unknownKey(key, SETTING_KEYS, where)
  const setting = SETTINGS[key]
  if (layer === 'project' && !setting.project) {
    throw new ConfigError(CONFIG_ERRORS, 'CONFIG_NOT_ALLOWED', {
      what: `a project's file may not set ${key}: whoever writes in the project would write Warder's rules`,
      fix: 'set it in your own file (warder config path), by flag or by variable, and remove it there',
      where,
    })
  }
  if (setting.outside && layer !== 'flag' && layer !== 'environment') {
    throw new ConfigError(CONFIG_ERRORS, 'CONFIG_NOT_ALLOWED', {
      what: `${key} says where the files are, so no file can set it`,
      fix: `use ${environmentName(key)} or --set ${key}=…`,
      where,
    })
  }
  const found = { key, raw, layer, where, base, value: shown(setting, raw) }
  parse(found)
  return found
}

function parse<K extends SettingKey>(found: Candidate & { readonly key: K }): SettingValues[K] {
  const setting = SETTINGS[found.key] as Setting<unknown>
  try {
    return setting.parse(found.raw, found.base) as SettingValues[K]
  } catch (cause) {
    throw new ConfigError(CONFIG_ERRORS, 'CONFIG_BAD_VALUE', {
      what: `${found.key} cannot be "${found.value}"`,
      fix: `write ${setting.expects}`,
      where: found.where,
      // a secret's parser may quote what it was given
      ...(!setting.secret && { cause }),
    })
  }
}

function decided<K extends SettingKey>(
  key: K,
  candidates: readonly Candidate[],
): SettingValues[K] | undefined {
  const found = candidates.find((each): each is Candidate & { key: K } => each.key === key)
  return found === undefined ? undefined : parse(found)
}

function resolve(candidates: readonly Candidate[], paths: Paths, env: ConfigInput['env']): Config {
  const values: Partial<Record<SettingKey, unknown>> = {}
  const layers: Partial<Record<SettingKey, readonly LayerValue[]>> = {}
  const context: DefaultContext = {
    profile: decided('profile', candidates) ?? 'prod',
    paths,
    path: (key) => decided(key, candidates) ?? SETTINGS[key].fallback(context),
  }
  for (const key of SETTING_KEYS) {
    const setting = SETTINGS[key] as Setting<unknown>
    const given = candidates.filter((each) => each.key === key)
    const fallback = setting.fallback(context)
    values[key] = given.length > 0 ? decided(key, given) : fallback
    const last = { layer: 'default', where: 'default', value: defaultText(setting, fallback) } as const
    layers[key] = Object.freeze([
      ...given.map(({ layer, where, value }) => Object.freeze({ layer, where, value })),
      Object.freeze(last),
    ])
  }
  return Object.freeze({
    values: Object.freeze(values) as SettingValues,
    layers: Object.freeze(layers) as Config['layers'],
    environment: Object.freeze(
      Object.fromEntries(
        Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
      ),
    ),
  })
}

/** Paths as they are on this machine, everything else as documented. */
function defaultText(setting: Setting<unknown>, fallback: unknown): string {
  const isComputed = setting.type === 'path' || setting.type === 'choice'
  return isComputed && typeof fallback === 'string' ? fallback : setting.defaultText
}

function unknownKey(name: string, known: Iterable<string>, where: string): ConfigError {
  const guess = nearest(name, known)
  return new ConfigError(CONFIG_ERRORS, 'CONFIG_UNKNOWN_KEY', {
    what: `${name} is not a setting of Warder`,
    fix: guess === undefined ? 'see all of them: warder help environment' : `did you mean ${guess}?`,
    where,
  })
}
