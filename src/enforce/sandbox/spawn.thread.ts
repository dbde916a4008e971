import { readFileSync, readlinkSync } from 'node:fs'
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { isNative, NativeError, openNative } from '../../platform/native.ts'
import { parseProcessEvent, RunMembers } from './spawn-event.ts'
import { membersOf } from './processes.ts'
import type { ToThread, FromThread } from './spawn.ts'

/** A thread of its own, because waiting for the kernel's events blocks. */
const RECEIVE_TIMEOUT_MS = 100
const MAX_ARGUMENTS_BYTES = 16 * 1024
const ENOBUFS = 105

if (parentPort !== null) listen(parentPort)

type Port = NonNullable<typeof parentPort>

function listen(port: Port): void {
  const say = (message: FromThread) => port.postMessage(message)
  try {
    const native = openNative()
    if (!isNative(native)) throw new Error(native.missing)
    follow(
      port,
      native.openProcessEvents(RECEIVE_TIMEOUT_MS),
      (fd, buffer) => native.receive(fd, buffer),
      say,
    )
  } catch (error) {
    say({ type: 'unavailable', why: error instanceof Error ? error.message : String(error) })
  }
}

type Receive = (fd: number, buffer: Buffer) => number | undefined

function follow(port: Port, fd: number, receive: Receive, say: (message: FromThread) => void): void {
  const members = new RunMembers()
  const watched = new Map<string, Extract<ToThread, { type: 'watch' }>>()
  const buffer = Buffer.alloc(4096)
  for (;;) {
    const length = receiveOrCount(fd, buffer, receive, () => {
      say({ type: 'lost' })
      // some events are gone: who belongs to whom must be read anew
      for (const { init, runId } of watched.values()) {
        for (const { pid } of membersOf(init)) members.watch(pid, runId)
      }
    })
    // orders first: whoever began after an order to watch must be known by the time its event is read
    for (let order = receiveMessageOnPort(port); order !== undefined; order = receiveMessageOnPort(port)) {
      const message = order.message as ToThread
      if (message.type === 'stop') return
      if (message.type === 'watch') {
        watched.set(message.runId, message)
        members.watch(message.init.pid, message.runId)
      } else {
        watched.delete(message.runId)
        members.forget(message.runId)
      }
    }
    const event = length === undefined ? undefined : parseProcessEvent(buffer.subarray(0, length))
    if (event?.type === 'listening') say({ type: 'listening', error: event.error })
    const hit = event === undefined ? undefined : members.take(event)
    if (hit !== undefined) say({ type: 'spawn', ...hit, ...commandOf(hit.pid) })
  }
}

function receiveOrCount(
  fd: number,
  buffer: Buffer,
  receive: Receive,
  onLost: () => void,
): number | undefined {
  try {
    return receive(fd, buffer)
  } catch (error) {
    if (!(error instanceof NativeError) || error.errno !== ENOBUFS) throw error
    onLost()
    return undefined
  }
}

/** What /proc still tells; a command that ended at once may be gone. */
function commandOf(pid: number): { readonly argv?: readonly string[]; readonly program?: string } {
  try {
    const bytes = readFileSync(`/proc/${pid}/cmdline`).subarray(0, MAX_ARGUMENTS_BYTES)
    const argv = bytes.toString('utf8').replace(/\0$/, '').split('\0')
    return argv.length === 1 && argv[0] === '' ? {} : { argv, ...programOf(pid) }
  } catch {
    return {}
  }
}

function programOf(pid: number): { readonly program?: string } {
  try {
    return { program: readlinkSync(`/proc/${pid}/exe`) }
  } catch {
    return {}
  }
}
