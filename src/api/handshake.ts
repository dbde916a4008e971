import { createHmac, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'

/**
 * The words of the handshake that opens every owner connection, before the first byte of HTTP. Both ends prove that
 * they hold the same secret and neither sends it:
 *
 *     server  {type: challenge, version, nonce}
 *     client  {type: challenge_response, nonce, mac}     mac over "warder client v1", version and both nonces
 *     server  {type: auth_result, ok: true, mac}         mac over "warder server v1", version and both nonces
 *
 * Fresh nonces make a replayed answer useless; the role in each mac makes a reflected one useless.
 */
export const HANDSHAKE_VERSION = 1
export const HANDSHAKE_TIMEOUT_MS = 5000
export const HANDSHAKE_MAX_BYTES = 4096

/** The header in which the owner's commands carry their session. */
export const SESSION_HEADER = 'warder-session'

/** Why the server ends a handshake; the client turns each into an error with a fix. */
export const REFUSALS = ['authentication_failed', 'malformed', 'paused', 'busy', 'other_user'] as const
export type Refusal = (typeof REFUSALS)[number]

export interface Nonces {
  readonly server: string
  readonly client: string
}

const HEX_32_BYTES = /^[0-9a-f]{64}$/

export function newNonce(): string {
  return randomBytes(32).toString('hex')
}

export function isHex32(value: unknown): value is string {
  return typeof value === 'string' && HEX_32_BYTES.test(value)
}

/** The proof that `role` holds the secret, for these two nonces alone. */
export function proofOf(secret: KeyObject, role: 'client' | 'server', nonces: Nonces): string {
  const text = [`warder ${role} v1`, HANDSHAKE_VERSION, nonces.server, nonces.client].join('\n')
  return createHmac('sha256', secret).update(text).digest('hex')
}

/** Whether `mac` is that proof; takes as long for a wrong one as for the right one. */
export function isProof(mac: string, secret: KeyObject, role: 'client' | 'server', nonces: Nonces): boolean {
  const given = Buffer.from(mac, 'hex')
  const right = Buffer.from(proofOf(secret, role, nonces), 'hex')
  return given.length === right.length && timingSafeEqual(given, right)
}

/** Whether a message has exactly these members, so that nothing unknown slips through unread. */
export function hasExactly(message: Readonly<Record<string, unknown>>, ...keys: readonly string[]): boolean {
  return Object.keys(message).length === keys.length && keys.every((key) => Object.hasOwn(message, key))
}
