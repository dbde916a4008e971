import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { createAuthority } from '../../src/enforce/egress/tls/authority.ts'

/** A small internet on loopback: a name server, an authority, and an HTTPS server behind every name. */
export interface Internet {
  readonly port: number
  /** What a daemon needs to live in this internet. */
  readonly environment: Readonly<Record<string, string>>
  /** The authority of this internet, as PEM. */
  readonly authorityPem: string
  /** Every request as it arrived: method, host, path and headers, then the body. */
  readonly arrived: () => string
  /** Names that were asked for. */
  readonly namesAsked: () => readonly string[]
}

export interface InternetOptions {
  readonly names: readonly string[]
  /** Where a file with the authority is put. */
  readonly directory: string
  readonly serve?: (request: IncomingMessage, body: string, response: ServerResponse) => void
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex) => void
  /** What a name stands for; 127.0.0.1 unless told. */
  readonly addressOf?: (name: string) => string
}

/** Opens it; it ends with the test. */
export async function internet(
  t: Pick<TestContext, 'after'>,
  { names, directory, serve, onUpgrade, addressOf = () => '127.0.0.1' }: InternetOptions,
): Promise<Internet> {
  const authority = createAuthority({ hosts: names, now: Date.now })
  const seen: string[] = []
  const server = createServer(
    { SNICallback: (name, done) => done(null, authority.contextFor(name)) },
    readingAll(seen, serve),
  )
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    seen.push(headOf(request))
    socket.on('error', () => undefined)
    onUpgrade?.(request, socket)
  })
  const port = await listening(server)
  const resolver = await nameServer(t, names, addressOf)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const file = join(directory, 'internet.pem')
  writeFileSync(file, authority.certificatePem)
  return {
    port,
    authorityPem: authority.certificatePem,
    environment: { WARDER_EGRESS_ROOTS: file, WARDER_EGRESS_RESOLVER: `127.0.0.1:${resolver.port}` },
    arrived: () => seen.join('\n'),
    namesAsked: () => resolver.asked,
  }
}

function readingAll(seen: string[], serve: InternetOptions['serve']): RequestListener {
  return (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('error', () => undefined)
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('latin1')
      seen.push(`${headOf(request)}\n${body}`)
      if (serve === undefined) response.end('ok')
      else serve(request, body, response)
    })
  }
}

function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  return `${method} ${url}\n${rawHeaders.join('\n')}`
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

/** RFC 1035, as much of it as one question needs: A records for the names there are, nothing else. */
async function nameServer(
  t: Pick<TestContext, 'after'>,
  names: readonly string[],
  addressOf: (name: string) => string,
): Promise<{ readonly port: number; readonly asked: string[] }> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (question, { port, address }) => {
    const { name, type, end } = questionIn(question)
    asked.push(name)
    const isKnown = names.includes(name)
    const bytes = addressOf(name).split('.').map(Number)
    const answer =
      isKnown && type === 1
        ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...bytes])
        : Buffer.alloc(0)
    const head = Buffer.from(question.subarray(0, 12))
    head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2)
    head.writeUInt16BE(answer.length === 0 ? 0 : 1, 6)
    head.fill(0, 8)
    socket.send(Buffer.concat([head, question.subarray(12, end), answer]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  return { port: socket.address().port, asked }
}

function questionIn(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let size = message[at] ?? 0; size > 0; size = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + size))
    at += 1 + size
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}
