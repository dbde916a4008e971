import { hash } from 'node:crypto'
import { isAtLeast, type RiskLevel } from '../../../core/risk.ts'
import { DEFAULT_FAMILIES, type Match, type SecretFamily } from './family.ts'
import { createFinder } from './find.ts'
import { masked, type SecretFinding } from './mask.ts'
import { RedactStream, ScanStream } from './stream.ts'

export interface SecretScannerOptions {
  /** Of this installation, 32 bytes; without it nobody can try values against a tag. */
  readonly key: Uint8Array
  /** {@link DEFAULT_FAMILIES} unless given */
  readonly families?: readonly SecretFamily[]
  /** What is less is not told of and not masked (medium). */
  readonly minimum?: RiskLevel
}

export interface SecretScanner {
  /** In order, none over another. */
  readonly scan: (text: string) => SecretFinding[]
  /** Each finding as `[redacted RULE TAG]`; the same text when there is none. */
  readonly redact: (text: string) => string
  readonly redactStream: () => RedactStream
  readonly scanStream: () => ScanStream
}

export function createSecretScanner({
  key,
  families = DEFAULT_FAMILIES,
  minimum = 'medium',
}: SecretScannerOptions): SecretScanner {
  const find = createFinder(families)
  const tagOf = taggerOf(key)
  const finding = (text: string, { rule, family, risk, start, end, note }: Match): SecretFinding => ({
    ...{ rule, family, risk, start, end, note },
    tag: tagOf(text.slice(start, end)),
  })
  const among = (text: string, matches: readonly Match[]): SecretFinding[] =>
    matches.filter(({ risk }) => isAtLeast(risk, minimum)).map((match) => finding(text, match))
  const scan = (text: string): SecretFinding[] => among(text, find(text, 0, true).matches)
  return {
    scan,
    redact: (text) => masked(text, scan(text)),
    redactStream: () => new RedactStream({ find, among }),
    scanStream: () => new ScanStream({ find, among }),
  }
}

const TAG_DIGITS = 8
const BLOCK_BYTES = 64

/** HMAC-SHA-256 (RFC 2104), put together from the hash in one call, which is several times faster for short values. */
function taggerOf(key: Uint8Array): (value: string) => string {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.set(key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key)
  const [inner, outer] = [0x36, 0x5c].map((pad) => block.map((byte) => byte ^ pad)) as [Buffer, Buffer]
  return (value) => {
    const first = hash('sha256', Buffer.concat([inner, Buffer.from(value)]), 'buffer')
    return hash('sha256', Buffer.concat([outer, first]), 'hex').slice(0, TAG_DIGITS)
  }
}
