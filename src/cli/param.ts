import { parseDurationMs, parseSizeBytes } from '../core/quantity.ts'

/** Where the shell's completion finds values. */
export type Completes = 'agent' | 'profile' | 'setting' | 'topic' | 'command' | 'file'

/** One argument or option, as data: parser, help, man page and completion all read it. */
export interface Param<T> {
  readonly about: string
  /** `none` takes no value, `one` the last given, `many` all of them. */
  readonly takes: 'none' | 'one' | 'many'
  /** How the value is called in the usage line: `AGENT`, `DURATION`. */
  readonly value: string
  readonly required: boolean
  readonly short?: string
  readonly choices?: readonly string[]
  readonly completes?: Completes
  /** How the default is shown; absent when there is none. */
  readonly fallbackText?: string
  /** Everything behind `--`, as it stands. */
  readonly isRest?: boolean
  /** @param given every text given, in order; empty when absent; @throws Error saying what is wrong with it */
  readonly read: (given: readonly string[]) => T
}

export type Params = Readonly<Record<string, Param<unknown>>>
export type ParamValues<P extends Params> = {
  readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never
}

interface Details {
  readonly short?: string
  /** How the value is called; by default the parameter's own name. */
  readonly value?: string
  readonly completes?: Completes
}

/** A positional argument that must be there. */
export function argument(about: string, details: Details = {}): Param<string> {
  return { ...base(about, 'one', details), required: true, read: (given) => given.at(-1) ?? '' }
}

export function optionalArgument(about: string, details: Details = {}): Param<string | undefined> {
  return { ...base(about, 'one', details), required: false, read: (given) => given.at(-1) }
}

/** A positional argument that is one of a few words. */
export function choiceArgument<const C extends string>(
  about: string,
  choices: readonly C[],
  details: Details = {},
): Param<C> {
  return {
    ...base(about, 'one', details),
    required: true,
    choices,
    read: (given) => oneOf(choices, given.at(-1) ?? ''),
  }
}

/** One or more positional arguments. */
export function manyArguments(about: string, details: Details = {}): Param<readonly string[]> {
  return { ...base(about, 'many', details), required: true, read: (given) => given }
}

/** The words behind `--`, given to another program as they stand. */
export function rest(
  about: string,
  { required = true, ...details }: Details & { required?: boolean } = {},
): Param<readonly string[]> {
  return {
    ...base(about, 'many', { value: 'COMMAND', ...details }),
    required,
    isRest: true,
    read: (given) => given,
  }
}

/** An option without a value. */
export function flag(about: string, details: Details = {}): Param<boolean> {
  return { ...base(about, 'none', details), required: false, read: (given) => given.length > 0 }
}

export function option(about: string, details: Details = {}): Param<string | undefined> {
  return { ...base(about, 'one', details), required: false, read: (given) => given.at(-1) }
}

/** An option that may be given more than once. */
export function manyOption(about: string, details: Details = {}): Param<readonly string[]> {
  return { ...base(about, 'many', details), required: false, read: (given) => given }
}

/** An option that must be given. */
export function requiredOption(about: string, details: Details = {}): Param<string> {
  return { ...base(about, 'one', details), required: true, read: (given) => given.at(-1) ?? '' }
}

export function choiceOption<const C extends string>(
  about: string,
  choices: readonly C[],
  details: Details = {},
): Param<C | undefined> {
  return {
    ...base(about, 'one', details),
    required: false,
    choices,
    read: optional((text) => oneOf(choices, text)),
  }
}

/** In milliseconds once read. */
export function durationOption(about: string, details: Details = {}): Param<number | undefined> {
  return {
    ...base(about, 'one', { value: 'DURATION', ...details }),
    required: false,
    read: optional(parseDurationMs),
  }
}

/** In bytes once read. */
export function sizeOption(about: string, details: Details = {}): Param<number | undefined> {
  return {
    ...base(about, 'one', { value: 'SIZE', ...details }),
    required: false,
    read: optional(parseSizeBytes),
  }
}

export function integerOption(
  about: string,
  min: number,
  max: number,
  details: Details = {},
): Param<number | undefined> {
  const read = (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new Error(`"${text}" is not a whole number from ${min} to ${max}`)
  }
  return { ...base(about, 'one', { value: 'NUMBER', ...details }), required: false, read: optional(read) }
}

/** `dryRun` is written `--dry-run`. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** How an argument or an option's value is called: `AGENT`. */
export function valueName(key: string, param: Param<unknown>): string {
  return param.value === '' ? key.replace(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase() : param.value
}

function base<K extends 'none' | 'one' | 'many'>(
  about: string,
  takes: K,
  { short, value = '', completes }: Details,
): { about: string; takes: K; value: string; short?: string; completes?: Completes } {
  return {
    about,
    takes,
    value,
    ...(short !== undefined && { short }),
    ...(completes !== undefined && { completes }),
  }
}

function optional<T>(read: (text: string) => T): (given: readonly string[]) => T | undefined {
  return (given) => {
    const text = given.at(-1)
    return text === undefined ? undefined : read(text)
  }
}

function oneOf<C extends string>(choices: readonly C[], text: string): C {
  const found = choices.find((choice) => choice === text)
  if (found === undefined) throw new Error(`"${text}" is none of ${choices.join(', ')}`)
  return found
}
