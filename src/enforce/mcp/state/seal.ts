import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { StateBinding } from '../ports.ts'

/** A text of a server's, with all it is bound to. */
export interface Sealed extends StateBinding {
  /** Names this seal and no other. */
  readonly id: string
  readonly untilMs: number
  /** What the server gave. */
  readonly text: string
}

export const KEY_BYTES = 32
export const NONCE_BYTES = 12
const TAG_BYTES = 16
const PREFIX = 'w1.'
const FIELDS = ['kind', 'caller', 'server', 'request', 'id', 'text'] as const

/**
 * AES-256-GCM over all of it: a client can neither read nor change what it carries, and learns nothing of other callers.
 * (NIST SP 800-38D: one nonce must not serve twice under one key; they are random, and a key lives as long as a process.)
 */
export function seal(key: Uint8Array, nonce: Uint8Array, content: Sealed): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(PREFIX))
  const body = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()])
  return `${PREFIX}${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`
}

/** @returns undefined for what this key did not seal, or what is not as it was sealed */
export function unseal(key: Uint8Array, token: string): Sealed | undefined {
  if (!token.startsWith(PREFIX)) return undefined
  const text = token.slice(PREFIX.length)
  const bytes = Buffer.from(text, 'base64url')
  // one seal has one text: decoding forgives what a comparison of texts would not
  if (bytes.toString('base64url') !== text || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  try {
    const opened = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
    opened.setAAD(Buffer.from(PREFIX))
    opened.setAuthTag(bytes.subarray(-TAG_BYTES))
    const body = opened.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
    return contentOf(JSON.parse(Buffer.concat([body, opened.final()]).toString('utf8')))
  } catch {
    return undefined // altered, or of another key: which of them, nobody outside is told
  }
}

function contentOf(value: unknown): Sealed | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const content = value as Record<string, unknown>
  const isWhole = FIELDS.every((field) => typeof content[field] === 'string')
  return isWhole && typeof content['untilMs'] === 'number' ? (content as unknown as Sealed) : undefined
}
