import { connect, type Socket } from 'node:net'
import type { Address } from './address.ts'
import { EgressError } from './errors.ts'
import { headerOf, LARGEST_HEAD_BYTES } from './head.ts'
import { targetName, type Target } from './host.ts'
import { readFirst } from './first-bytes.ts'

/** A proxy that stands between this machine and the rest; where there is one, nothing goes past it. */
export interface CompanyProxy {
  readonly host: string
  readonly port: number
  /** The value of Proxy-Authorization, lent for as long as it is written; absent: none is asked for. */
  readonly authorization?: { use<T>(act: (bytes: Uint8Array) => T): T }
  /**
   * Who looks names up. `here`: the proxy is told the address that was checked here. `there`: it is told the name, and
   * what it makes of that nobody here can check.
   */
  readonly names: 'here' | 'there'
}

/** Where a connection goes: addresses that were all found good, and nothing is looked up again. */
export interface Route {
  readonly target: Target
  /** Empty where a proxy looks the name up. */
  readonly addresses: readonly Address[]
}

export interface Dialled {
  readonly socket: Socket
  /** The address it leads to, as far as that is known here. */
  readonly address: string | undefined
}

/** @throws EgressError `EGRESS_UNREACHABLE`; never goes another way than the one it was told */
export function dial(route: Route, proxy: CompanyProxy | undefined, connectMs: number): Promise<Dialled> {
  return proxy === undefined ? dialDirect(route, connectMs) : dialThrough(proxy, route, connectMs)
}

async function dialDirect({ target, addresses }: Route, connectMs: number): Promise<Dialled> {
  let last: unknown
  for (const { text } of addresses) {
    try {
      return { socket: await open(text, target.port, connectMs), address: text }
    } catch (error) {
      last = error
    }
  }
  throw unreachable(targetName(target), 'no address of it takes a connection', last)
}

function open(host: string, port: number, connectMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true, autoSelectFamily: false })
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${connectMs} ms`)), connectMs)
    socket.on('connect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
    socket.on('error', (error) => {
      clearTimeout(timer)
      reject(error) // once it is connected nobody hears this, and its close says it
    })
  })
}

async function dialThrough(
  proxy: CompanyProxy,
  { target, addresses }: Route,
  connectMs: number,
): Promise<Dialled> {
  const address = addresses[0]
  if (address === undefined && proxy.names === 'here')
    throw unreachable(targetName(target), 'it has no address')
  const asked =
    proxy.names === 'there' || address === undefined
      ? targetName(target)
      : targetName({ host: { kind: 'address', text: address.text, address }, port: target.port })
  const socket = await open(proxy.host, proxy.port, connectMs).catch((error: unknown) => {
    throw unreachable(asked, 'the proxy of this network cannot be reached', error)
  })
  try {
    socket.write(connectHead(asked, proxy))
    await proxyAnswer(socket, asked, connectMs)
    return { socket, address: proxy.names === 'here' ? address?.text : undefined }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function connectHead(asked: string, { authorization }: CompanyProxy): Buffer {
  const head = Buffer.from(`CONNECT ${asked} HTTP/1.1\r\nHost: ${asked}\r\n`)
  const end = Buffer.from('\r\n')
  if (authorization === undefined) return Buffer.concat([head, end])
  return authorization.use((value) =>
    Buffer.concat([head, Buffer.from('Proxy-Authorization: '), value, end, end]),
  )
}

async function proxyAnswer(socket: Socket, asked: string, answerMs: number): Promise<void> {
  const first = await readFirst(socket, Buffer.alloc(0), readAnswer, answerMs)
  if (first === undefined) throw unreachable(asked, 'the proxy of this network did not answer')
  const { status, sizeBytes } = first.value
  if (status !== 200) {
    const why = status === 407 ? 'asks for another user or password' : `answers ${status}`
    throw unreachable(asked, `the proxy of this network ${why}`)
  }
  socket.unshift(first.bytes.subarray(sizeBytes))
}

function readAnswer(bytes: Buffer): { readonly status: number; readonly sizeBytes: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return bytes.length < LARGEST_HEAD_BYTES ? undefined : { status: 0, sizeBytes: 0 }
  const [line = '', ...rest] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1] ?? 0)
  const pairs = rest.map((header) => [header.split(':')[0] ?? '', header] as const)
  // an answer with a body would leave bytes of the proxy's where those of the host are expected
  const hasBody = headerOf(pairs, 'transfer-encoding') !== undefined
  return { status: hasBody ? 0 : status, sizeBytes: end + 4 }
}

function unreachable(where: string, why: string, cause?: unknown): EgressError {
  return new EgressError(
    'EGRESS_UNREACHABLE',
    `${where} cannot be reached: ${why}`,
    'check that it is up and may be reached from this machine',
    {
      where,
      ...(cause === undefined ? {} : { cause }),
    },
  )
}
