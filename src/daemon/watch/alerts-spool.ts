import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../core/error.ts'
import { ensurePrivateDirectory, readPrivateFile } from '../../platform/files.ts'
import type { AlertEvent } from './alerts-event.ts'

/** One way on from the feed. */
export interface Sender {
  readonly name: string
  /** Where to, for people; never with a secret in it. */
  readonly to: string
  readonly wants: (event: AlertEvent) => boolean
  /** Resolves when the far end took it, as far as the way can tell. Throws, and it is tried again. */
  send(event: AlertEvent, id: string, signal: AbortSignal): Promise<void>
}

export interface SpoolFacts {
  readonly name: string
  readonly to: string
  readonly waiting: number
  readonly sent: number
  readonly dropped: number
  readonly problem?: string
}

export interface SpoolOptions {
  readonly directory: string
  readonly sender: Sender
  readonly now: () => number
  readonly lost: (error: unknown) => void
  /** Until the first new try; doubled for each further one. */
  readonly retryMs?: number
  /** What waits at most (default 1000); the oldest goes first, and is counted. It is all still in the feed. */
  readonly mostWaiting?: number
}

const MOST_WAITING = 1000
const MOST_BYTES = 256 * 1024
const RETRY_MS = 1000
const LONGEST_RETRY_MS = 300_000

/** A queue on the disk before one sender: what was put in is sent once the far end answers, also after a restart. */
export class Spool {
  readonly #options: SpoolOptions
  readonly #over = new AbortController()
  #waiting: string[] = []
  #count = 0
  #sent = 0
  #dropped = 0
  #failures = 0
  #problem: string | undefined
  #timer: NodeJS.Timeout | undefined
  #pumping: Promise<void> | undefined

  constructor(options: SpoolOptions) {
    this.#options = options
  }

  /** What an earlier daemon did not get rid of is sent first. */
  begin(): void {
    try {
      ensurePrivateDirectory(this.#options.directory)
      const left = readdirSync(this.#options.directory).filter((name) => name.endsWith('.json'))
      this.#waiting = [...left.toSorted(), ...this.#waiting]
    } catch (error) {
      this.#options.lost(error)
    }
    this.#pump()
  }

  put(event: AlertEvent): void {
    const { sender, directory, now, lost, mostWaiting = MOST_WAITING } = this.#options
    if (!sender.wants(event)) return
    this.#count += 1
    const name = `${String(now()).padStart(14, '0')}-${String(this.#count).padStart(6, '0')}-${event.alert.id}.json`
    try {
      ensurePrivateDirectory(directory)
      this.#write(join(directory, name), JSON.stringify(event))
      this.#waiting.push(name)
      while (this.#waiting.length > mostWaiting) this.#drop(this.#waiting[0]!)
    } catch (error) {
      lost(error)
    }
    if (this.#timer === undefined) this.#pump()
  }

  facts(): SpoolFacts {
    const { name, to } = this.#options.sender
    return {
      ...{ name, to, waiting: this.#waiting.length, sent: this.#sent, dropped: this.#dropped },
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    }
  }

  async close(): Promise<void> {
    this.#over.abort()
    clearTimeout(this.#timer)
    await this.#pumping
  }

  /** Survives the end of this process, not a power cut: waiting for the disk here would hold up whoever raised it. */
  #write(path: string, text: string): void {
    writeFileSync(`${path}.new`, text, { mode: 0o600, flag: 'wx' })
    renameSync(`${path}.new`, path)
  }

  #pump(): void {
    if (this.#over.signal.aborted || this.#waiting.length === 0) return
    this.#pumping ??= this.#sendAll().finally(() => (this.#pumping = undefined))
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#over
    while (this.#waiting.length > 0 && !signal.aborted) {
      const name = this.#waiting[0]!
      try {
        const event = this.#read(name)
        if (event !== undefined)
          await this.#options.sender.send(event, name.slice(0, -'.json'.length), signal)
        this.#forget(name)
        this.#sent += event === undefined ? 0 : 1
        this.#failures = 0
        this.#problem = undefined
      } catch (error) {
        if (!signal.aborted) this.#later(error)
        return
      }
    }
  }

  #later(error: unknown): void {
    const { retryMs = RETRY_MS, lost } = this.#options
    if (this.#problem === undefined) lost(error)
    this.#problem = messageOf(error)
    const waitMs = Math.min(LONGEST_RETRY_MS, retryMs * 2 ** Math.min(this.#failures, 20))
    this.#failures += 1
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#pump()
    }, waitMs).unref()
  }

  /** @returns undefined for what cannot be read as an event any more: it would stand in the way for ever */
  #read(name: string): AlertEvent | undefined {
    const bytes = readPrivateFile(join(this.#options.directory, name), MOST_BYTES)
    try {
      return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as AlertEvent)
    } catch {
      this.#dropped += 1
      return undefined
    }
  }

  #drop(name: string): void {
    this.#dropped += 1
    this.#forget(name)
  }

  #forget(name: string): void {
    this.#waiting = this.#waiting.filter((each) => each !== name)
    rmSync(join(this.#options.directory, name), { force: true })
  }
}
