/** A small internet on loopback, the real egress process in front of it, and what every server in it was sent. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type Server as HttpServer } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { newId } from '../../src/core/id.ts'
import { EgressProcess } from '../../src/daemon/egress/process.ts'
import type { Settings } from '../../src/daemon/egress/words.ts'
import {
  DEFAULT_BUDGET,
  type Answer,
  type EgressEvent,
  type EgressGrant,
  type EgressRule,
  type Question,
} from '../../src/enforce/egress/index.ts'
import { createAuthority } from '../../src/enforce/egress/tls/authority.ts'
import { systemClock } from '../../src/platform/clock.ts'

export interface EgressWorldOptions {
  readonly settings?: Partial<Settings>
  readonly ask?: (question: Question) => Promise<Answer>
  readonly record?: (event: EgressEvent) => Promise<void>
  readonly orderMs?: number
}

export interface EgressWorld extends AsyncDisposable {
  readonly process: EgressProcess
  readonly events: EgressEvent[]
  readonly questions: Question[]
  /** Runs that were told to be lost. */
  readonly lost: string[]
  readonly warnings: string[]
  readonly dns: FakeDns
  /** Servers on 127.0.0.1; names lead to them through {@link FakeDns}. */
  readonly plain: Witness
  readonly tls: Witness
  readonly raw: Witness
  /** PEM of the authority of the TLS server. */
  readonly root: string
  /** Opens a run of its own that may reach `api.test` at all three servers. @returns the socket its programs would have */
  open(grant?: Partial<EgressGrant>): Promise<Way>
}

export interface Way {
  readonly runId: string
  readonly socket: string
  readonly authorityPem: string | undefined
  /** What happened in this run, once nothing is open any more. */
  readonly events: () => EgressEvent[]
}

export interface Witness {
  readonly port: number
  /** All bytes of all connections, as far as this server understood them. */
  readonly seen: () => string
  readonly connections: () => number
}

export interface FakeDns {
  readonly port: number
  /** By name; called for each question, so that an answer can change. Names that are not here do not exist. */
  readonly answers: Map<string, () => readonly string[]>
  readonly asked: string[]
}

export const HOST = 'api.test'

