import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What a notification showed: the words as they came over the bus. */
export interface Notification {
  readonly app: string
  readonly summary: string
  readonly body: string
}

export interface Desktop {
  /** For DBUS_SESSION_BUS_ADDRESS. */
  readonly address: string
  readonly shown: readonly Notification[]
}

/** A session bus of its own with a notification daemon on it, as a desktop has one: it shows nothing and remembers all. */
export async function desktop(t: { after(fn: () => void): void }): Promise<Desktop> {
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.after(() => void bus.kill('SIGKILL'))
  const [printed] = (await once(bus.stdout, 'data')) as [Buffer]
  const address = printed.toString().trim()
  const socket = connect(socketPath(address))
  t.after(() => void socket.destroy())
  await once(socket, 'connect')
  const shown: Notification[] = []
  await serve(socket, shown)
  return { address, shown }
}

function socketPath(address: string): string {
  const [, path, abstract] = /unix:(?:path=([^,]+)|abstract=([^,]+))/.exec(address) ?? []
  return path ?? `\0${abstract ?? ''}`
}

const CALL = 1
const RETURN = 2
const FIELD = { path: 1, interface: 2, member: 3, reply: 5, to: 6, from: 7, signature: 8 } as const

/** Logs in, takes the name of a notification daemon, and answers the three calls there are. */
async function serve(socket: Socket, shown: Notification[]): Promise<void> {
  const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')
  socket.write(`\0AUTH EXTERNAL ${uid}\r\n`)
  await once(socket, 'data')
  socket.write('BEGIN\r\n')
  const toBus = {
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
    to: 'org.freedesktop.DBus',
  }
  const named = Promise.withResolvers<void>()
  let pending = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    for (let size = sizeOf(pending); size !== undefined; size = sizeOf(pending)) {
      const message = read(pending.subarray(0, size))
      pending = pending.subarray(size)
      if (message.type === RETURN && message.reply === 2) named.resolve()
      if (message.type === CALL) socket.write(answered(message, shown))
    }
  })
  socket.write(write({ type: CALL, serial: 1, ...toBus, member: 'Hello' }))
  const name = Buffer.concat([text('org.freedesktop.Notifications', 0), u32(4)])
  socket.write(
    write({ type: CALL, serial: 2, ...toBus, member: 'RequestName', signature: 'su', body: aligned(name) }),
  )
  await named.promise
}

/** A string and a number behind it: the number begins at a multiple of four. */
function aligned(bytes: Buffer): Buffer {
  const [string, number] = [bytes.subarray(0, -4), bytes.subarray(-4)]
  return Buffer.concat([string, Buffer.alloc((4 - (string.length % 4)) % 4), number])
}

function answered(call: Message, shown: Notification[]): Buffer {
  const reply = { type: RETURN, serial: 100 + call.serial, reply: call.serial, to: call.from }
  if (call.member === 'Notify') {
    const at = { offset: 0 }
    const app = string(call.body, at)
    at.offset = up(at.offset, 4) + 4 // the one it replaces
    string(call.body, at) // the icon
    shown.push({ app, summary: string(call.body, at), body: string(call.body, at) })
    return write({ ...reply, signature: 'u', body: u32(shown.length) })
  }
  if (call.member === 'GetServerInformation') {
    const words = ['desktop', 'a test', '1', '1.2']
    const body = words.reduce((all, word) => Buffer.concat([all, text(word, all.length)]), Buffer.alloc(0))
    return write({ ...reply, signature: 'ssss', body })
  }
  const words = ['body', 'body-markup']
  const inside = words.reduce((all, word) => Buffer.concat([all, text(word, all.length)]), Buffer.alloc(0))
  return write({ ...reply, signature: 'as', body: Buffer.concat([u32(inside.length), inside]) })
}

interface Message {
  readonly type: number
  readonly serial: number
  readonly member?: string
  readonly from?: string
  readonly reply?: number
  readonly body: Buffer
}

interface Outgoing {
  readonly type: number
  readonly serial: number
  readonly path?: string
  readonly interface?: string
  readonly member?: string
  readonly to?: string | undefined
  readonly reply?: number
  readonly signature?: string
  readonly body?: Buffer
}

/** D-Bus Specification, message protocol: little-endian, version 1. */
function write({ type, serial, body = Buffer.alloc(0), ...fields }: Outgoing): Buffer {
  let header = Buffer.alloc(0)
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const kind = name === 'path' ? 'o' : name === 'signature' ? 'g' : name === 'reply' ? 'u' : 's'
    header = Buffer.concat([header, Buffer.alloc(up(header.length, 8) - header.length)])
    const head = Buffer.from([FIELD[name as keyof typeof FIELD], 1, kind.charCodeAt(0), 0])
    const content =
      kind === 'u'
        ? u32(Number(value))
        : kind === 'g'
          ? Buffer.concat([Buffer.from([String(value).length]), Buffer.from(`${String(value)}\0`)])
          : text(String(value), 0)
    header = Buffer.concat([header, head, content])
  }
  const fixed = Buffer.concat([
    Buffer.from(['l'.charCodeAt(0), type, 0, 1]),
    u32(body.length),
    u32(serial),
    u32(header.length),
  ])
  return Buffer.concat([fixed, header, Buffer.alloc(up(header.length, 8) - header.length), body])
}

function sizeOf(bytes: Buffer): number | undefined {
  if (bytes.length < 16) return undefined
  const size = 16 + up(bytes.readUInt32LE(12), 8) + bytes.readUInt32LE(4)
  return bytes.length < size ? undefined : size
}

function read(bytes: Buffer): Message {
  const end = 16 + bytes.readUInt32LE(12)
  const found: Record<number, string | number> = {}
  for (const at = { offset: 16 }; at.offset < end;) {
    at.offset = up(at.offset, 8)
    const code = bytes[at.offset]!
    const kind = String.fromCharCode(bytes[at.offset + 2]!)
    at.offset += 4
    if (kind === 'u') {
      found[code] = bytes.readUInt32LE(at.offset)
      at.offset += 4
    } else if (kind === 'g') at.offset += bytes[at.offset]! + 2
    else found[code] = string(bytes, at)
  }
  const member = found[FIELD.member]
  const from = found[FIELD.from]
  const reply = found[FIELD.reply]
  return {
    ...{ type: bytes[1]!, serial: bytes.readUInt32LE(8), body: bytes.subarray(up(end, 8)) },
    ...(typeof member === 'string' ? { member } : {}),
    ...(typeof from === 'string' ? { from } : {}),
    ...(typeof reply === 'number' ? { reply } : {}),
  }
}

function string(bytes: Buffer, at: { offset: number }): string {
  at.offset = up(at.offset, 4)
  const length = bytes.readUInt32LE(at.offset)
  const value = bytes.toString('utf8', at.offset + 4, at.offset + 4 + length)
  at.offset += 4 + length + 1
  return value
}

/** A string that is put behind `before` bytes. */
function text(value: string, before: number): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.alloc(up(before, 4) - before), u32(bytes.length), bytes, Buffer.from([0])])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function up(offset: number, to: number): number {
  return Math.ceil(offset / to) * to
}
