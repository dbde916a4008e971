import { createSocket, type Socket as Datagram } from 'node:dgram'
import { chmodSync, lchownSync } from 'node:fs'
import { createServer, type ListenOptions, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { Stage } from './attempt.ts'

/** Services of the host, each of which answers whoever reaches it with the token. */
export interface Services {
  readonly ports: Stage['ports']
  readonly outward?: Stage['outward']
  close(): Promise<void>
}

interface ServiceOptions extends Pick<Stage, 'token' | 'root' | 'workspace' | 'abstract'> {
  readonly owner: { readonly uid: number; readonly gid: number }
}

export async function openServices(options: ServiceOptions): Promise<Services> {
  const { token, root, workspace, abstract, owner } = options
  const open: { close(): Promise<void> }[] = []
  const tcp = async (at: ListenOptions) => {
    const server = await listen(token, at)
    if (server !== undefined) open.push({ close: () => closed(server) })
    return portOf(server)
  }
  const address = ownAddress()
  const [tcp4, tcp6, outward] = [
    await tcp({ host: '127.0.0.1', port: 0 }),
    await tcp({ host: '::1', port: 0, ipv6Only: true }),
    address === undefined ? undefined : await tcp({ host: address, port: 0 }),
  ]
  for (const path of [join(root, 'service.sock'), join(workspace, 'service.sock')]) {
    await tcp({ path })
    if (process.getuid?.() === 0) lchownSync(path, owner.uid, owner.gid)
    chmodSync(path, 0o600)
  }
  await tcp({ path: `\0${abstract}` })
  const datagrams = await answering(token)
  open.push({ close: async () => void datagrams.close() })
  return {
    ports: {
      ...(tcp4 === undefined ? {} : { tcp: tcp4 }),
      ...(tcp6 === undefined ? {} : { tcp6 }),
      udp: datagrams.address().port,
    },
    ...(address === undefined || outward === undefined ? {} : { outward: { address, port: outward } }),
    close: async () => void (await Promise.all(open.map((each) => each.close()))),
  }
}

/** @returns undefined where the host has no such address */
async function listen(token: string, at: ListenOptions): Promise<Server | undefined> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(token))
  const { promise, resolve } = Promise.withResolvers<Server | undefined>()
  server.once('error', () => resolve(undefined))
  server.listen(at, () => resolve(server))
  return promise
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  return promise
}

function portOf(server: Server | undefined): number | undefined {
  const address = server?.address()
  return typeof address === 'object' && address !== null ? address.port : undefined
}

async function answering(token: string): Promise<Datagram> {
  const socket = createSocket('udp4')
  socket.on('message', (_text, { port, address }) => socket.send(token, port, address))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('error', reject)
  socket.bind(0, '127.0.0.1', () => resolve())
  await promise
  return socket
}

/** An address others could use for this host; a sandbox without a network must not reach it either. */
function ownAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address
}
