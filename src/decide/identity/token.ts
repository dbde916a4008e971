import { canonicalJson, type Json } from '../../core/canonical.ts'
import { identityError } from './errors.ts'
import { isSame, type MacPurpose, type PeopleKeys } from './keys.ts'

type TokenKeys = Pick<PeopleKeys, 'mac' | 'keyId'>

/** What a token is for; its word stands first in the text, and its key is its own. */
export type TokenPurpose = Extract<MacPurpose, 'member-token' | 'slip'>

const WORDS: Readonly<Record<TokenPurpose, string>> = { 'member-token': 'wm1', slip: 'ws1' }
const LONGEST = 16_384

/** Claims in canonical JSON with an HMAC over all of it: purpose, key and every field. */
export function sealToken(
  keys: TokenKeys,
  purpose: TokenPurpose,
  generation: number,
  claims: { readonly [key: string]: Json },
): string {
  const body = Buffer.from(canonicalJson(claims)).toString('base64url')
  const text = `${WORDS[purpose]}.${keys.keyId(purpose, generation)}.${body}`
  return `${text}.${keys.mac(purpose, generation, text).toString('base64url')}`
}

/**
 * The claims of a token that was sealed for this purpose under the present key. Nothing else was checked: not its time,
 * and not whether it was revoked or spent.
 *
 * @throws IdentityError `TOKEN_INVALID`, the same for every reason
 */
export function openToken(
  keys: TokenKeys,
  purpose: TokenPurpose,
  generation: number,
  token: string,
): unknown {
  const [word, key, body = '', mac = '', ...more] = token.slice(0, LONGEST + 1).split('.')
  const text = `${word}.${key}.${body}`
  const isOurs =
    token.length <= LONGEST &&
    more.length === 0 &&
    word === WORDS[purpose] &&
    key === keys.keyId(purpose, generation) &&
    isSame(mac, keys.mac(purpose, generation, text).toString('base64url'))
  if (!isOurs) throw invalidToken()
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as unknown
}

export function invalidToken(): Error {
  return identityError(
    'TOKEN_INVALID',
    'the token was not issued here, was altered, or its key was replaced',
    'ask for a new one',
  )
}
