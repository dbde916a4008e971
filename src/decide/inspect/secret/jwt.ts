import type { Seen } from './family.ts'

export const JWT_SIGNS = ['eyJ'] as const
const LONGEST = 16_384
const RUN = /[\w.-]{0,16384}/y
const PART_OF_WORD = /[\w.-]/
const SAMPLE_PAYLOAD = /"John Doe"|"1234567890"|"joe"/

/** A signed or encrypted token whose header can be read; the header is what tells it from other base64. */
export function jwtLook(text: string, at: number, isLast: boolean): Seen {
  if (at > 0 && PART_OF_WORD.test(text[at - 1]!) && !(at > 1 && text[at - 2] === '\\')) return undefined
  RUN.lastIndex = at
  RUN.test(text)
  const end = RUN.lastIndex
  if (!isLast && end === text.length && end - at < LONGEST) return 'more'
  const run = text.slice(at, end).replace(/[.-]+$/, (tail) => (tail.startsWith('.') ? '.' : ''))
  const parts = run.split('.')
  if (parts.length < 3 || parts.length > 5) return undefined
  const header = jsonOf(parts[0]!)
  if (header === undefined || !/"(?:alg|enc|typ)"/.test(header)) return undefined
  const isSigned = parts.length === 5 || parts[2]!.length > 9
  const isSample = SAMPLE_PAYLOAD.test(jsonOf(parts[1]!) ?? '')
  return {
    ...{ rule: 'jwt', family: 'jwt', start: at, end: at + run.length },
    risk: isSample ? 'low' : isSigned ? 'high' : 'medium',
    note: isSample ? 'the sample of a web token' : 'a web token (JWT)',
  }
}

function jsonOf(part: string): string | undefined {
  const text = Buffer.from(part, 'base64url').toString('latin1')
  return text.startsWith('{') && text.includes('"') ? text : undefined
}
