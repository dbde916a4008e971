import { hash, timingSafeEqual } from 'node:crypto'
import { fieldOf, type Fields } from './field.ts'

/** A client that may speak to this server, known by the digest of its token alone. */
export interface Caller {
  readonly name: string
  /** SHA-256 of the token, 64 hex digits. */
  readonly digest: string
  /** Absent: all that are served. */
  readonly servers?: readonly string[]
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{32,512}=*)$/i

/** Who a request comes from (RFC 6750, section 2.1); every token is compared, in the same time. */
export function callerOf(fields: Fields, callers: readonly Caller[]): Caller | undefined {
  const field = fieldOf(fields, 'authorization')
  const token = typeof field === 'string' ? BEARER.exec(field)?.[1] : undefined
  if (token === undefined) return undefined
  const given = hash('sha256', token, 'buffer')
  let found: Caller | undefined
  for (const caller of callers) {
    const known = Buffer.from(caller.digest, 'hex')
    if (known.length === given.length && timingSafeEqual(known, given)) found = caller
  }
  return found
}
