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
} from '../api/handshake.ts'
import { readJsonLine, writeJsonLine } from '../api/line.ts'
import { messageOf } from '../core/error.ts'
import { clientError, ClientError } from './error.ts'

type Message = Readonly<Record<string, unknown>>

const FULL = 'the daemon has as many connections as it takes'

/** Whether a refusal is over in a moment: others were let in first. A pause after failures is not. */
export function isMomentary(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'DAEMON_BUSY' && error.message === FULL
}

/** The daemon takes no further connection at this moment. */
export function busy(cause?: unknown): ClientError {
  return clientError('DAEMON_BUSY', {
    what: FULL,
    fix: 'try again in a moment; end clients that hang',
    cause,
  })
}

/**
 * The client's half: proves that we hold the secret, and lets nothing be sent before the server has proved it too.
 * A program that took over the socket's path learns nothing it could use elsewhere.
 *
 * @throws ClientError `DAEMON_UNPROVED`, `CLIENT_REFUSED`, `DAEMON_BUSY`, `REPLY_INVALID`
 */
export async function clientHandshake(socket: Socket, secret: KeyObject, signal: AbortSignal): Promise<void> {
  const challenge = await next(socket, signal)
  const isChallenge = challenge['type'] === 'challenge' && hasExactly(challenge, 'type', 'version', 'nonce')
  const server = challenge['nonce']
  if (!isChallenge || !isHex32(server)) throw unproved('it sent no challenge')
  if (challenge['version'] !== HANDSHAKE_VERSION) {
    throw clientError('REPLY_INVALID', {
      what: `the daemon speaks version ${String(challenge['version']).slice(0, 20)} of the handshake, this client ${HANDSHAKE_VERSION}`,
      fix: 'end the daemon, and the next warder run starts one of the installed version',
    })
  }
  const nonces = { server, client: newNonce() }
  writeJsonLine(socket, {
    type: 'challenge_response',
    nonce: nonces.client,
    mac: proofOf(secret, 'client', nonces),
  })
  const result = await next(socket, signal)
  const { type, ok, mac } = result
  const isResult = type === 'auth_result' && ok === true && hasExactly(result, 'type', 'ok', 'mac')
  if (!isResult || !isHex32(mac)) throw unproved('its answer has the wrong shape')
  if (!isProof(mac, secret, 'server', nonces)) throw unproved('it does not know the secret')
}

async function next(socket: Socket, signal: AbortSignal): Promise<Message> {
  let message: Message
  try {
    message = await readJsonLine(socket, HANDSHAKE_MAX_BYTES, signal)
  } catch (cause) {
    throw clientError('REPLY_INVALID', {
      what: `the handshake with the daemon failed: ${messageOf(cause)}`,
      fix: 'look at the daemon: warder status, warder doctor',
      cause,
    })
  }
  if (message['type'] === 'error') throw refusal(message)
  return message
}

function refusal(message: Message): ClientError {
  const code = message['code']
  const wait = Number(message['retry_after_ms'])
  if (code === 'paused') {
    const seconds = Number.isFinite(wait) ? Math.ceil(wait / 1000) : 1
    return clientError('DAEMON_BUSY', {
      what: `the daemon pauses after failed handshakes, for another ${seconds} s`,
      fix: `find out what failed (warder audit list), then try again in ${seconds} s`,
    })
  }
  if (code === 'busy') return busy()
  return clientError('CLIENT_REFUSED', {
    what:
      code === 'other_user' ? 'the daemon belongs to another user' : 'the daemon did not accept our secret',
    fix: 'use the same user, profile and paths as the daemon: warder config show paths.keys',
  })
}

function unproved(why: string): ClientError {
  return clientError('DAEMON_UNPROVED', {
    what: `what answers on the socket is not our daemon: ${why}`,
    fix: 'find out which process listens there before you go on: warder doctor',
  })
}
