import { BACK, type Match } from './family.ts'
import { CARD_FORMS } from './card.ts'
import { ibanAt } from './iban.ts'
import { NATIONAL_FORMS } from './national.ts'
import { longestRow } from './placeholder.ts'

/** Numbers of people and their accounts, each told by its check digits. A look at every group of digits. */
export interface NumberForm {
  readonly rule: string
  readonly of: string
  /** How many digits, or how many capitals before the digits, its first group has: where it is looked for. */
  readonly groups: readonly number[]
  readonly pattern: RegExp
  /** Given the number without its separators. */
  readonly isRight: (number: string) => boolean
  /** A word that must stand before it where one in a few random numbers would pass; without it the number is low. */
  readonly near?: RegExp
  readonly risk?: (number: string, written: string) => Match['risk']
}

const AHEAD = 64
const LONGEST_GROUP = 22
const byDigits: NumberForm[][] = []
const byCapitals: NumberForm[][] = []
for (const form of [...CARD_FORMS, ...NATIONAL_FORMS])
  for (const group of form.groups) {
    const table = group < 0 ? byCapitals : byDigits
    ;(table[Math.abs(group)] ??= []).push(form)
  }

/** @returns what was found from `from` on, and from where on more text is needed to tell */
export function numbersIn(
  text: string,
  from: number,
  isLast: boolean,
): { matches: Match[]; settled: number } {
  const matches: Match[] = []
  let at = from
  while (at < text.length) {
    if (!isDigit(text.charCodeAt(at))) {
      at++
      continue
    }
    const start = groupStart(text, at)
    const end = groupEnd(text, at)
    if (start >= from) {
      const lead = leadOf(text, start)
      if (!isLast && start + AHEAD > text.length) return { matches, settled: Math.max(from, start - lead) }
      const match =
        end - start > LONGEST_GROUP ? undefined : formAt(text, start - lead, lead > 0 ? -lead : end - start)
      if (match !== undefined) matches.push(match)
      at = Math.max(end, match?.end ?? 0)
    } else at = end
  }
  return { matches, settled: isLast ? text.length : Math.max(from, text.length - AHEAD) }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isCapital = (code: number): boolean => code >= 65 && code <= 90

function groupStart(text: string, at: number): number {
  let start = at
  while (start > 0 && isDigit(text.charCodeAt(start - 1)) && at - start < BACK) start--
  return start
}

function groupEnd(text: string, at: number): number {
  let end = at
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  return end
}

/** How many capitals stand right before a group, at most seven. */
function leadOf(text: string, start: number): number {
  let lead = 0
  while (lead < 7 && lead < start && isCapital(text.charCodeAt(start - lead - 1))) lead++
  return lead
}

/** Whether what stands before would make the number part of something longer: a name, a path, a row of numbers. */
function isBound(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - 8), start)
  return !/[\w$/]$|\d[.,: -]$|[A-Za-z]-$|(?:^|\s)[0-9A-Fa-f]{0,5}\d[0-9A-Fa-f]{0,5}[ \t]{1,3}$/.test(before)
}

/** A row of small numbers, as colours are written, or of the digits one after the other. */
function isRow(written: string, number: string): boolean {
  return (
    /^(\d)\1*$/.test(number) ||
    longestRow(number) > 8 ||
    /^(?:[01]?\d\d|2[0-4]\d|25[0-5])(?: (?:[01]?\d\d|2[0-4]\d|25[0-5]))+$/.test(written)
  )
}

function formAt(text: string, start: number, group: number): Match | undefined {
  if (!isBound(text, start)) return undefined
  if (group === -2) {
    const iban = ibanAt(text, start)
    if (iban !== undefined) return iban
  }
  let weak: Match | undefined
  for (const form of (group < 0 ? byCapitals[-group] : byDigits[group]) ?? []) {
    form.pattern.lastIndex = start
    const written = form.pattern.exec(text)?.[0]
    if (written === undefined) continue
    const number = written.replaceAll(/[ .()/-]/g, '')
    if (isRow(written, number) || !form.isRight(number)) continue
    const isNear = form.near === undefined || form.near.test(text.slice(Math.max(0, start - 80), start))
    const end = start + written.length
    const about = { rule: form.rule, family: 'identity', start, end } as const
    const note = `a number that checks as ${form.of}`
    if (isNear) return { ...about, risk: form.risk?.(number, written) ?? 'high', note }
    weak ??= { ...about, risk: 'low', note }
  }
  return weak
}
