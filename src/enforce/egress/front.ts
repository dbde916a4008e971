import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { headerOf, headerPairs, readHead, type Head, type HeadRead } from './head.ts'
import { ambiguity } from './head.ts'
import { isSameTarget, parseTarget, targetName, type Target } from './host.ts'
import { tellRefused } from './admit.ts'
import { readFirst } from './first-bytes.ts'
import { answerBytes, refusal, type Refusal } from './refusal.ts'
import type { EgressRun, Tracked } from './run.ts'
import {
  greetingReply,
  readGreeting,
  readSocksRequest,
  SOCKS_VERSION,
  socksReply,
  type SocksRead,
  type SocksReply,
} from './socks.ts'
import { enter, type OpenRun } from './tunnel.ts'

const NOTHING = Buffer.alloc(0)
const CONNECT = 'CONNECT '
const ESTABLISHED = Buffer.from('HTTP/1.1 200 Connection Established\r\n\r\n')

/** Takes a client of a run's socket: its first bytes say which protocol it speaks. Never throws. */
export async function receive(open: OpenRun, socket: Socket): Promise<void> {
  const { run } = open
  socket.on('error', () => undefined) // its close says it
  socket.allowHalfOpen = true // who has said everything may still listen
  if (run.tracked.size >= run.spending.mostConnections)
    return void socket.end(answerBytes(TOO_MANY, 'this connection'))
  const client = track(run, socket)
  const first = await readFirst(socket, NOTHING, protocolOf, run.ports.limits.headMs)
  if (first === undefined) return void socket.destroy()
  if (first.value === 'socks') return await socks(open, client, first.bytes)
  if (first.value === 'connect') return await connectFirst(open, client, first.bytes)
  socket.unshift(first.bytes)
  open.plain.serve(client)
}

function protocolOf(bytes: Buffer): 'socks' | 'connect' | 'http' | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] === SOCKS_VERSION) return 'socks'
  const start = bytes.toString('latin1', 0, CONNECT.length)
  if (start === CONNECT) return 'connect'
  return CONNECT.startsWith(start) ? undefined : 'http'
}

function track(run: EgressRun, socket: Socket): Tracked {
  const nowMs = run.ports.clock.monotonicMs()
  const tracked: Tracked = {
    socket,
    target: undefined,
    openedAtMs: nowMs,
    isWaiting: true,
    movedAtMs: nowMs,
    bytes: 0,
    bytesSeen: 0,
    counted: { out: 0, in: 0 },
    isCounted: false,
  }
  run.tracked.add(tracked)
  socket.on('close', () => {
    countBytes(run, tracked)
    run.tracked.delete(tracked)
  })
  return tracked
}

/** Brings the bytes nobody counts one by one into the budget. @returns whether it still holds */
export function countBytes(run: EgressRun, tracked: Tracked): boolean {
  if (tracked.isCounted) return true
  const { socket, counted } = tracked
  const [out, inward] = [socket.bytesRead - counted.out, socket.bytesWritten - counted.in]
  tracked.counted = { out: socket.bytesRead, in: socket.bytesWritten }
  return run.spending.bytes(Math.max(0, out), Math.max(0, inward))
}

async function connectFirst(open: OpenRun, client: Tracked, bytes: Buffer): Promise<void> {
  const first = await readFirst(client.socket, bytes, wholeHead, open.run.ports.limits.headMs)
  if (first === undefined) return refuseRequest(open, client, SLOW)
  const read = first.value
  if (read.kind === 'malformed') return refuseRequest(open, client, malformed(read.why))
  if (read.kind === 'head') await connectTo(open, client, read.head, first.bytes.subarray(read.sizeBytes))
}

function wholeHead(bytes: Buffer): HeadRead | undefined {
  const read = readHead(bytes)
  return read.kind === 'more' ? undefined : read
}

/** A CONNECT behind other requests, as node:http read it. */
export async function connectLate(
  open: OpenRun,
  client: Tracked,
  request: IncomingMessage,
  sent: Buffer,
): Promise<void> {
  const headers = headerPairs(request.rawHeaders)
  const why = ambiguity(headers)
  if (why !== undefined) return refuseRequest(open, client, malformed(why))
  await connectTo(
    open,
    client,
    { method: 'CONNECT', target: request.url ?? '', version: '1.1', headers },
    sent,
  )
}

