import { chownSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { KnownError, messageOf, systemCode, type ErrorCatalogue } from '../core/error.ts'
import { ensurePassableDirectory, ensurePrivateDirectory } from './files.ts'

export const SOCKET_ERRORS = {
  SOCKET_PATH_TOO_LONG: { kind: 'invalid', meaning: 'the path of a socket is longer than the kernel takes' },
  SOCKET_PATH_TAKEN: {
    kind: 'conflict',
    meaning: 'something that is not a dead socket of ours stands there',
  },
  SOCKET_IN_USE: { kind: 'conflict', meaning: 'another process answers on the socket' },
  SOCKET_UNAVAILABLE: { kind: 'unavailable', meaning: 'the socket could not be opened' },
} as const satisfies ErrorCatalogue

export class SocketError extends KnownError<typeof SOCKET_ERRORS> {
  override readonly name = 'SocketError'
}

export interface Listener {
  readonly path: string
  /** Takes no more connections and removes the socket; connections under way stay. */
  close(): Promise<void>
}

/** The longest path sun_path of unix(7) holds, its closing zero byte not counted. */
export function maxSocketPathBytes(platform: NodeJS.Platform = process.platform): number {
  return platform === 'linux' ? 107 : 103
}

/** @throws SocketError `SOCKET_PATH_TOO_LONG`; libuv would cut the path silently and listen somewhere else */
export function checkSocketPath(path: string, platform: NodeJS.Platform = process.platform): void {
  const sizeBytes = Buffer.byteLength(path)
  const maxBytes = maxSocketPathBytes(platform)
  if (sizeBytes <= maxBytes && !path.includes('\0')) return
  throw new SocketError(SOCKET_ERRORS, 'SOCKET_PATH_TOO_LONG', {
    what: `the socket path has ${sizeBytes} bytes and the kernel takes ${maxBytes}: ${path}`,
    fix: 'choose a shorter one, for example WARDER_PATHS_RUNTIME=/tmp/w-$(id -u)',
    where: 'paths.socket',
  })
}

/**
 * Listens on a Unix socket that only its owner can open: private directory, mode 0600 from the moment it exists, and
 * nothing is removed to make room but a dead socket of ours.
 *
 * @param uid who may open it, when that is not the user we run as (needs root)
 * @throws SocketError, FileError
 */
export async function listenPrivately(
  path: string,
  onConnection: (socket: Socket) => void,
  uid?: number,
): Promise<Listener> {
  checkSocketPath(path)
  const isGivenAway = uid !== undefined && uid !== process.getuid?.()
  if (isGivenAway) ensurePassableDirectory(dirname(path))
  else ensurePrivateDirectory(dirname(path))
  await removeDeadSocket(path)
  const server = createServer({ allowHalfOpen: false }, onConnection)
  await bindPrivately(server, path)
  try {
    if (isGivenAway) chownSync(path, uid, -1)
    const stat = lstatSync(path)
    const isPrivate = stat.isSocket() && (stat.mode & 0o177) === 0 && stat.uid === (uid ?? process.getuid?.())
    if (!isPrivate) throw taken(path, 'the socket we made is not ours alone')
  } catch (error) {
    server.close()
    throw error
  }
  return { path, close: () => closed(server) }
}

/** The descriptor under a connected socket, to ask the kernel about it; -1 when there is none any more. */
export function descriptorOf(socket: Socket): number {
  const handle = (socket as unknown as { _handle?: { fd?: number } })._handle
  return handle?.fd ?? -1
}

function bindPrivately(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (cause) =>
    reject(
      systemCode(cause) === 'EADDRINUSE'
        ? taken(path, 'it is in use')
        : new SocketError(SOCKET_ERRORS, 'SOCKET_UNAVAILABLE', {
            what: `cannot listen on ${path}: ${messageOf(cause)}`,
            fix: 'check the directory and the disk',
            cause,
          }),
    ),
  )
  server.once('listening', resolve)
  // bind happens inside listen() and takes the mode from the umask, so there is no moment at which others could enter
  const mask = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(mask)
  }
  return promise
}

/** Removes what a killed process left behind: a socket, ours, on which nobody answers. Anything else stays. */
async function removeDeadSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket()) throw taken(path, 'it is not a socket')
  if (stat.uid !== process.getuid?.() && process.getuid?.() !== 0)
    throw taken(path, `it belongs to uid ${stat.uid}`)
  if (await answers(path)) {
    throw new SocketError(SOCKET_ERRORS, 'SOCKET_IN_USE', {
      what: `another process answers on ${path}`,
      fix: 'use the daemon that runs there (warder status), or stop it first',
      where: path,
    })
  }
  unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = connect(path)
  // only a refused connection proves that nobody is there; a full queue, or any other failure, does not
  probe.once('error', (error) => resolve(systemCode(error) !== 'ECONNREFUSED'))
  probe.once('connect', () => resolve(true))
  return promise.finally(() => probe.destroy())
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  // connections under way keep `close` from firing, yet the path is gone and nobody new comes in
  setImmediate(resolve)
  return promise
}

function taken(path: string, why: string): SocketError {
  return new SocketError(SOCKET_ERRORS, 'SOCKET_PATH_TAKEN', {
    what: `${path} cannot be the socket: ${why}`,
    fix: 'look at what stands there and move it away, or set WARDER_PATHS_SOCKET to another path',
    where: path,
  })
}
