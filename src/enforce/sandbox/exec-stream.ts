import { Readable, Writable } from 'node:stream'
import { DATA_BYTES } from './control-frame.ts'

/** Output that may wait between a command and whoever reads it, for each of its streams. */
export const WINDOW_BYTES = 256 * 1024
/** What process 1 keeps of the input that a command has not read yet: INPUT_BYTES in native/command.h. */
const INPUT_BYTES = 64 * 1024

/** One direction out. Credit goes back only as fast as somebody reads, so a flood waits inside. */
export class OutputStream extends Readable {
  #owedBytes = 0
  #hasEnded = false
  readonly #credit: (bytes: number) => void

  constructor(credit: (bytes: number) => void) {
    super({ highWaterMark: WINDOW_BYTES })
    this.#credit = credit
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  deliver(bytes: Buffer): void {
    if (bytes.length === 0) return this.finish()
    if (this.#hasEnded) return
    this.#owedBytes += bytes.length
    if (this.push(bytes)) this.#pay()
  }

  finish(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.push(null)
  }

  override _read(): void {
    this.#pay()
  }

  /** In lumps: a receipt for every few bytes would cost more than the bytes. */
  #pay(): void {
    if (this.#owedBytes < WINDOW_BYTES / 4 || this.#hasEnded) return
    this.#credit(this.#owedBytes)
    this.#owedBytes = 0
  }
}

/** The direction in: never more on its way than process 1 keeps. */
export class InputWindow extends Writable {
  #roomBytes = INPUT_BYTES
  #waiting: { readonly bytes: Buffer; readonly done: (error?: Error | null) => void } | undefined
  #isClosed = false
  readonly #send: (bytes: Uint8Array) => void

  constructor(send: (bytes: Uint8Array) => void) {
    super({ decodeStrings: true })
    this.#send = send
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#waiting = { bytes, done }
    this.#pump()
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#isClosed) this.#send(Buffer.alloc(0))
    done()
  }

  taken(bytes: number): void {
    this.#roomBytes = Math.min(INPUT_BYTES, this.#roomBytes + bytes)
    this.#pump()
  }

  /** What is written from now on is for nobody, as with a pipe whose reader has gone, but is no error of the writer's. */
  close(): void {
    this.#isClosed = true
    this.#pump()
  }

  #pump(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    let rest = this.#isClosed ? Buffer.alloc(0) : waiting.bytes
    while (rest.length > 0 && this.#roomBytes > 0) {
      const part = rest.subarray(0, Math.min(DATA_BYTES, this.#roomBytes))
      this.#roomBytes -= part.length
      this.#send(part)
      rest = rest.subarray(part.length)
    }
    this.#waiting = rest.length === 0 ? undefined : { bytes: rest, done: waiting.done }
    if (rest.length === 0) waiting.done()
  }
}
