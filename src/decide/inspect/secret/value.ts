import type { RiskLevel } from '../../../core/risk.ts'
import type { NameKind } from './name.ts'
import { entropyOf, LOOKED_AT } from './placeholder.ts'

/** How random a value looks that stands beside the name of a secret. */

const SLASHED = /^[\w@.-]+(?:\/[\w@.-]+)+$/
const PATH =
  /^[A-Za-z]:\\|\.(?:json|ya?ml|toml|xml|txt|pem|crt|cer|key|pub|p12|pfx|jks|js|ts|py|rb|go|rs|java|c|h|cpp|cs|php|html?|css|md|png|jpe?g|svg|gif|ico|sh|conf|cfg|ini|env|log|lock|keytab|com|org|net|io)$/i
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const HEX = /^(?:0x)?[0-9a-f]+$/i
const NUMBERS = /^[\d.,:/+_ T-]+Z?$/
const VERSION = /^[vr^~><=]{0,2}\d+(?:\.\d+){1,3}(?:[-+.]\w{0,20}){0,3}$/
const CHAIN = /^[A-Za-z_$][\w$]{0,60}(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]{0,60}\]?)+$/
const WORDS = /^[A-Za-z]+(?:[-_.:/ @][A-Za-z]+)*[-_.]?\d{0,4}[!?.]?$/
/** Words and numbers, tied together. */
const NAMED = /^(?:[A-Za-z]{1,12}\d{0,4}|\d{1,12})(?:[-_.:/@](?:[A-Za-z]{1,12}\d{0,4}|\d{1,12}))+$/
const CAPITALS = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/
const COLONS = /^(?:[0-9A-F]{2}:){4}/i
const HASH = /^(?:sha\d+[-:]|md5[-:]|\$2[aby]\$|\{SHA|pbkdf2)/i

/** How often a letter meets a digit, or a small letter a capital; words in camel case stay below a fifth. */
export function mixOf(text: string): number {
  let mixed = 0
  for (let at = 1; at < text.length; at++) {
    const [before, after] = [classOf(text.charCodeAt(at - 1)), classOf(text.charCodeAt(at))]
    if (before !== after && before < 3 && after < 3 && !(before === 2 && after === 1)) mixed++
  }
  return mixed / text.length
}

/** 0 a digit, 1 a small letter, 2 a capital, 3 anything else */
function classOf(code: number): number {
  if (code >= 48 && code <= 57) return 0
  if (code >= 97 && code <= 122) return 1
  return code >= 65 && code <= 90 ? 2 : 3
}

/** A sentence or a pattern, not a password: words with blanks between them. */
export function isBlankSentence(value: string): boolean {
  return / /.test(value) && (value.split(' ').length > 2 || !/\d/.test(value) || /[<>{}();]/.test(value))
}

/** low: a name would be needed that says more; medium: act on it; high: nothing else looks like this */
export function rateValue(kind: NameKind, whole: string, isQuoted: boolean): RiskLevel {
  const value = whole.slice(0, LOOKED_AT)
  if (isKnownShape(value)) return 'low'
  if (kind === 'password') return ratePassword(value, isQuoted)
  const entropy = entropyOf(value)
  const isHex = HEX.test(value)
  if (!isRandom(value, entropy) || entropy < (isHex ? 2.8 : 3.3)) return 'low'
  // a bare `key` of hexadecimal digits is a fingerprint as often as not
  if (kind === 'weak')
    return value.length >= (isQuoted ? 24 : 32) && !isHex && entropy >= 3.9 ? 'medium' : 'low'
  if (UUID.test(value)) return 'medium'
  if (value.length < 16) return value.length >= 10 && isDense(value) ? 'medium' : 'low'
  if (value.length < 20 && !isQuoted && mixOf(value) < 0.25) return 'low'
  return value.length >= 24 && entropy >= (isHex ? 3.2 : 3.7) ? 'high' : 'medium'
}

/** Letters and digits in a disorder that names and words do not have. */
function isRandom(value: string, entropy: number): boolean {
  const mix = mixOf(value)
  if (NAMED.test(value)) return false
  if (CHAIN.test(value) && mix < 0.3) return false
  if (/\d/.test(value) && /[A-Za-z]/.test(value)) return mix >= 0.16
  return value.length >= 16 && mix >= 0.22 && entropy >= 3.6 && /[a-z]/.test(value)
}

/** A short value that no word or name looks like. */
export function isDense(value: string): boolean {
  const isMixed = /[a-z]/.test(value) && /[A-Z]/.test(value)
  return (
    /\d/.test(value) &&
    /[A-Za-z]/.test(value) &&
    (isMixed || HEX.test(value) || value.length >= 20) &&
    mixOf(value) >= 0.3
  )
}

function isKnownShape(value: string): boolean {
  const isPath = PATH.test(value) || (SLASHED.test(value) && mixOf(value) < 0.25)
  const isNumber = NUMBERS.test(value) || VERSION.test(value) || COLONS.test(value)
  return isPath || isNumber || CAPITALS.test(value) || HASH.test(value) || /:\/\/|%20/.test(value)
}

/** People choose passwords: a shorter one counts, if it is not just a word or a piece of a program. */
function ratePassword(value: string, isQuoted: boolean): RiskLevel {
  if (value.length < 8 || (CHAIN.test(value) && mixOf(value) < 0.3)) return 'low'
  if (WORDS.test(value) && !/^[A-Z].*\d\d/.test(value)) return 'low'
  const isMixed = /[A-Za-z]/.test(value) && /[\d!@#$%^&*?+=~-]/.test(value)
  if (!isMixed || entropyOf(value) < 2.7 || (!isQuoted && /[()[\]{}]/.test(value))) return 'low'
  return value.length >= 16 && entropyOf(value) >= 3.5 && mixOf(value) >= 0.16 ? 'high' : 'medium'
}
