/**
 * Who asks, in a thread of its own and the same for every proxy: so many askers, each with one request under way. It
 * understands as much of HTTP as it takes to know where an answer ends, and looks at every answer.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import { parentPort } from 'node:worker_threads'

/** One way to the server at the far end. */
export interface Way {
  readonly port: number
  /** What CONNECT is said to; absent: no proxy. */
  readonly proxy?: { readonly path: string } | { readonly host: string; readonly port: number }
  /** PEM of what the certificate at the other end has to be signed by; absent: no TLS, and a ClientHello alone is sent. */
  readonly root?: string
}

export interface Job {
  readonly way: Way
  /** `new`: a connection for each request. `kept`: one for each asker, which is there before the clock starts. */
  readonly connections: 'new' | 'kept'
  readonly askers: number
  /** Until then, or until so many requests. */
  readonly ms: number
  readonly most?: number
}

export interface Load {
  readonly requests: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

export type LoadAnswer = Load | { readonly problem: string }

const HOST = '127.0.0.1'
const GREETING = hello()
const HEAD_END = '\r\n\r\n'

/** A connection on which one question at a time is asked. */
class Talk {
  readonly stream: Duplex
  #got: Buffer = Buffer.alloc(0)
  #waiting: PromiseWithResolvers<void> | undefined
  #isBodyless = false

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('error', (error) => this.#waiting?.reject(error))
    stream.on('close', () => this.#waiting?.reject(new Error('it closed the connection')))
  }

  /** @param isBodyless the answer is a head alone: the one to a CONNECT */
  ask(question: Buffer, isBodyless = false): Promise<void> {
    const waiting = Promise.withResolvers<void>()
    this.#waiting = waiting
    this.#isBodyless = isBodyless
    this.stream.write(question)
    return waiting.promise
  }

  end(): void {
    this.#waiting = undefined
    this.stream.destroy()
  }

  #take(chunk: Buffer): void {
    this.#got = this.#got.length === 0 ? chunk : Buffer.concat([this.#got, chunk])
    const end = this.#got.indexOf(HEAD_END)
    if (end === -1) return
    const head = this.#got.toString('latin1', 0, end)
    const [, size = '0'] = this.#isBodyless ? [] : (/\ncontent-length: *(\d+)/i.exec(head) ?? [])
    const whole = end + HEAD_END.length + Number(size)
    if (this.#got.length < whole) return
    this.#got = this.#got.subarray(whole)
    const waiting = this.#waiting
    this.#waiting = undefined
    const isGood = /^HTTP\/1\.[01] 200 /.test(head) && (this.#isBodyless || size === '1024')
    if (isGood) waiting?.resolve()
    else waiting?.reject(new Error(`not the answer: ${this.#got.length} bytes after ${head}`))
  }
}

const contexts = new Map<string, SecureContext>()

async function talkOver({ port, proxy, root }: Way): Promise<Talk> {
  const socket = connect(proxy === undefined ? { host: HOST, port } : { ...proxy })
  socket.setNoDelay(true)
  await once(socket, 'connect')
  if (proxy !== undefined) {
    const place = `${HOST}:${port}`
    const tunnel = new Talk(socket)
    await tunnel.ask(Buffer.from(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`), true)
    socket.removeAllListeners('data').removeAllListeners('close').removeAllListeners('error')
  }
  return new Talk(root === undefined ? socket : await secured(socket, root))
}

async function secured(socket: Socket, root: string): Promise<Duplex> {
  const secureContext = contexts.get(root) ?? createSecureContext({ ca: root })
  contexts.set(root, secureContext)
  socket.on('error', () => undefined) // the TLS over it says it
  const secure = connectTls({ socket, host: HOST, secureContext, ALPNProtocols: ['http/1.1'] })
  await once(secure, 'secureConnect')
  return secure
}

/** The first question on a new connection: through a tunnel it is what TLS begins with, because nothing else is let through. */
function firstQuestion({ port, root }: Way): Buffer {
  return root === undefined ? GREETING : request(port)
}

function request(port: number): Buffer {
  return Buffer.from(`GET /v1/items/17 HTTP/1.1\r\nHost: ${HOST}:${port}\r\nAccept: text/plain\r\n\r\n`)
}

async function load({ way, connections, askers, ms, most = Infinity }: Job): Promise<Load> {
  const times: number[] = []
  const isKept = connections === 'kept'
  const talks = isKept ? await Promise.all(Array.from({ length: askers }, () => readyTalk(way))) : []
  const question = request(way.port)
  const count = { begun: 0 }
  const start = performance.now()
  const asker = async (talk: Talk | undefined) => {
    while (performance.now() - start < ms && count.begun < most) {
      count.begun += 1
      const before = performance.now()
      if (talk === undefined) (await readyTalk(way)).end()
      else await talk.ask(question)
      times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: askers }, (_, i) => asker(talks[i])))
  const seconds = (performance.now() - start) / 1000
  for (const talk of talks) talk.end()
  times.sort((a, b) => a - b)
  const at = (part: number) => times[Math.floor(times.length * part)] ?? 0
  return { requests: times.length, perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99) }
}

/** Connected, and its first question answered. */
async function readyTalk(way: Way): Promise<Talk> {
  const talk = await talkOver(way)
  await talk.ask(firstQuestion(way))
  return talk
}

/** A ClientHello of the size they have today, for an address and so without a name (RFC 8446, 4.1.2; RFC 6066, 3). */
function hello(): Buffer {
  const padding = Buffer.alloc(440)
  const extension = Buffer.concat([u16(21), u16(padding.length), padding]) // RFC 7685
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7), // random
    Buffer.of(0), // no session
    Buffer.of(0, 2, 0x13, 0x01),
    Buffer.of(1, 0), // no compression
    u16(extension.length),
    extension,
  ])
  const message = Buffer.concat([Buffer.of(1, 0), u16(body.length), body])
  return Buffer.concat([Buffer.of(22, 3, 1), u16(message.length), message])
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff)
}

parentPort?.on('message', (job: Job) => {
  load(job).then(
    (answer: LoadAnswer) => parentPort?.postMessage(answer),
    (error: unknown) => parentPort?.postMessage({ problem: String(error) } satisfies LoadAnswer),
  )
})
