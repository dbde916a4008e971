/** The figures of the evaluation as tables: for the terminal, and between two marks of docs/inspection.md. */
import type { ModelHeader } from '../../src/decide/inspect/text/model/index.ts'
import type { Evaluation, Pooled, Share } from './evaluate.ts'
import type { UnseenSet } from './unseen.ts'

export interface Figures {
  /** The third nothing was trained on. */
  readonly heldBack: Evaluation
  /** The rest, to see how much better it does on what it knows. */
  readonly trainedOn: Pooled
  readonly unseen: readonly UnseenSet[]
  readonly sets: ModelHeader['trainedOn']
}

const BEGIN = '<!-- text-figures:begin -->'
const END = '<!-- text-figures:end -->'

const TITLES = [
  'What',
  'Read as',
  'Texts',
  'Blocked',
  'Marked or blocked',
  'Blocked by rules alone',
  'Blocked by the model alone',
] as const

export function figuresPage({ heldBack, trainedOn, unseen, sets }: Figures): string {
  const { attacks, macro, smuggled, evasions, harmless, pooled } = heldBack
  return [
    shares('Attacks', [...attacks, ...macro]),
    `Over all attacks and prompts together, read as prompts: precision ${percent(pooled.precision)}, recall ${percent(pooled.recall)}, ` +
      `F1 ${percent(pooled.f1)} (on the part it was trained on ${percent(trainedOn.f1)}).`,
    shares('Harmless texts', harmless),
    shares('Orders smuggled into a mail or a page', smuggled),
    shares('In disguise', evasions),
    'The short attacks that are blocked as they are, and how many of them still are.',
    '### A kind of attack nobody had seen',
    'Each set of attacks measured by weights that were trained without it, the model alone: percent found where 0.2 % of the ' +
      'held-back documents are flagged, and where 2 % of the held-back prompts are. This is nearest to what an attack meets ' +
      'that is worded in a new way. Some of our own lines were written after looking at what was missed in the other two thirds.',
    table(
      ['Set left out', 'Attacks', 'Found, as documents', 'Found, as prompts'],
      unseen.map(({ set, count, atDocuments, atPrompts }) => [
        set,
        `${count}`,
        `${atDocuments} %`,
        `${atPrompts} %`,
      ]),
    ),
    '### What the model was trained on',
    'The file holds weights only. The hash is of the lines used, in order; the documents of the machine differ from machine ' +
      'to machine, and with them the last figures of the model.',
    table(
      ['Set', 'Licence', 'Lines', 'SHA-256'],
      sets.map(({ name, licence, lines, sha256 }) => [name, licence, `${lines}`, `${sha256.slice(0, 16)}…`]),
    ),
  ].join('\n\n')
}

/** @throws Error when the page has no place for the figures */
export function filled(page: string, figures: string): string {
  const from = page.indexOf(BEGIN)
  const to = page.indexOf(END)
  if (from === -1 || to < from) throw new Error(`the page has no ${BEGIN} … ${END}`)
  return `${page.slice(0, from)}${BEGIN}\n\n${figures}\n\n${page.slice(to)}`
}

function shares(title: string, rows: readonly Share[]): string {
  return `### ${title}\n\n${table(TITLES, rows.map(cells))}`
}

function cells({ name, channel, count, blocked, marked, byRules, byModel }: Share): string[] {
  return [name, channel, String(count), ...[blocked, marked, byRules, byModel].map(percent)]
}

function percent(share: number): string {
  return `${share.toFixed(1)} %`
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, titles.map(() => '---'), ...rows].map(line).join('\n')
}

function line(row: readonly string[]): string {
  return `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
