import { Command as Parser, CommanderError, Option } from 'commander'
import { messageOf } from '../core/error.ts'
import type { Command } from './command.ts'
import { counted } from './counted.ts'
import { CliError, CLI_ERRORS } from './failure.ts'
import { GLOBALS, SETTING_OF_GLOBAL } from './globals.ts'
import { optionName, valueName, type Param, type ParamValues } from './param.ts'

export type Globals = ParamValues<typeof GLOBALS>

export interface Parsed {
  /** The command's own arguments and options, by name. */
  readonly input: Readonly<Record<string, unknown>>
  readonly globals: Globals
}

/**
 * Reads the words behind a command's name.
 *
 * @returns undefined when help was asked for
 * @throws CliError `USAGE`
 */
export function parseCommand(command: Command, words: readonly string[]): Parsed | undefined {
  const [own, behind] = splitRest(command, words)
  const parser = createParser(command)
  try {
    parser.parse(own, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.help' || error.code === 'commander.helpDisplayed') return undefined
    if (error.code === 'commander.excessArguments') throw tooMany(command, parser.args)
    if (error.code === 'commander.unknownOption')
      throw unknownOption(command, tidy(error.message), behind.length > 0)
    throw usage(command, tidy(error.message))
  }
  const given = parser.opts<Record<string, unknown>>()
  const positional = Object.entries(command.args).filter(([, param]) => param.isRest !== true)
  const input: Record<string, unknown> = {}
  for (const [index, [key, param]] of positional.entries()) {
    input[key] = read(command, valueName(key, param), param, texts(parser.processedArgs[index]))
  }
  for (const [key, param] of Object.entries(command.options)) {
    input[key] = read(command, optionName(key), param, texts(given[key]))
  }
  for (const [key, param] of Object.entries(command.args)) {
    if (param.isRest !== true) continue
    if (param.required && behind.length === 0) {
      throw usage(command, `the ${valueName(key, param)} is missing; it stands behind --`)
    }
    input[key] = behind
  }
  return { input, globals: readGlobals(command, given) }
}

/** Settings the global options stand for, by key. */
export function flagsOf(command: string, globals: Globals): Record<string, string> {
  const flags: Record<string, string> = {}
  for (const pair of globals.set) {
    const [, key, value] = /^([a-z._]+)=([\s\S]*)$/.exec(pair) ?? []
    if (key === undefined || value === undefined || Object.hasOwn(flags, key)) {
      throw new CliError(CLI_ERRORS, 'USAGE', {
        what: key === undefined ? `--set ${pair} is not KEY=VALUE` : `--set ${key} is given twice`,
        fix: `for example: warder ${command} --set log.level=debug`,
      })
    }
    flags[key] = value
  }
  for (const [name, key] of Object.entries(SETTING_OF_GLOBAL)) {
    const value = globals[name as keyof typeof SETTING_OF_GLOBAL]
    if (value !== undefined) flags[key] = value
  }
  if (globals.system) flags['system'] = 'true'
  return flags
}

function createParser(command: Command): Parser {
  const parser = new Parser(command.name)
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .allowExcessArguments(false)
    .helpOption('-h, --help')
  for (const [key, param] of Object.entries(command.args)) {
    if (param.isRest === true) continue
    const name = param.takes === 'many' ? `${key}...` : key
    parser.argument(param.required ? `<${name}>` : `[${name}]`)
  }
  for (const [key, param] of Object.entries({ ...GLOBALS, ...command.options }))
    parser.addOption(asOption(key, param))
  return parser
}

function asOption(key: string, param: Param<unknown>): Option {
  const short = param.short === undefined ? '' : `-${param.short}, `
  const value = param.takes === 'none' ? '' : ` <${valueName(key, param)}>`
  // commander turns --no-x into x=false; attributeName below gives our own key back
  const made = new Option(`${short}${optionName(key)}${value}`).makeOptionMandatory(param.required)
  made.negate = false
  made.attributeName = () => key
  if (param.takes !== 'none') {
    made.argParser((text: string, before: unknown) => [...texts(before), text])
  }
  return made
}

function readGlobals(command: Command, given: Readonly<Record<string, unknown>>): Globals {
  const entries = Object.entries(GLOBALS).map(([key, param]) => {
    return [key, read(command, optionName(key), param, texts(given[key]))]
  })
  return Object.fromEntries(entries) as Globals
}

function read(command: Command, name: string, param: Param<unknown>, given: readonly string[]): unknown {
  try {
    return param.read(given)
  } catch (error) {
    throw usage(command, `${name}: ${messageOf(error)}`)
  }
}

/** What commander kept for a parameter, as the texts that were given. */
function texts(value: unknown): string[] {
  if (value === undefined || value === false) return []
  if (value === true) return ['']
  return [value].flat().filter((text) => typeof text === 'string')
}

function splitRest(command: Command, words: readonly string[]): readonly [string[], string[]] {
  const at = hasRest(command) ? words.indexOf('--') : -1
  return at === -1 ? [[...words], []] : [words.slice(0, at), words.slice(at + 1)]
}

function usage(command: Command, what: string, fix = `see: warder ${command.name} --help`): CliError {
  return new CliError(CLI_ERRORS, 'USAGE', { what, fix })
}

const BEHIND = 'what is to run, with its options, stands behind --'

/** What was given is not said again, for it may be a secret; only the program to run is. */
function tooMany(command: Command, given: readonly string[]): CliError {
  const params = Object.values(command.args)
  const takes = params.filter((param) => param.isRest !== true).length
  if (hasRest(command)) {
    const program = given[takes]
    return usage(
      command,
      `too many arguments: "${program}" stands before --, and ${BEHIND}`,
      `put -- before it, as in: warder ${[command.name, ...given.slice(0, takes)].join(' ')} -- ${program}`,
    )
  }
  const most = counted(takes, 'argument')
  return usage(command, `too many arguments: warder ${command.name} takes ${most}, and got ${given.length}`)
}

/** `warder run bash -c …`: the option is the program's, and nobody can tell but who wrote it. */
function unknownOption(command: Command, what: string, isBehindGiven: boolean): CliError {
  if (isBehindGiven || !hasRest(command)) return usage(command, what)
  return usage(command, what, `${BEHIND}; else see: warder ${command.name} --help`)
}

function hasRest(command: Command): boolean {
  return Object.values(command.args).some((param) => param.isRest === true)
}

function tidy(message: string): string {
  return message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
}
