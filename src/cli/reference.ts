import type { Command } from './command.ts'
import { describeCommand, optionRows, usageOf, type Section } from './document.ts'
import { GLOBALS } from './globals.ts'
import { TOPICS } from './topics.ts'

/** The whole command line as Markdown, for `docs/cli.md`. */
export function cliReference(commands: readonly Command[]): string {
  const parts = [
    '# Command line',
    'Made from the commands themselves; do not edit. `warder COMMAND --help` and the man pages say the same.',
    ['## Options of every command', rowsText(optionRows(GLOBALS))].join('\n\n'),
    ...commands.map(commandText),
    ...Object.values(TOPICS).map((describe) => {
      const { title, about, sections } = describe()
      return [`## Topic: ${title}`, capital(about), ...sections.map((each) => sectionText(each, '###'))].join(
        '\n\n',
      )
    }),
  ]
  return `${parts.join('\n\n')}\n`
}

/** The sections every command shares are left out here: they stand once, at the top and in `exit-codes`. */
function commandText(command: Command): string {
  const shared = ['Examples', 'Usage', 'Options of every command']
  const { title, about, sections } = describeCommand(command)
  const examples = command.examples.flatMap(({ run, does }) => [`# ${does}`, run])
  return [
    `## ${title}`,
    capital(about),
    fenced(examples),
    fenced([usageOf(command)]),
    ...sections.filter(({ heading }) => !shared.includes(heading)).map((each) => sectionText(each, '**')),
  ].join('\n\n')
}

function sectionText(
  { heading, paragraphs = [], rows = [], code = [] }: Section,
  mark: '###' | '**',
): string {
  return [
    mark === '**' ? `**${heading}**` : `${mark} ${heading}`,
    ...(code.length > 0 ? [fenced(code)] : []),
    ...paragraphs.map(markdown),
    ...(rows.length > 0 ? [rowsText(rows)] : []),
  ].join('\n\n')
}

function rowsText(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([term, meaning]) => `- \`${term}\`: ${markdown(meaning)}`).join('\n')
}

function fenced(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n')
}

function markdown(text: string): string {
  return text.replaceAll(/[\\*_<>[\]]/g, '\\$&')
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${markdown(text.slice(1))}.`
}
