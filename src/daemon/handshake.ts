import type { KeyObject } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  HANDSHAKE_MAX_BYTES,
  HANDSHAKE_VERSION,
  hasExactly,
  isHex32,
  isProof,
  newNonce,
  proofOf,
  type Refusal,
} from '../api/handshake.ts'
import { readJsonLine, writeJsonLine } from '../api/line.ts'

/** How a handshake ended. Only `authenticated` may reach HTTP. */
export type HandshakeResult = 'authenticated' | Refusal

/**
 * The server's half. Sends nothing but its challenge to a peer that has proved nothing. Never throws: a peer that
 * stalls, lies or hangs up gets `malformed` or `authentication_failed`, and the caller closes the socket.
 */
export async function serverHandshake(
  socket: Socket,
  secret: KeyObject,
  signal: AbortSignal,
): Promise<HandshakeResult> {
  const server = newNonce()
  try {
    writeJsonLine(socket, { type: 'challenge', version: HANDSHAKE_VERSION, nonce: server })
    const answer = await readJsonLine(socket, HANDSHAKE_MAX_BYTES, signal)
    const { type, nonce: client, mac } = answer
    const isWellFormed = type === 'challenge_response' && hasExactly(answer, 'type', 'nonce', 'mac')
    if (!isWellFormed || !isHex32(client) || !isHex32(mac)) return 'malformed'
    const nonces = { server, client }
    // a client that sends our nonce back as its own may be a mirror
    if (client === server || !isProof(mac, secret, 'client', nonces)) return 'authentication_failed'
    writeJsonLine(socket, { type: 'auth_result', ok: true, mac: proofOf(secret, 'server', nonces) })
    return 'authenticated'
  } catch {
    // whatever went wrong, the peer has not proved itself; the reason is for nobody outside
    return 'malformed'
  }
}

const FREE_FAILURES = 3
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000

/**
 * Slows down a peer that guesses: after three failures in a row it waits one second before the next try, then two,
 * four and so on up to a minute. A success clears its account.
 */
export class FailureBook {
  readonly #failures = new Map<string, { count: number; until: number }>()

  /** @returns milliseconds the peer still has to wait, 0 when it may try */
  pauseMs(peer: string, now: number): number {
    return Math.max(0, (this.#failures.get(peer)?.until ?? 0) - now)
  }

  failed(peer: string, now: number): void {
    const count = (this.#failures.get(peer)?.count ?? 0) + 1
    const doublings = Math.min(count - FREE_FAILURES, 6)
    const pause = doublings < 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** doublings, LONGEST_PAUSE_MS)
    this.#failures.set(peer, { count, until: now + pause })
  }

  succeeded(peer: string): void {
    this.#failures.delete(peer)
  }
}
