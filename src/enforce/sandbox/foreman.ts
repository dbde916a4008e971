import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { DESCRIPTORS_AT_ONCE, type Native } from '../../platform/native.ts'
import { memoryText } from './descriptors.ts'
import { SandboxError } from './errors.ts'
import type { Builder } from './builder.ts'
import type { NativePrograms } from './native-programs.ts'

/** As in native/foreman.h: three numbers a word, little-endian. */
const WORD_BYTES = 12
const ORDER = { part: 1, start: 2, kill: 3 } as const
const ANSWER = { started: 64, failed: 65, ended: 66 } as const

/** How long it may be busy with others before a start is given up. */
const SEND_DEADLINE_MS = 10_000

/** Who a builder is started as, where that is somebody else. */
export interface StartAs {
  readonly umask: number
  readonly user?: { readonly uid: number; readonly gid: number }
}

/**
 * A small process that starts builders for this one, and outlives each of them. Starting one from here copies a few
 * pages, where starting it from the daemon would copy the daemon. What a killed builder leaves half built becomes its
 * child, and is ended; when the daemon dies it ends everybody.
 */
export class Foreman {
  readonly #native: Native
  readonly #socket: Socket
  readonly #fd: number
  readonly #builders = new Map<number, StartedBuilder>()
  /** Orders go out one after the other: descriptors of two starts must not be mixed. */
  #turn: Promise<unknown> = Promise.resolve()
  #rest: Buffer = Buffer.alloc(0)
  #lastId = 0
  #isClosed = false
  #isRetired = false

  /** @throws SandboxError `SANDBOX_UNAVAILABLE` when the launcher is not the file that was built */
  constructor(native: Native, programs: NativePrograms) {
    this.#native = native
    const launcher = programs.open('launcher')
    const { ours, theirs } = native.socketPair()
    this.#fd = ours
    this.#socket = new Socket({ fd: ours, readable: true, writable: true })
    try {
      // it lives long: nothing this process inherited or opened without the mark may be kept open by it
      native.closeOnExecFrom(3)
      const stdio = ['ignore', 'ignore', 'ignore', launcher, theirs] as const
      const child = spawn('/proc/self/fd/3', ['--foreman', '4'], {
        ...{ argv0: 'warder-foreman', stdio: [...stdio], cwd: '/', env: {} },
      })
      child.on('error', () => this.close())
      child.unref()
    } finally {
      closeSync(launcher)
      closeSync(theirs)
    }
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    for (const event of ['end', 'error', 'close'] as const) this.#socket.on(event, () => this.close())
    this.#socket.unref()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /**
   * Starts one builder through the launcher. The descriptors stand at 0, 1, 2, ... there; they may be closed here once
   * this has resolved.
   */
  async start(words: readonly string[], fds: readonly number[], as: StartAs): Promise<Builder> {
    const { umask, user } = as
    const all = [`${umask}`, user === undefined ? '-' : `${user.uid}`, `${user?.gid ?? '-'}`, ...words]
    const order = memoryText(this.#native, all.map((word) => `${word}\0`).join(''))
    const id = (this.#lastId = (this.#lastId % 0xffff_fffe) + 1)
    const builder = new StartedBuilder(() => this.#end(id))
    this.#add(id, builder)
    try {
      await this.#inTurn(() => this.#sendStart(id, [order, ...fds]))
      return builder
    } catch (error) {
      this.#remove(id)
      throw error
    } finally {
      closeSync(order)
    }
  }

  /** No more is asked of it; it ends with the last builder it has. */
  retire(): void {
    this.#isRetired = true
    if (this.#builders.size === 0) this.close()
  }

  /** It ends, after everybody it started. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.destroy()
    for (const builder of this.#builders.values()) builder.lose()
    this.#builders.clear()
  }

  #add(id: number, builder: StartedBuilder): void {
    this.#builders.set(id, builder)
    this.#socket.ref()
  }

  #remove(id: number): void {
    this.#builders.delete(id)
    if (this.#builders.size > 0) return
    this.#socket.unref()
    if (this.#isRetired) this.close()
  }

  /** Where it cannot be told any more, it has ended, and everybody with it. */
  #end(id: number): void {
    this.#inTurn(() => this.#send(ORDER.kill, id)).catch(() => undefined)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #sendStart(id: number, fds: readonly number[]): Promise<void> {
    for (let at = 0; at < fds.length; at += DESCRIPTORS_AT_ONCE) {
      const part = fds.slice(at, at + DESCRIPTORS_AT_ONCE)
      const isLast = at + part.length === fds.length
      await this.#send(isLast ? ORDER.start : ORDER.part, id, part)
    }
  }

  async #send(kind: number, id: number, fds: readonly number[] = []): Promise<void> {
    const began = performance.now()
    const word = Buffer.alloc(WORD_BYTES)
    for (const [i, number] of [kind, id, fds.length].entries()) word.writeUInt32LE(number, i * 4)
    for (;;) {
      if (this.#isClosed) throw gone()
      if (this.#native.sendDescriptors(this.#fd, word, fds)) return
      // descriptors sent in part would be taken for those of the next start
      if (performance.now() - began > SEND_DEADLINE_MS) this.close()
      await sleep(1)
    }
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const whole = bytes.length - (bytes.length % WORD_BYTES)
    for (let at = 0; at < whole; at += WORD_BYTES)
      this.#hear(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8))
    this.#rest = bytes.subarray(whole)
  }

  #hear(kind: number, id: number, value: number): void {
    const builder = this.#builders.get(id)
    if (kind === ANSWER.started) return builder?.begin(value)
    this.#remove(id)
    builder?.end(kind === ANSWER.failed ? notStarted(value) : gone())
  }
}

class StartedBuilder implements Builder {
  readonly begun: Promise<void>
  readonly over: Promise<void>
  readonly kill: () => void
  pid = 0
  isOver = false
  isLost = false
  readonly #beginning = Promise.withResolvers<void>()
  readonly #ending = Promise.withResolvers<void>()

  constructor(kill: () => void) {
    this.begun = this.#beginning.promise
    this.over = this.#ending.promise
    this.kill = () => void (this.isOver || kill())
    this.begun.catch(() => undefined)
  }

  begin(pid: number): void {
    this.pid = pid
    this.#beginning.resolve()
  }

  lose(): void {
    this.isLost = true
    this.end(gone())
  }

  /** `why` is told to who still waits for its beginning. */
  end(why: SandboxError): void {
    this.isOver = true
    this.#beginning.reject(why)
    this.#ending.resolve()
  }
}

function gone(): SandboxError {
  return new SandboxError('SANDBOX_FAILED', 'the launcher of sandboxes ended', 'start the run again')
}

function notStarted(errno: number): SandboxError {
  return new SandboxError(
    'SANDBOX_FAILED',
    `the launcher could not start a builder (error ${errno})`,
    'look whether this machine has processes and open files left, then start the run again',
  )
}
