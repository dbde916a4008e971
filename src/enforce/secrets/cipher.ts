import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { canonicalJson, type Json } from '../../core/canonical.ts'

/** AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: far fewer than 2^32 values are ever sealed with one key. */
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** What a sealed text begins with, so that another format is known as one. */
const MAGIC = Buffer.from('WS1\0')

export const KEY_BYTES = 32

/**
 * Seals bytes for one purpose and one place.
 *
 * @param about associated data: the same must be said to open it
 * @returns magic, nonce, ciphertext, tag
 */
export function seal(key: Uint8Array, plain: Uint8Array, about: Json): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.concat([MAGIC, Buffer.from(canonicalJson(about))]))
  const body = [cipher.update(plain), cipher.final()]
  return Buffer.concat([MAGIC, nonce, ...body, cipher.getAuthTag()])
}

/** @returns undefined when it was altered, cut, sealed with another key, or for another place */
export function open(key: Uint8Array, sealed: Uint8Array, about: Json): Buffer | undefined {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
  const start = MAGIC.length + NONCE_BYTES
  if (bytes.length < start + TAG_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(MAGIC.length, start), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.concat([MAGIC, Buffer.from(canonicalJson(about))]))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  const plain = decipher.update(bytes.subarray(start, bytes.length - TAG_BYTES))
  try {
    decipher.final()
    return plain
  } catch {
    plain.fill(0) // bytes that were not authenticated must reach nobody
    return undefined
  }
}
