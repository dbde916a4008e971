import { createHash, verify, type KeyObject } from 'node:crypto'

/**
 * The texts that guests, devices and this host sign, written the same way at both ends. The first line names what is
 * signed, so that a signature for one thing is never one for another; no part can hold a line end.
 */

/** What a redeemed invitation is signed over: the invitation's digest, and both keys. */
export function redeemText(part: {
  readonly invitation: string
  readonly key: string
  readonly server: string
}): string {
  return lines('warder/redeem/v1', digest(part.invitation), part.key, part.server)
}

/** What a device signs to end its pairing: the host's nonce, the code a person saw, and both keys. */
export function pairingText(part: {
  readonly id: string
  readonly nonce: string
  readonly code: string
  readonly key: string
  readonly server: string
}): string {
  return lines('warder/pairing/v1', part.id, part.nonce, part.code, part.key, part.server)
}

/** What is signed for each request: all of it, the moment, a number used once, and the token it comes with. */
export function requestText(part: {
  readonly method: string
  readonly path: string
  readonly body: string | Uint8Array
  readonly nonce: string
  /** Epoch milliseconds. */
  readonly time: number
  readonly token: string
}): string {
  const { method, path, body, nonce, time, token } = part
  return lines('warder/request/v1', method, path, digest(body), nonce, String(time), digest(token))
}

/** What a chat bridge signs (HMAC-SHA-256) for each message it brings: the moment, a number used once, and all of it. */
export function messageText(part: {
  readonly path: string
  readonly body: string | Uint8Array
  readonly nonce: string
  /** Epoch milliseconds. */
  readonly time: number
}): string {
  const { path, body, nonce, time } = part
  return lines('warder/chat/v1', path, digest(body), nonce, String(time))
}

/** What this host signs so that a caller knows it speaks to the host of the invitation. */
export function helloText(part: { readonly nonce: string; readonly server: string }): string {
  return lines('warder/hello/v1', part.nonce, part.server)
}

/** Whether `signature` (base64url) is one over `text`. Never throws: what is malformed proves nothing. */
export function isSignedBy(publicKey: KeyObject, text: string, signature: string): boolean {
  try {
    return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

function digest(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function lines(...parts: readonly string[]): string {
  for (const part of parts) {
    if (/[\n\r]/.test(part)) throw new TypeError('a part of what is signed holds a line end')
  }
  return parts.join('\n')
}
