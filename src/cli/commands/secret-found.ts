import { isAtLeast, type RiskLevel } from '../../core/risk.ts'
import type { SecretFinding, SecretScanner } from '../../decide/inspect/secret/index.ts'
import type { Out, Style } from '../out.ts'

/** What `scan secret` and `scan repository` have in common: reading, placing, showing. */

const COLOUR: Readonly<Record<RiskLevel, Style>> = {
  low: 'dim',
  medium: 'yellow',
  high: 'red',
  critical: 'red',
}
const NEWLINE = 10

/** A finding where a person looks for it. */
export interface Shown extends Omit<SecretFinding, 'start' | 'end'> {
  readonly path: string
  readonly line: number
  /** In bytes, from 1. */
  readonly column: number
  readonly lengthBytes: number
}

export interface Scanned {
  readonly findings: Shown[]
  readonly unread: { readonly path: string; readonly why: string }[]
  files: number
}

/** Reads `input` to its end. @returns each finding with the number of its line */
export async function findIn(
  path: string,
  input: AsyncIterable<Uint8Array | string>,
  scanner: SecretScanner,
): Promise<Shown[]> {
  const stream = scanner.scanStream()
  const found: SecretFinding[] = []
  const lineStarts = [0]
  let offset = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array)
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1))
      lineStarts.push(offset + at + 1)
    offset += bytes.length
    found.push(...stream.push(bytes))
  }
  found.push(...stream.end())
  return found.map((finding) => shownAt(path, finding, lineStarts))
}

/** Whether something reaches the bar, or was not looked at: unknown is not clean. */
export function isBad({ findings, unread }: Scanned, failAt: RiskLevel): boolean {
  return unread.length > 0 || findings.some(({ risk }) => isAtLeast(risk, failAt))
}

export function textFor({ findings, unread, files }: Scanned, out: Out): string {
  const rows = findings.map(
    ({ path, line, column, risk, rule, tag, note }) =>
      `${path}:${line}:${column}: ${out.style(COLOUR[risk], risk)} ${rule}${tag === '' ? '' : ` ${tag}`}: ${note}`,
  )
  const missing = unread.map(({ path, why }) => `${path}: ${out.style('red', 'not read')}: ${why}`)
  const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`
  return [...rows, ...missing, `${count(findings.length, 'finding')} in ${count(files, 'file')}`].join('\n')
}

function shownAt(
  path: string,
  { start, end, ...finding }: SecretFinding,
  lineStarts: readonly number[],
): Shown {
  const line = lineOf(start, lineStarts)
  return { path, line, column: start - lineStarts[line - 1]! + 1, lengthBytes: end - start, ...finding }
}

/** The last line that begins at or before a place; lines count from 1. */
function lineOf(place: number, lineStarts: readonly number[]): number {
  let [low, high] = [0, lineStarts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (lineStarts[middle]! <= place) low = middle + 1
    else high = middle
  }
  return low
}
