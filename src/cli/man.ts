import type { Command } from './command.ts'
import { describeCommand, optionRows, type Document, type Section } from './document.ts'
import { GLOBALS } from './globals.ts'
import { topicRows } from './help.ts'
import { TOPICS } from './topics.ts'

/** One man page, ready to be written to `man1/NAME.1`. */
export interface ManPage {
  readonly file: string
  readonly text: string
}

/** A page for every command, one for each topic, and `warder.1`, which names them all. See man(7). */
export function manPages(commands: readonly Command[], version: string): ManPage[] {
  const topics = Object.values(TOPICS).map((describe) => describe())
  return [
    page(overviewDocument(commands), version),
    ...commands.map((command) => page(describeCommand(command), version)),
    ...topics.map((topic) => page({ ...topic, title: `warder ${topic.title}` }, version)),
  ]
}

function overviewDocument(commands: readonly Command[]): Document {
  return {
    title: 'warder',
    about: 'lets AI agents act only with a permit',
    sections: [
      { heading: 'Usage', code: ['warder [OPTIONS] COMMAND [ARGUMENTS]'] },
      {
        heading: 'Commands',
        rows: commands.map((command) => [`warder ${command.name}`, command.about] as const),
      },
      { heading: 'Topics', rows: topicRows() },
      { heading: 'Options', rows: optionRows(GLOBALS) },
    ],
  }
}

function page(document: Document, version: string): ManPage {
  const name = document.title.replaceAll(' ', '-')
  const lines = [
    `.TH ${quoted(name.toUpperCase())} 1 "" ${quoted(`warder ${version}`)} "Warder"`,
    '.ad l', // a long value alone in its line cannot be stretched
    '.SH NAME',
    `${roff(name)} \\- ${roff(document.about)}`,
    ...document.sections.flatMap(sectionLines),
    '.SH SEE ALSO',
    name === 'warder' ? 'warder help' : '.BR warder (1)',
  ]
  return { file: `${name}.1`, text: `${lines.join('\n')}\n` }
}

function sectionLines({ heading, paragraphs = [], rows = [], code = [] }: Section): string[] {
  const title = heading === 'Usage' ? 'SYNOPSIS' : heading.toUpperCase()
  return [
    `.SH ${quoted(title)}`,
    ...(code.length > 0 ? ['.nf', ...code.map(roff), '.fi'] : []),
    ...paragraphs.flatMap((text) => ['.PP', roff(text)]),
    ...rows.flatMap(([term, meaning]) => ['.TP', `.B ${quoted(term)}`, roff(meaning)]),
  ]
}

/** Text that roff must not read as a request or an escape. */
function roff(text: string): string {
  const plain = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('’', "'")
  // a list without spaces may go on in the next line
  const escaped = plain.replace(/,(?=\S)/g, ',\\:')
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped
}

function quoted(text: string): string {
  return `"${roff(text).replaceAll('"', '\\(dq')}"`
}
