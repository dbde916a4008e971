import { isAbsolute, join, normalize } from 'node:path'
import { parseDurationMs, parseSizeBytes } from '../core/quantity.ts'
import type { Paths } from './paths.ts'

/** How strict and how repeatable Warder is. `prod` unless somebody says otherwise. */
export const PROFILES = ['dev', 'test', 'prod'] as const
export type Profile = (typeof PROFILES)[number]

/** What a default may depend on. `read` gives settings that do not depend on the one being asked for. */
export interface DefaultContext {
  readonly profile: Profile
  readonly paths: Paths
  /** A path setting as it was decided. */
  readonly path: (key: 'paths.config' | 'paths.state' | 'paths.keys' | 'paths.runtime') => string
}

/** One setting, as data: everything that reads, checks, explains or documents it works from this. */
export interface Setting<T> {
  readonly type: 'string' | 'path' | 'duration' | 'size' | 'boolean' | 'choice' | 'integer' | 'list'
  readonly about: string
  /** How a value is written, for messages: `a duration such as 30s`. */
  readonly expects: string
  /** How the default is written in documentation. */
  readonly defaultText: string
  /** Never shown: explain, errors and documents print stars. */
  readonly secret: boolean
  /** Whether a project's own file may set it. Such a file may be written by an agent, so it must loosen nothing. */
  readonly project: boolean
  /** Only flag and environment may set it, because it says where the files are. */
  readonly outside: boolean
  /** @param base the directory a relative path is relative to; @throws Error when the text is no such value */
  readonly parse: (text: string, base: string) => T
  readonly fallback: (context: DefaultContext) => T
}

interface Common<T> {
  readonly about: string
  readonly fallback: T | ((context: DefaultContext) => T)
  /** Needed when the default depends on the profile or the machine. */
  readonly defaultText?: string
  readonly secret?: boolean
  readonly project?: boolean
  readonly outside?: boolean
}

export function text(common: Common<string | undefined>): Setting<string | undefined> {
  return setting('string', 'a text', common, (value) => filled(value))
}

/** A path; `~/` is the user's home only in a shell, so it is refused rather than guessed. */
export function path<T extends string | undefined>(common: Common<T>): Setting<string | (T & undefined)> {
  return setting<string | (T & undefined)>('path', 'an absolute path', common, (value, base) => {
    if (value.startsWith('~')) throw new Error('~ is not expanded here')
    if (/[\u0000-\u001f\u007f]/.test(value)) throw new Error('it has a control character')
    return normalize(isAbsolute(filled(value)) ? value : join(base, value))
  })
}

/** In milliseconds once read. */
export function duration(common: Common<string>): Setting<number> {
  return quantity('duration', 'a duration such as 30s, 10m or 24h', common, parseDurationMs)
}

/** In bytes once read. */
export function size(common: Common<string>): Setting<number> {
  return quantity('size', 'a size such as 512MiB or 2GiB', common, parseSizeBytes)
}

export function integer(common: Common<number>, min: number, max: number): Setting<number> {
  return setting('integer', `a whole number from ${min} to ${max}`, common, (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= min && number <= max)) throw new Error('it is none')
    return number
  })
}

export function boolean(common: Common<boolean>): Setting<boolean> {
  return setting('boolean', '1, true, 0 or false', common, (value) => {
    if (value === '1' || value === 'true') return true
    if (value === '0' || value === 'false') return false
    throw new Error('it is neither')
  })
}

export function choice<const C extends string>(choices: readonly C[], common: Common<C>): Setting<C> {
  return setting<C>('choice', `one of ${choices.join(', ')}`, common, (value) => {
    const found = choices.find((each) => each === value)
    if (found === undefined) throw new Error('it is none of them')
    return found
  })
}

/** Written with commas in a flag or variable; a list in a file comes here the same way. */
export function list(common: Common<readonly string[]>): Setting<readonly string[]> {
  return setting<readonly string[]>('list', 'values with commas between them', common, (value) =>
    value.split(',').map((item) => filled(item.trim())),
  )
}

function quantity(
  type: 'duration' | 'size',
  expects: string,
  common: Common<string>,
  parse: (text: string) => number,
): Setting<number> {
  const { fallback, ...rest } = common
  const defaultText = common.defaultText ?? String(fallback)
  const numeric = (context: DefaultContext): number =>
    parse(typeof fallback === 'function' ? fallback(context) : fallback)
  return setting(type, expects, { ...rest, defaultText, fallback: numeric }, parse)
}

function setting<T>(
  type: Setting<T>['type'],
  expects: string,
  common: Common<T>,
  parse: (text: string, base: string) => T,
): Setting<T> {
  const { about, fallback, secret = false, project = false, outside = false } = common
  const isComputed = (value: Common<T>['fallback']): value is (context: DefaultContext) => T =>
    typeof value === 'function'
  const defaultText = common.defaultText ?? (fallback === undefined ? 'none' : String(fallback) || 'none')
  return {
    type,
    about,
    expects,
    defaultText,
    secret,
    project,
    outside,
    parse,
    fallback: isComputed(fallback) ? fallback : () => fallback,
  }
}

function filled(value: string): string {
  if (value === '') throw new Error('it is empty')
  return value
}
