import { hash } from 'node:crypto'

/** JSON values as RFC 8259 has them; `undefined`, functions, bigint and symbols are not among them. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * Canonical JSON (RFC 8785): one text for one value, so that a digest of it is a digest of the value.
 * Keys are sorted by UTF-16 code units (section 3.2.3); numbers are written as ECMAScript writes them (3.2.2.3).
 *
 * @throws TypeError for a number that is not finite, a lone surrogate (section 3.2.2.2), or a value JSON does not have
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return canonicalString(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`
  if (typeof value !== 'object') throw new TypeError(`canonical JSON has no ${typeof value}`)
  const members = Object.entries(value as { readonly [key: string]: Json })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${canonicalString(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogates')
  return JSON.stringify(text)
}

/** SHA-256 of the canonical form, as 64 lower-case hex digits. */
export function digestOf(value: Json): string {
  return sha256(canonicalJson(value))
}

/** SHA-256 of the bytes (a string counts as UTF-8), as 64 lower-case hex digits. */
export function sha256(bytes: string | Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}
