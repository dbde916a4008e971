import type { InputOf } from '../../../src/api/endpoints.ts'

/** The query bar's words: `field:value`, joined by spaces, quotes around a value with spaces. */
export type Filter = Omit<InputOf<'auditList'>, 'after' | 'before' | 'limit'>

export interface Field {
  readonly name: string
  readonly about: string
  readonly values?: readonly string[]
}

export const FIELDS: readonly Field[] = [
  { name: 'agent', about: 'who acted' },
  { name: 'action', about: 'how the action begins, such as process:spawn or fs:' },
  { name: 'decision', about: 'what was decided', values: ['allow', 'ask', 'deny'] },
  {
    name: 'result',
    about: 'what came of it',
    values: [
      'allowed',
      'denied',
      'success',
      'failure',
      'timeout',
      'violation',
      'cancelled',
      'error',
      'pending',
    ],
  },
  {
    name: 'risk',
    about: 'how much it could break, this or more',
    values: ['low', 'medium', 'high', 'critical'],
  },
  {
    name: 'type',
    about: 'what kind of event',
    values: [
      'tool_call',
      'capability',
      'agent',
      'external_api',
      'network',
      'file',
      'authentication',
      'policy',
      'containment',
      'system',
    ],
  },
  { name: 'since', about: 'not before: 15m, 2h, 7d or a time', values: ['15m', '1h', '24h', '7d'] },
  { name: 'until', about: 'not after: 15m, 2h, 7d or a time', values: ['15m', '1h', '24h', '7d'] },
  { name: 'unsettled', about: 'permits whose end nobody has told', values: ['yes'] },
]

export interface Word {
  readonly field: string
  readonly value: string
  /** Where it stands in the text. */
  readonly from: number
  readonly to: number
}

export function wordsOf(text: string): Word[] {
  return [...text.matchAll(/([^\s:"]*)(:?)("(?:[^"]*)"?|[^\s]*)/g)]
    .filter(([all]) => all !== '')
    .map((match) => ({
      field: match[1] ?? '',
      value: match[2] === '' ? '' : (match[3] ?? '').replaceAll('"', ''),
      from: match.index,
      to: match.index + match[0].length,
    }))
}

export type Parsed = { readonly filter: Filter } | { readonly problem: string }

/** Reads what stands in the query bar. @param now epoch milliseconds, that `since:2h` counts back from */
export function parseFilter(text: string, now: number): Parsed {
  const filter: Record<string, string> = {}
  for (const { field, value } of wordsOf(text)) {
    const known = FIELDS.find(({ name }) => name === field)
    if (known === undefined) return { problem: unknownField(field) }
    if (value === '') return { problem: `${field}: needs a value` }
    if (filter[field] !== undefined) return { problem: `${field}: stands there twice` }
    const read = readValue(known, value, now)
    if (read === undefined) return { problem: badValue(known, value) }
    filter[field] = read
  }
  return { filter: filter as Filter }
}

function readValue({ name, values }: Field, value: string, now: number): string | undefined {
  if (name === 'since' || name === 'until') return timeOf(value, now)
  if (values !== undefined && !values.includes(value)) return undefined
  return name === 'unsettled' ? 'true' : value
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function timeOf(value: string, now: number): string | undefined {
  const back = /^(\d{1,5})([smhd])$/.exec(value)
  if (back !== null) {
    return new Date(now - Number(back[1]) * UNIT_MS[back[2] as keyof typeof UNIT_MS]).toISOString()
  }
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

function unknownField(field: string): string {
  const names = FIELDS.map(({ name }) => name).join(', ')
  return `“${field}” is no field. Write field:value; the fields are ${names}`
}

function badValue({ name, values }: Field, value: string): string {
  if (name === 'since' || name === 'until')
    return `${name}: “${value}” is no time; write 15m, 2h, 7d or 2026-01-31T12:00Z`
  return `${name}: “${value}” is none of ${values?.join(', ') ?? ''}`
}

/** The text with one more word, or another value for a field that stands there already. */
export function withWord(text: string, field: string, value: string): string {
  const word = `${field}:${/\s/.test(value) ? `"${value}"` : value}`
  const there = wordsOf(text).find((each) => each.field === field)
  if (there === undefined) return `${text.trim()} ${word}`.trim()
  return `${text.slice(0, there.from)}${word}${text.slice(there.to)}`
}
