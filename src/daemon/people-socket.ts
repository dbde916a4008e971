import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { systemCode } from '../core/error.ts'
import { ensurePassableDirectory } from '../platform/files.ts'
import type { PeerLookup } from '../platform/peer.ts'
import {
  checkSocketPath,
  descriptorOf,
  SOCKET_ERRORS,
  SocketError,
  type Listener,
} from '../platform/unix-socket.ts'

export interface PeopleSocketOptions {
  readonly path: string
  /** Gets every connection; it must not listen itself. */
  readonly http: HttpServer
  readonly peers: PeerLookup
}

const MOST = 128
const MOST_OF_ONE_USER = 32

/** Which user stands at the far end of a connection, where the kernel could be asked. */
export type UidOf = (socket: unknown) => number | undefined

/**
 * Opens the socket for guests and devices. Every user of the machine may connect; being connected gives nothing: each
 * request but the first few carries a proof. Its directory is ours, others can only pass through it, so that nobody can
 * put another socket in its place.
 *
 * @throws SocketError, FileError
 */
export async function openPeopleSocket(
  options: PeopleSocketOptions,
): Promise<Listener & { readonly uidOf: UidOf }> {
  const { path, http, peers } = options
  checkSocketPath(path)
  ensurePassableDirectory(dirname(path))
  await removeDead(path)
  const uids = new WeakMap<object, number>()
  const open = new Map<Socket, number | undefined>()
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const uid = uidOf(peers, socket)
    const ofOne = [...open.values()].filter((each) => each === uid).length
    if (open.size >= MOST || ofOne >= MOST_OF_ONE_USER) return void socket.destroy()
    open.set(socket, uid)
    socket.once('close', () => open.delete(socket))
    if (uid !== undefined) uids.set(socket, uid)
    http.emit('connection', socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o666)
  return {
    path,
    uidOf: (socket) => uids.get(socket as object),
    close: async () => {
      server.close()
      for (const socket of open.keys()) socket.destroy()
    },
  }
}

function uidOf(peers: PeerLookup, socket: Socket): number | undefined {
  try {
    return peers.inForce ? peers.credentials(descriptorOf(socket)).uid : undefined
  } catch {
    return undefined
  }
}

/** Removes what a killed daemon left behind; anything else that stands there stays, and we do not start. */
async function removeDead(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket() || stat.uid !== process.getuid?.() || (await isAnswered(path))) {
    throw new SocketError(SOCKET_ERRORS, 'SOCKET_PATH_TAKEN', {
      what: `${path} cannot be the socket for guests and devices: something else stands there`,
      fix: 'look at what it is, or set people.socket to another path',
      where: 'people.socket',
    })
  }
  unlinkSync(path)
}

function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = connect(path)
  probe.once('error', (error) => resolve(systemCode(error) !== 'ECONNREFUSED'))
  probe.once('connect', () => resolve(true))
  return promise.finally(() => probe.destroy())
}