async function connectTo(open: OpenRun, client: Tracked, head: Head, sent: Buffer): Promise<void> {
  const target = parseTarget(head.target)
  const why = target === undefined ? 'CONNECT wants HOST:PORT, and nothing else' : wrongConnect(head, target)
  if (target === undefined || why !== undefined) return refuseRequest(open, client, malformed(why ?? ''))
  client.isWaiting = false
  await enter(open, {
    via: 'connect',
    target,
    client,
    sent,
    yes: () => void client.socket.write(ESTABLISHED),
    no: (refused) => answerAndClose(client, refused, targetName(target)),
  })
}

function wrongConnect({ headers, version, target: asked }: Head, target: Target): string | undefined {
  const host = headerOf(headers, 'host')
  if (host === undefined) return version === '1.1' ? 'there is no Host' : undefined
  // it is nearly always the same text, and reading it once more would say nothing new
  const said = host === asked ? target : parseTarget(host, target.port)
  if (said === undefined || !isSameTarget(said, target)) return 'Host names another place than CONNECT'
  const hasBody = ['content-length', 'transfer-encoding'].some(
    (name) => headerOf(headers, name) !== undefined,
  )
  return hasBody ? 'a CONNECT has no body' : undefined
}

async function socks(open: OpenRun, client: Tracked, bytes: Buffer): Promise<void> {
  const { socket } = client
  const { headMs } = open.run.ports.limits
  const greeting = await readFirst(socket, bytes, decided(readGreeting), headMs)
  if (greeting?.value.kind !== 'read') return void socket.destroy()
  socket.write(greetingReply(greeting.value.value))
  if (!greeting.value.value) return void socket.end()
  const rest = greeting.bytes.subarray(greeting.value.sizeBytes)
  const request = await readFirst(socket, rest, decided(readSocksRequest), headMs)
  if (request === undefined) return void socket.destroy()
  const { value } = request
  if (value.kind === 'malformed') {
    tellRefused(open.run, 'socks', malformed(value.why))
    return void socket.end(socksReply(value.reply ?? 'failed'))
  }
  if (value.kind !== 'read') return void socket.destroy()
  client.isWaiting = false
  await enter(open, {
    via: 'socks',
    target: value.value,
    client,
    sent: request.bytes.subarray(value.sizeBytes),
    yes: () => void socket.write(socksReply('succeeded')),
    no: (refused) => void socket.end(socksReply(socksCode(refused)), () => socket.destroy()),
  })
}

function decided<T>(read: (bytes: Buffer) => SocksRead<T>): (bytes: Buffer) => SocksRead<T> | undefined {
  return (bytes) => {
    const value = read(bytes)
    return value.kind === 'more' ? undefined : value
  }
}

function socksCode({ code }: Refusal): SocksReply {
  if (code === 'unresolved') return 'hostUnreachable'
  return code === 'unreachable' ? 'refused' : code === 'fault' ? 'failed' : 'notAllowed'
}

function refuseRequest({ run }: OpenRun, client: Tracked, refused: Refusal): void {
  tellRefused(run, 'connect', refused)
  answerAndClose(client, refused, 'this request')
}

function answerAndClose({ socket }: Tracked, refused: Refusal, host: string): void {
  if (!socket.writable) return void socket.destroy()
  socket.resume() // what still comes is thrown away, so that the answer is not lost to a reset
  socket.end(answerBytes(refused, host), () => socket.destroy())
}

function malformed(why: string): Refusal {
  return refusal('malformed', 'egress.http', why, 'send a request every reader reads alike (RFC 9112)')
}

const SLOW = refusal(
  'timeout',
  'egress.time',
  'the head of the request did not come in time',
  'send it at once',
)
const TOO_MANY = refusal(
  'rate',
  'egress.connections',
  'this run has as many connections open as it may',
  'close some, or raise the budget of the run',
)
