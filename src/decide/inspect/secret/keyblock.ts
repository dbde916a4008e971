import type { Match, Seen } from './family.ts'

/** Private keys, in all the ways they are written down: in lines, in one line, within JSON, and cut off before their end. */
export const KEY_SIGNS = ['-----BEGIN ', 'PuTTY-User-Key-File-', '"kty"'] as const
/** A long RSA key has 13,000 characters, a PGP key with its subkeys more. */
const KEY_REACH = 32_768
const LABEL = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y
const END = /-----END [A-Z0-9 ]{0,40}-----/y
/** What stands between the dashes of a key that has lost its end. */
const BODY = /(?:[A-Za-z0-9+/=\s"',]|\\[nrt\\/"])*/y
const MATERIAL = /[A-Za-z0-9+/]{24}/
/** Too short to be a key, and perhaps the beginning of one. */
const PIECE = /^(?:\s|\\[nr]){1,8}[A-Za-z0-9+/=]{8,}/
const JWK = /"kty"(?:(?!"kty")[^{}]){0,2000}?"d"[ \t\r\n]{0,8}:[ \t\r\n]{0,8}"([\w-]{20,1400})"/y
const JWK_REACH = 3600
const LINES = /Private-Lines: (\d{1,3})[ \r]{0,2}\n/g

export function keyLook(text: string, at: number, isLast: boolean): Seen {
  const sign = text[at]
  if (sign === 'P') return putty(text, at, isLast)
  if (sign === '"') return jwk(text, at, isLast)
  return pem(text, at, isLast)
}

function pem(text: string, at: number, isLast: boolean): Seen {
  if (!isLast && at + 80 > text.length) return 'more'
  LABEL.lastIndex = at
  if (!LABEL.test(text)) return undefined
  const from = LABEL.lastIndex
  const limit = at + KEY_REACH
  const dashes = text.indexOf('-----', from)
  if (!isLast && text.length < limit && (dashes < 0 || dashes + 60 > text.length)) return 'more'
  END.lastIndex = dashes
  if (dashes >= 0 && dashes < limit && END.test(text))
    return MATERIAL.test(text.slice(from, dashes)) ? key(at, END.lastIndex) : placeholder(at, END.lastIndex)
  const rest = text.slice(from, dashes < 0 ? limit : Math.min(limit, dashes))
  BODY.lastIndex = 0
  BODY.test(rest)
  const body = rest.slice(0, BODY.lastIndex)
  if (MATERIAL.test(body)) return key(at, from + body.trimEnd().length)
  const piece = PIECE.exec(rest)?.[0]
  return piece === undefined ? undefined : placeholder(at, from + piece.length)
}

/** @see the PuTTY user manual, appendix C: PPK file format */
function putty(text: string, at: number, isLast: boolean): Seen {
  if (!isLast && at + KEY_REACH > text.length) return 'more'
  LINES.lastIndex = at
  const next = text.indexOf(KEY_SIGNS[1], at + 1)
  const lines = LINES.exec(text.slice(0, Math.min(at + KEY_REACH, next < 0 ? text.length : next)))
  if (lines === null) return undefined
  let end = lines.index + lines[0].length
  for (let line = Number(lines[1]); line > 0 && end < text.length; line--) {
    const next = text.indexOf('\n', end)
    end = next < 0 || next - end > 200 ? text.length : next + 1
  }
  return key(lines.index, Math.min(end, at + KEY_REACH))
}

/** @see RFC 7518, section 6: `d` is the private part */
function jwk(text: string, at: number, isLast: boolean): Seen {
  if (!isLast && at + JWK_REACH > text.length) return 'more'
  JWK.lastIndex = at
  const found = JWK.exec(text)
  if (found === null) return undefined
  const end = JWK.lastIndex - 1
  return key(end - found[1]!.length, end)
}

function key(start: number, end: number): Match {
  return { rule: 'private-key', family: 'key', risk: 'critical', start, end, note: 'a private key' }
}

function placeholder(start: number, end: number): Match {
  return { ...key(start, end), risk: 'low', note: 'the frame of a private key without a key in it' }
}
