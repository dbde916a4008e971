import { crc32 } from 'node:zlib'

/** Random bytes, handed in so that tests can know them. */
export type RandomBytes = (sizeBytes: number) => Uint8Array

/**
 * What a kind of token looks like at its beginning, taken from the providers' own pages: kept, because client libraries
 * look at it before they send anything. The longest that fits counts.
 */
const PREFIXES: readonly string[] = [
  'sk-ant-api03-', 'sk-ant-admin01-', 'sk-ant-', 'sk-proj-', 'sk-svcacct-', 'sk-or-v1-', 'sk-', 'gsk_', 'xai-', 'pplx-',
  'hf_', 'r8_', 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'gldt-', 'glrt-', 'npm_', 'pypi-',
  'AKIA', 'ASIA', 'AIza', 'ya29.', 'xoxb-', 'xoxp-', 'xapp-', 'sk_live_', 'sk_test_', 'rk_live_', 'rk_test_',
  'pk_live_', 'pk_test_', 'whsec_', 'SG.', 'dop_v1_', 'shpat_', 'shpss_', 'lin_api_', 'ntn_', 'secret_', 'figd_',
  'dapi', 'tskey-', 'nvapi-', 'fw_', 'key-', 'eyJ',
] // prettier-ignore

const DIGITS = '0123456789'
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()
/** GitHub and npm end their tokens with the CRC-32 of what comes before, in six of these digits. */
const BASE62 = DIGITS + UPPER + LOWER
const CHECKED = /^(?:ghp|gho|ghu|ghs|ghr|npm)_([A-Za-z0-9]{30})[A-Za-z0-9]{6}$/

/**
 * A value that looks like this one and opens nothing: same length, prefix and separators, letters and digits of the same
 * kinds elsewhere, and right check digits where the type has them, so that a client takes it for the real thing.
 *
 * @param value text of one character per byte; of a JSON Web Token only the signature is replaced
 */
export function lookalike(value: Uint8Array, randomBytes: RandomBytes): string {
  const text = Buffer.from(value).toString('latin1')
  const keepTo = keptPrefix(text)
  const made = text.slice(0, keepTo) + scrambled(text.slice(keepTo), randomBytes)
  const [, body] = CHECKED.exec(made) ?? []
  return body === undefined ? made : made.slice(0, 4) + body + checkDigits(body)
}

function keptPrefix(text: string): number {
  const token = /^[\w-]+\.[\w-]+\./.exec(text)
  if (text.startsWith('eyJ') && token !== null) return token[0].length
  const known = PREFIXES.filter((prefix) => text.startsWith(prefix) && text.length >= prefix.length + 12)
  return Math.max(0, ...known.map(({ length }) => length))
}

function checkDigits(body: string): string {
  let [rest, digits] = [crc32(body), '']
  for (let i = 0; i < 6; i += 1) {
    digits = (BASE62[rest % 62] ?? '') + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

/** Each letter or digit becomes another of the alphabet its run seems to be written in; all else stays. */
function scrambled(text: string, randomBytes: RandomBytes): string {
  return text.replaceAll(/-----[^\n]*-----|[A-Za-z0-9]+/g, (run) => {
    if (run.startsWith('-----')) return run
    const alphabet = alphabetOf(run)
    return Array.from(run, () => alphabet[below(alphabet.length, randomBytes)] ?? '').join('')
  })
}

function alphabetOf(used: string): string {
  if (/^[0-9a-f]+$/.test(used)) return /[a-f]/.test(used) ? '0123456789abcdef' : DIGITS
  if (/^[0-9A-F]+$/.test(used)) return '0123456789ABCDEF'
  if (/^[A-Z2-7]+$/.test(used)) return `${UPPER}234567`
  return [DIGITS, LOWER, UPPER].filter((kind) => new RegExp(`[${kind}]`).test(used)).join('')
}

/** A number below `limit`, each as likely as the other: bytes that would favour some are thrown away. */
function below(limit: number, randomBytes: RandomBytes): number {
  const fair = 256 - (256 % limit)
  for (;;) {
    const [byte = 255] = randomBytes(1)
    if (byte < fair) return byte % limit
  }
}
