import { loadAll, type Command, type Registry } from './command.ts'
import { optionRows, type Document, type Section } from './document.ts'
import { EXIT } from './exit.ts'
import { GLOBALS } from './globals.ts'
import type { Out } from './out.ts'
import { purposes } from './overview.ts'
import { widthOf } from './printable.ts'
import { TOPICS } from './topics.ts'

/** What to lay help out for; `bold` marks headings where the terminal can. */
export interface Layout {
  readonly width: number
  readonly bold: (text: string) => string
}

/** A help document as the result. */
export function showHelp(document: Document, out: Out): number {
  const layout = { width: Math.min(out.width ?? 100, 120), bold: (text: string) => out.style('bold', text) }
  out.result(document, helpText(document, layout))
  return EXIT.ok
}

/** A help document as text for a terminal. */
export function helpText(document: Document, layout: Layout): string {
  const head = `${layout.bold(document.title)}: ${document.about}`
  return [head, ...document.sections.map((section) => sectionText(section, layout))].join('\n\n')
}

/** What `warder` alone, or `warder --help`, shows: made without reading a single command, so it is there at once. */
export function overview(registry: Registry): Document {
  return {
    title: 'warder',
    about: 'lets AI agents act only with a permit',
    sections: [
      { heading: 'Usage', code: ['warder [OPTIONS] COMMAND [ARGUMENTS]', 'warder COMMAND --help'] },
      ...purposes(Object.keys(registry)),
      { heading: 'Topics (warder help TOPIC)', rows: [[ALL_COMMANDS, EVERY_COMMAND], ...topicRows()] },
      { heading: 'Options of every command', rows: optionRows(GLOBALS) },
    ],
  }
}

export const ALL_COMMANDS = 'commands'
const EVERY_COMMAND = 'every command, in a line each'

/** What `warder help commands` shows. */
export async function allCommands(registry: Registry): Promise<Document> {
  return { title: ALL_COMMANDS, about: EVERY_COMMAND, sections: byNoun(await loadAll(registry)) }
}

/** What `warder grant` shows: the verbs of a noun. */
export async function nounHelp(registry: Registry, noun: string): Promise<Document> {
  const names = Object.keys(registry).filter((name) => name.startsWith(`${noun} `))
  const commands = await Promise.all(names.map((name) => registry[name]!()))
  return {
    title: `warder ${noun}`,
    about: `${names.length} command${names.length === 1 ? '' : 's'}`,
    sections: [
      { heading: 'Commands', rows: commands.map((each) => [each.name, each.about] as const) },
      { heading: 'More', code: [`warder ${noun} VERB --help`] },
    ],
  }
}

export function topicRows(): (readonly [string, string])[] {
  return Object.entries(TOPICS).map(([name, describe]) => [name, describe().about] as const)
}

function byNoun(commands: readonly Command[]): Section[] {
  const alone = commands.filter((command) => !command.name.includes(' '))
  const nouns = Map.groupBy(
    commands.filter((command) => command.name.includes(' ')),
    (command) => command.name.split(' ')[0] ?? '',
  )
  const rows = (list: readonly Command[]): (readonly [string, string])[] =>
    list.map((command) => [command.name, command.about] as const)
  return [
    ...(alone.length > 0 ? [{ heading: 'Commands', rows: rows(alone) }] : []),
    ...[...nouns].map(([noun, list]) => ({ heading: `warder ${noun}`, rows: rows(list) })),
  ]
}

const INDENT = '  '
const WIDEST_TERM = 30

function sectionText({ heading, paragraphs = [], rows = [], code = [] }: Section, layout: Layout): string {
  const term = Math.min(WIDEST_TERM, Math.max(0, ...rows.map(([name]) => widthOf(name))))
  return [
    layout.bold(heading),
    ...code.map((line) => `${INDENT}${line}`),
    ...paragraphs.flatMap((text) => wrap(text, layout.width - 2).map((line) => `${INDENT}${line}`)),
    ...rows.flatMap(([name, meaning]) => row(name, meaning, term, layout.width)),
  ].join('\n')
}

/** A term and its meaning beside it; beneath it when the term is long. */
function row(name: string, meaning: string, term: number, width: number): string[] {
  const column = INDENT.length + term + 2
  const lines = wrap(meaning, Math.max(30, width - column))
  const hanging = lines.map((line) => `${' '.repeat(column)}${line}`)
  if (widthOf(name) > term) return [`${INDENT}${name}`, ...hanging]
  const [first = '', ...others] = lines
  const gap = ' '.repeat(term - widthOf(name) + 2)
  return [`${INDENT}${name}${gap}${first}`.trimEnd(), ...others.map((line) => `${' '.repeat(column)}${line}`)]
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
