import type { QuestionAnswer } from '../../api/approvals.ts'
import { quoteForShow } from '../../core/safe/argument.ts'
import type { Out } from '../out.ts'

/** A question as a person reads it: exactly what, where, who, why, and how long is left. */
export function questionText(question: QuestionAnswer, { style }: Pick<Out, 'style'>): string {
  const { principal, risk, kind, reason, rule, wanted, argv, cwd, workspace, profile } = question
  const loud = risk === 'high' || risk === 'critical' ? (['bold', 'red'] as const) : (['bold'] as const)
  const lines = [
    style(loud, `${principal} asks: ${kind.replaceAll('_', ' ')}, risk ${risk}`),
    ...(argv === undefined ? [] : [`  runs      ${style('bold', argv.map(quoteForShow).join(' '))}`]),
    `  action    ${quoteForShow(question.action)}`,
    ...(cwd === undefined
      ? []
      : [
          `  in        ${quoteForShow(cwd)}${cwd === workspace ? '' : ` (workspace ${quoteForShow(workspace ?? '')})`}`,
        ]),
    ...(profile === undefined ? [] : [`  profile   ${profile}`]),
    ...programs(question),
    `  because   ${oneLine(reason)} (${rule})`,
    ...question.findings.map(
      ({ rule: by, risk: level, note }) => `  found     ${level}: ${oneLine(note)} (${by})`,
    ),
    ...(wanted === undefined ? [] : [`  it says   ${quoteForShow(wanted)}`]),
    ...about(question),
    ...question.touches.map((what) => `  touches   ${oneLine(what)}`),
    ...question.notes.map((note) => `  note      ${oneLine(note)}`),
    ...(question.pattern === undefined ? [] : [`  always    would allow: ${oneLine(question.pattern)}`]),
    ...(question.notStanding === undefined
      ? []
      : [`  always    is not offered: ${oneLine(question.notStanding)}`]),
    ...state(question),
  ]
  return lines.join('\n')
}

function programs({ segments = [] }: QuestionAnswer): string[] {
  return segments.flatMap(({ program, sha256, files }) => [
    `  program   ${quoteForShow(program)} ${sha256 === undefined ? '(content not known)' : `sha256 ${sha256.slice(0, 16)}…`}`,
    ...files.map((file) => `  with      ${quoteForShow(file.path)} sha256 ${file.sha256.slice(0, 16)}…`),
  ])
}

const TOLD = ['run', 'uid', 'command', 'program', 'program_sha256', 'profile', 'workspace']

/** What the other lines do not say already. */
function about({ about: known, argv }: QuestionAnswer): string[] {
  const told = new Set(argv === undefined ? [] : TOLD)
  return Object.entries(known)
    .filter(([name]) => !told.has(name))
    .map(([name, value]) => `  ${oneLine(name).padEnd(9)} ${quoteForShow(value)}`)
}

function state({ state: is, say, by, note, word, twoPhase, leftMs, id }: QuestionAnswer): string[] {
  if (is === 'agreed') return [`  agreed    once; to confirm, the word is ${word ?? ''}`, `  id        ${id}`]
  if (is !== 'pending' && is !== 'answering') {
    const words = note === undefined || note === '' ? '' : `: ${oneLine(note)}`
    return [`  ${is}${say === undefined ? '' : ` (${say})`}${by === undefined ? '' : ` by ${by}`}${words}`]
  }
  return [
    ...(twoPhase ? ['  a yes is asked for twice'] : []),
    `  time left ${secondsOf(leftMs)}, then it is a no`,
    `  id        ${id}`,
  ]
}

export function secondsOf(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1000))} s`
}

/** Words of others on one line, whatever they hold. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ')
}
