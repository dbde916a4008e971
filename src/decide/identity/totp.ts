import { createHmac } from 'node:crypto'
import { isSame } from './keys.ts'

/** Codes of the hour, as authenticator apps make them: SHA-1, six digits, thirty seconds (RFC 6238 over RFC 4226). */

const STEP_MS = 30_000
const DIGITS = 6
/** A step before and after, for a clock that is a little off (RFC 6238, section 5.2). */
const DRIFT_STEPS = 1

/** HMAC-SHA-1 asks for a key of 160 bits (RFC 4226, section 4, R6). */
export const TOTP_SECRET_BYTES = 20

/** The code of one step (RFC 4226, section 5.3). */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = mac[mac.length - 1]! & 0x0f
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * The step a code belongs to, when it is one of now and newer than the last that was used: a code that was seen over a
 * shoulder is good for nothing once its owner has used it (RFC 6238, section 5.2).
 */
export function totpStepOf(
  secret: Uint8Array,
  code: string,
  now: number,
  lastStep: number,
): number | undefined {
  const typed = code.replaceAll(/\s/g, '')
  const present = Math.floor(now / STEP_MS)
  const steps = Array.from({ length: 2 * DRIFT_STEPS + 1 }, (_each, at) => present - DRIFT_STEPS + at)
  // every step is tried, so that how long it takes tells nothing
  const fitting = steps.filter((step) => step >= 0 && isSame(typed, totpCode(secret, step)))
  return fitting.find((step) => step > lastStep)
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** As apps take it typed in (RFC 4648, section 6, without padding). */
export function base32(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => BASE32[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
}

/** What apps read from a QR code. */
export function totpAddress(secret: Uint8Array, account: string): string {
  const words = new URLSearchParams({ secret: base32(secret), issuer: 'Warder' })
  return `otpauth://totp/${encodeURIComponent(`Warder:${account}`)}?${words.toString()}`
}
