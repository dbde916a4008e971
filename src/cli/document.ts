import type { Command } from './command.ts'
import { EXIT, EXIT_MEANINGS, type ExitName } from './exit.ts'
import { GLOBALS } from './globals.ts'
import { optionName, valueName, type Param, type Params } from './param.ts'

/** Help as data: one description, printed on a terminal, as a man page, or as Markdown. */
export interface Document {
  /** `warder grant add`, or a topic's name. */
  readonly title: string
  readonly about: string
  readonly sections: readonly Section[]
}

export interface Section {
  readonly heading: string
  readonly paragraphs?: readonly string[]
  /** A term and what it means. */
  readonly rows?: readonly (readonly [string, string])[]
  /** Lines to be typed, as they stand. */
  readonly code?: readonly string[]
}

/** A command's help. Examples come first: that is what most people look for. */
export function describeCommand(command: Command): Document {
  const exits: ExitName[] = ['ok', ...command.exits, 'invalid', 'bug']
  return {
    title: `warder ${command.name}`,
    about: command.about,
    sections: [
      { heading: 'Examples', rows: command.examples.map(({ run, does }) => [run, does] as const) },
      { heading: 'Usage', code: [usageOf(command)] },
      ...(command.details.length > 0 ? [{ heading: 'About', paragraphs: command.details }] : []),
      ...rowsOf('Arguments', argumentRows(command.args)),
      ...rowsOf('Options', optionRows(command.options)),
      { heading: 'Options of every command', rows: optionRows(GLOBALS) },
      { heading: 'Exit codes', rows: exitRows(exits) },
    ],
  }
}

/** `warder grant add [OPTIONS] AGENT CAPABILITY` */
export function usageOf(command: Command): string {
  const words = Object.entries(command.args).map(([key, param]) => {
    const name = `${valueName(key, param)}${param.takes === 'many' ? '...' : ''}`
    const word = param.isRest === true ? `-- ${name}` : name
    return param.required ? word : `[${word}]`
  })
  return ['warder', command.name, '[OPTIONS]', ...words].join(' ')
}

export function optionRows(options: Params): (readonly [string, string])[] {
  return Object.entries(options).map(([key, param]) => [optionTerm(key, param), meaningOf(param)] as const)
}

export function exitRows(
  names: readonly ExitName[] = Object.keys(EXIT) as ExitName[],
): (readonly [string, string])[] {
  return [...new Set(names)]
    .sort((a, b) => EXIT[a] - EXIT[b])
    .map((name) => [String(EXIT[name]), EXIT_MEANINGS[name]] as const)
}

function argumentRows(args: Params): (readonly [string, string])[] {
  return Object.entries(args).map(([key, param]) => [valueName(key, param), meaningOf(param)] as const)
}

function optionTerm(key: string, param: Param<unknown>): string {
  const short = param.short === undefined ? '' : `-${param.short}, `
  return `${short}${optionName(key)}${param.takes === 'none' ? '' : ` ${valueName(key, param)}`}`
}

function meaningOf(param: Param<unknown>): string {
  const choices = param.choices === undefined ? '' : `: ${param.choices.join(', ')}`
  const more = param.takes === 'many' && param.isRest !== true ? ' (more than once if needed)' : ''
  return `${param.about}${choices}${more}`
}

function rowsOf(heading: string, rows: readonly (readonly [string, string])[]): Section[] {
  return rows.length === 0 ? [] : [{ heading, rows }]
}
