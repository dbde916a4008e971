import type { Client } from '../client/connect.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import type { ExitName } from './exit.ts'
import type { Out } from './out.ts'
import type { Params, ParamValues } from './param.ts'

/** What a command is handed. It has no powers of its own: what it wants done, it asks the daemon for. */
export interface Context {
  readonly config: Config
  readonly out: Out
  readonly clock: Clock
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal
  readonly stdin: NodeJS.ReadableStream
  /** Whether somebody is there to answer a question; false in scripts and with --no-input. */
  readonly canAsk: boolean
  readonly cwd: string
  readonly home: string
  /** Every command there is, for help, completion and the man pages. */
  readonly registry: Registry
  /** The environment Warder was called with; a run filters it, a daemon that is started inherits it. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The daemon, started when none answers unless told not to; opened at the first call and closed with the command. */
  readonly client: (access?: { readonly start?: boolean }) => Promise<Client>
}

/** One line of a command's examples: what to type, and what it does. */
export interface Example {
  readonly run: string
  readonly does: string
}

/** A command as data. The parser, help, man pages, completion and the reference are all made from it. */
export interface Command {
  /** `noun verb`, the noun singular: `grant add`. */
  readonly name: string
  /** What it does, in a few words, without a full stop. */
  readonly about: string
  /** What one should know before using it; paragraphs. */
  readonly details: readonly string[]
  readonly examples: readonly Example[]
  readonly args: Params
  readonly options: Params
  /** Exit codes beyond ok, invalid and bug that a script should expect. */
  readonly exits: readonly ExitName[]
  /** Ctrl-C is for the command to handle (a run passes it on); otherwise it ends the command at once. */
  readonly handlesInterrupt: boolean
  /** Works without reading the configuration, so that it can help when that is broken. */
  readonly needsConfig: boolean
  /** @returns the exit code; nothing means ok */
  run(input: Readonly<Record<string, unknown>>, context: Context): Promise<number | void>
}

interface Spec<A extends Params, O extends Params> {
  readonly name: string
  readonly about: string
  readonly details?: readonly string[]
  readonly examples: readonly [Example, ...Example[]]
  readonly args?: A
  readonly options?: O
  readonly exits?: readonly ExitName[]
  readonly handlesInterrupt?: boolean
  readonly needsConfig?: boolean
  run(input: ParamValues<A> & ParamValues<O>, context: Context): Promise<number | void>
}

/** Declares a command; `run` gets its arguments and options by name, read and typed. */
export function command<A extends Params = Record<never, never>, O extends Params = Record<never, never>>(
  spec: Spec<A, O>,
): Command {
  const {
    details = [],
    args = {},
    options = {},
    exits = [],
    handlesInterrupt = false,
    needsConfig = true,
  } = spec
  return Object.freeze({
    name: spec.name,
    about: spec.about,
    details,
    examples: spec.examples,
    args,
    options,
    exits,
    handlesInterrupt,
    needsConfig,
    run: (input: Readonly<Record<string, unknown>>, context: Context) =>
      spec.run(input as ParamValues<A> & ParamValues<O>, context),
  })
}

/** Names to modules: only the one that is asked for is loaded. */
export type Registry = Readonly<Record<string, () => Promise<Command>>>

/** Every command, loaded, in the registry's order. */
export function loadAll(registry: Registry): Promise<Command[]> {
  return Promise.all(Object.values(registry).map((load) => load()))
}
