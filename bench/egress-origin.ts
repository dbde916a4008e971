/**
 * The server at the far end, in a thread of its own: every request, and every ClientHello, is answered with a body of one
 * KiB. Without TLS it stands for any server behind a tunnel: what it says is bytes to whoever carries it.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { parentPort } from 'node:worker_threads'
import type { Duplex } from 'node:stream'
import { createAuthority } from '../src/enforce/egress/tls/authority.ts'

export interface Origin {
  readonly plainPort: number
  readonly tlsPort: number
  /** PEM of what signed its certificate. */
  readonly root: string
}

const ADDRESS = '127.0.0.1'
const BODY = 'x'.repeat(1024)
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
)
const HANDSHAKE = 22
const RECORD_HEAD_BYTES = 5

async function serve(): Promise<Origin> {
  const authority = createAuthority({ hosts: [ADDRESS], now: Date.now })
  const secureContext = authority.contextFor(ADDRESS)
  const plain = await listening(createServer({ noDelay: true, allowHalfOpen: true }, answer))
  const tls = await listening(
    createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy())
      answer(new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] }))
    }),
  )
  return { plainPort: plain, tlsPort: tls, root: authority.certificatePem }
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, ADDRESS, 1024), 'listening')
  return (server.address() as AddressInfo).port
}

function answer(socket: Socket | Duplex): void {
  let got: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    got = got.length === 0 ? chunk : Buffer.concat([got, chunk])
    for (let size = messageBytes(got); size !== undefined; size = messageBytes(got)) {
      got = got.subarray(size)
      socket.write(ANSWER)
    }
  })
  socket.on('end', () => socket.end())
  socket.on('error', () => socket.destroy())
}

/** The size of the first message; undefined when not all of it is here. */
function messageBytes(bytes: Buffer): number | undefined {
  if (bytes.length < RECORD_HEAD_BYTES) return undefined
  if (bytes[0] === HANDSHAKE) {
    const size = RECORD_HEAD_BYTES + bytes.readUInt16BE(3)
    return bytes.length < size ? undefined : size
  }
  const end = bytes.indexOf('\r\n\r\n')
  return end === -1 ? undefined : end + 4
}

parentPort?.postMessage(await serve())
