import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { KnownError, type ErrorCatalogue } from '../core/error.ts'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from './files.ts'
import { bytesFromHex, hexFromBytes } from './locked-memory-secret.ts'

export const SECRET_ERRORS = {
  SOCKET_SECRET_MISSING: {
    kind: 'unavailable',
    meaning: 'the secret of the socket is not there: no daemon ever ran with these paths',
  },
  SOCKET_SECRET_INVALID: {
    kind: 'forbidden',
    meaning: 'the file with the secret of the socket is not of our making',
  },
} as const satisfies ErrorCatalogue

export class SecretError extends KnownError<typeof SECRET_ERRORS> {
  override readonly name = 'SecretError'
}

const SIZE_BYTES = 32

/** Where the secret stands that client and daemon prove to each other. */
export function socketSecretPath(keysDirectory: string): string {
  return join(keysDirectory, 'socket.secret')
}

/**
 * The secret, made when there is none yet. For the daemon, under its lock: a client must never make one.
 *
 * @throws FileError when directory or file are open to others
 */
export function ensureSocketSecret(keysDirectory: string): KeyObject {
  ensurePrivateDirectory(keysDirectory)
  const path = socketSecretPath(keysDirectory)
  if (readPrivateFile(path, 1024) === undefined) {
    const [bytes, text] = freshSecret()
    writeFileAtomic(path, text)
    for (const each of [bytes, text]) each.fill(0)
  }
  return readSocketSecret(keysDirectory)
}

/** @throws SecretError `SOCKET_SECRET_MISSING`, `SOCKET_SECRET_INVALID`; FileError when it is open to others */
export function readSocketSecret(keysDirectory: string): KeyObject {
  const path = socketSecretPath(keysDirectory)
  const text = readPrivateFile(path, 1024)
  if (text === undefined) {
    throw new SecretError(SECRET_ERRORS, 'SOCKET_SECRET_MISSING', {
      what: 'there is no secret for the socket, so no daemon has run with these paths yet',
      fix: 'warder run and warder exec start one themselves; else look at: warder config path',
      where: path,
    })
  }
  const bytes = bytesFromHex(text, SIZE_BYTES)
  text.fill(0) // never a string, which nothing could wipe
  if (bytes === undefined) {
    throw new SecretError(SECRET_ERRORS, 'SOCKET_SECRET_INVALID', {
      what: 'the file with the secret of the socket does not hold one',
      fix: 'move it away and restart the daemon, which makes a new one',
      where: path,
    })
  }
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

function freshSecret(): readonly [Uint8Array, Uint8Array] {
  const bytes = randomBytes(SIZE_BYTES)
  return [bytes, hexFromBytes(bytes)]
}