export async function egressWorld(options: EgressWorldOptions = {}): Promise<EgressWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'we-'))
  const dns = await fakeDns()
  for (const name of [HOST, 'other.test']) dns.answers.set(name, () => ['127.0.0.1'])
  const authority = createAuthority({ hosts: [HOST, '*.test', '127.0.0.1'], now: Date.now })
  const secure = createHttps({
    SNICallback: (name, done) => done(null, authority.contextFor(name.toLowerCase())),
  })
  const [plain, tls, raw] = [await httpWitness(createHttp()), await httpWitness(secure), await rawWitness()]
  const world = {
    events: [] as EgressEvent[],
    questions: [] as Question[],
    lost: [] as string[],
    warnings: [] as string[],
  }
  const process = new EgressProcess({
    ask: async (question) => {
      world.questions.push(question)
      return await (options.ask?.(question) ?? Promise.resolve(NOBODY))
    },
    record: async (event) => {
      await options.record?.(event)
      world.events.push(event)
    },
    lost: (runs) => void world.lost.push(...runs),
    settings: () => ({
      limits: {},
      airlock: 'off',
      resolvers: [`127.0.0.1:${dns.port}`],
      roots: [authority.certificatePem],
      ...options.settings,
    }),
    clock: systemClock,
    log: {
      warn: (message) => void world.warnings.push(message),
      error: (message) => void world.warnings.push(message),
    },
    ...(options.orderMs === undefined ? {} : { orderMs: options.orderMs }),
  })
  return {
    ...world,
    ...{ process, dns, plain, tls, raw },
    root: authority.certificatePem,
    open: async (grant = {}) => {
      const runId = grant.runId ?? newId()
      const socket = join(directory, `${runId.slice(-12)}.sock`)
      const { authorityPem } = await process.open(
        { ...grantTo([plain.port, tls.port, raw.port]), runId, ...grant },
        socket,
      )
      return {
        runId,
        socket,
        authorityPem,
        events: () => world.events.filter((event) => event.runId === runId),
      }
    },
    [Symbol.asyncDispose]: async () => {
      await process.end()
      for (const { close } of [plain, tls, raw, dns]) close()
      authority.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const NOBODY: Answer = {
  effect: 'deny',
  rule: 'default',
  reason: 'no rule allows it',
  fix: 'warder grant add …',
}

export function grantTo(ports: readonly number[]): EgressGrant {
  return {
    runId: '',
    agent: 'intruder',
    rules: [allow(HOST, ports)],
    budget: DEFAULT_BUDGET,
    ...{ intercept: [], secrets: [], content: [], pins: [], limits: [] },
    asks: false,
    airlock: 'off',
    until: Number.MAX_SAFE_INTEGER,
  }
}

/** A rule for a host that stands for this machine, which nothing else may. */
export function allow(host: string, ports: readonly number[], more: Partial<EgressRule> = {}): EgressRule {
  return { id: `allow ${host}`, effect: 'allow', host, ports, addresses: ['127.0.0.1'], ...more }
}

interface Closing {
  readonly close: () => void
}

/** Answers every request with what it understood of it. */
async function httpWitness(server: HttpServer): Promise<Witness & Closing> {
  const seen: string[] = []
  const count = { connections: 0 }
  server.on('connection', () => (count.connections += 1))
  server.on('request', (request: IncomingMessage, response) => {
    const line = `${request.method} ${request.url}`
    seen.push(`${line}\n${request.rawHeaders.join('\n')}\n`)
    request.on('data', (chunk: Buffer) => seen.push(chunk.toString('latin1')))
    request.on('end', () => response.end(`saw ${line} for ${request.headers.host}\n`))
  })
  server.on('upgrade', (request, socket) => {
    seen.push(`${request.method} ${request.url}\n`)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  return await listening(server, seen, count, () => server.closeAllConnections())
}

/** Takes whatever comes and greets first. */
async function rawWitness(): Promise<Witness & Closing> {
  const seen: string[] = []
  const count = { connections: 0 }
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    count.connections += 1
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
    socket.on('data', (chunk: Buffer) => seen.push(chunk.toString('latin1')))
    socket.on('end', () => socket.end('bye\n'))
    socket.write('greeting\n')
  })
  return await listening(server, seen, count, () => open.forEach((socket) => socket.destroy()))
}

async function listening(
  server: Server,
  seen: string[],
  count: { readonly connections: number },
  cut: () => void,
): Promise<Witness & Closing> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = () => {
    server.close()
    cut()
  }
  return {
    port: (server.address() as AddressInfo).port,
    seen: () => seen.join(''),
    connections: () => count.connections,
    close,
  }
}

const [A, AAAA] = [1, 28]

/** A server for names (RFC 1035) that says whatever a test wants it to. */
async function fakeDns(): Promise<FakeDns & Closing> {
  const socket = createSocket('udp4')
  const answers = new Map<string, () => readonly string[]>()
  const asked: string[] = []
  socket.on('message', (question, from) => {
    const { name, type, end } = questionIn(question)
    if (type === A) asked.push(name)
    const all = answers.get(name)?.()
    const fit = (all ?? []).filter(
      (text) => text.includes(':') === (type === AAAA) && [A, AAAA].includes(type),
    )
    const head = Buffer.from(question.subarray(0, 12))
    head.writeUInt16BE(all === undefined ? 0x8183 : 0x8180, 2) // no such name, or an answer
    head.writeUInt16BE(fit.length, 6)
    head.fill(0, 8)
    socket.send(
      Buffer.concat([head, question.subarray(12, end), ...fit.map((text) => recordOf(text, type))]),
      from.port,
      from.address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { port: socket.address().port, answers, asked, close: () => socket.close() }
}

function questionIn(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

function recordOf(text: string, type: number): Buffer {
  const bytes = type === A ? text.split('.').map(Number) : bytes6(text)
  return Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes])
}

function bytes6(text: string): number[] {
  const [head = '', tail = ''] = text.split('::')
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [groups(head), groups(tail)]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return all.flatMap((group) => [group >> 8, group & 255])
}

/** Connects to a way out and says all of this. @returns everything that came back until it was closed */
export async function say(socketPath: string, ...chunks: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ path: socketPath, allowHalfOpen: true })
  const heard: Buffer[] = []
  socket.on('data', (chunk: Buffer) => heard.push(chunk)).on('error', () => undefined)
  for (const chunk of chunks) {
    socket.write(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk)
    await new Promise((done) => setImmediate(done)) // so that each is a packet of its own
  }
  socket.once('end', () => socket.end())
  await once(socket, 'close')
  return Buffer.concat(heard).toString('latin1')
}

/** Asks for a tunnel. @returns the socket behind the answer's head, and the head */
export async function tunnel(
  socketPath: string,
  target: string,
): Promise<{ readonly socket: Socket; readonly head: string }> {
  const socket = connect({ path: socketPath, allowHalfOpen: true })
  socket.on('error', () => undefined).once('end', () => socket.end())
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
  const heard: Buffer[] = []
  while (!Buffer.concat(heard).includes('\r\n\r\n')) {
    const [chunk] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [Buffer | boolean]
    if (!Buffer.isBuffer(chunk)) break
    heard.push(chunk)
  }
  socket.pause()
  const all = Buffer.concat(heard)
  const end = all.indexOf('\r\n\r\n') + 4
  if (all.length > end) socket.unshift(all.subarray(end))
  return { socket, head: all.toString('latin1', 0, end) }
}

/** A GET inside TLS through a tunnel. @returns the answer, or why there is none */
export async function getThroughTls(
  socketPath: string,
  target: string,
  options: {
    readonly servername: string
    readonly ca: string
    readonly path?: string
    readonly host?: string
  },
): Promise<string> {
  const { socket, head } = await tunnel(socketPath, target)
  if (!head.startsWith('HTTP/1.1 200')) return head
  const secure = connectTls({
    socket,
    servername: options.servername,
    ca: options.ca,
    checkServerIdentity: () => undefined,
  })
  const heard: string[] = []
  const failure = Promise.withResolvers<string>()
  secure.setEncoding('latin1')
  secure.on('data', (chunk: string) => heard.push(chunk))
  secure.once('error', (error) => failure.resolve(`failed: ${error.message}`))
  for (const over of ['end', 'close']) secure.once(over, () => failure.resolve(heard.join('')))
  secure.write(
    `GET ${options.path ?? '/'} HTTP/1.1\r\nHost: ${options.host ?? target}\r\nConnection: close\r\n\r\n`,
  )
  return await failure.promise.finally(() => socket.destroy())
}
