import { timingSafeEqual } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import {
  ensurePrivateDirectory,
  readPrivateFile,
  syncDirectory,
  writeFileAtomic,
} from '../../platform/files.ts'
import { EventShape, type IncidentEvent } from './event.ts'

export interface IncidentStore {
  /** All of it, in order; what is wrong is told and what comes after it is left out. */
  readonly events: readonly IncidentEvent[]
  /** Why the book cannot be believed as a whole; undefined: it can. */
  readonly problem: string | undefined
  /** The number of the last event. */
  readonly last: number
  /** On the disk, to stay, when it returns. All of them or none. @throws when they could not be written */
  append(events: readonly IncidentEvent[]): void
  /** Begins the file anew with this one event, which stands for all before it. */
  rewrite(event: IncidentEvent): void
  readonly sizeBytes: number
  close(): void
}

export interface FileStoreOptions {
  readonly path: string
  /** HMAC under a key of this host. */
  readonly mac: (text: string) => Buffer
  /** The number of the last event the ledger has heard of: a book that ends before it was cut, or put back. */
  readonly seen: number
  readonly now: () => number
}

const LineShape = z.strictObject({ number: z.int().min(1), event: EventShape, mac: z.string().length(64) })
const MOST_BYTES = 256 * 1024 * 1024
const FIRST = '0'.repeat(64)

/**
 * One line for each event. The MAC of a line covers the one before, so a line can be neither changed nor taken out nor
 * put elsewhere; a half line at the end is one that nobody was told of, and is cut off.
 */
export function fileIncidentStore(options: FileStoreOptions): IncidentStore {
  return new FileIncidentStore(options)
}

class FileIncidentStore implements IncidentStore {
  readonly #options: FileStoreOptions
  events: readonly IncidentEvent[] = []
  problem: string | undefined
  #fd: number | undefined
  #size = 0
  #number = 0
  #mac = FIRST

  constructor(options: FileStoreOptions) {
    this.#options = options
    const text = this.#read()
    this.events = this.#load(text)
    if (this.problem === undefined && this.#number < options.seen)
      this.problem = `it ends at event ${this.#number}, and the record knows of event ${options.seen}`
    if (this.problem !== undefined) this.#putAside()
  }

  get last(): number {
    return this.#number
  }

  get sizeBytes(): number {
    return this.#size
  }

  append(events: readonly IncidentEvent[]): void {
    const fd = (this.#fd ??= this.#open())
    const lines: { text: string; mac: string }[] = []
    for (const event of events)
      lines.push(this.#line(event, this.#number + lines.length + 1, lines.at(-1)?.mac))
    const bytes = Buffer.from(lines.map(({ text }) => text).join(''))
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, this.#size + at)
      fdatasyncSync(fd)
    } catch (error) {
      ftruncateSync(fd, this.#size) // half of it must not stand before what is written later
      throw error
    }
    this.#size += bytes.length
    this.#number += lines.length
    this.#mac = lines.at(-1)?.mac ?? this.#mac
  }

  rewrite(event: IncidentEvent): void {
    const { text, mac } = this.#line(event, this.#number + 1)
    ensurePrivateDirectory(dirname(this.#options.path))
    writeFileAtomic(this.#options.path, text)
    this.close()
    this.#number += 1
    this.#mac = mac
    this.#size = Buffer.byteLength(text)
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #line(event: IncidentEvent, number: number, before = this.#mac): { text: string; mac: string } {
    const mac = this.#macOf(number, before, event)
    return { text: `${JSON.stringify({ number, event, mac })}\n`, mac }
  }

  #macOf(number: number, before: string, event: IncidentEvent): string {
    // what a rewritten book begins with stands on its own; its number keeps it from being an old one
    const link = event.what === 'kept' ? '' : before
    const text = canonicalJson(['warder-incidents', 1, number, link, event as unknown as Json])
    return this.#options.mac(text).toString('hex')
  }

  #open(): number {
    const directory = dirname(this.#options.path)
    ensurePrivateDirectory(directory)
    const fd = openSync(
      this.#options.path,
      constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW,
      0o600,
    )
    ftruncateSync(fd, this.#size)
    syncDirectory(directory)
    return fd
  }

  #read(): Buffer {
    try {
      return readPrivateFile(this.#options.path, MOST_BYTES) ?? Buffer.alloc(0)
    } catch (error) {
      this.problem = messageOf(error)
      return Buffer.alloc(0)
    }
  }

  #load(bytes: Buffer): IncidentEvent[] {
    const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
    const events: IncidentEvent[] = []
    for (const text of whole.toString().split('\n').slice(0, -1)) {
      const event = this.#parse(text)
      if (event === undefined) {
        this.problem ??= `line ${events.length + 1} is not what was written there`
        return events
      }
      events.push(event)
    }
    this.#size = whole.length
    return events
  }

  #parse(text: string): IncidentEvent | undefined {
    try {
      const { number, event, mac } = LineShape.parse(JSON.parse(text))
      const isNext = number === this.#number + 1 || (this.#number === 0 && event.what === 'kept')
      const right = Buffer.from(this.#macOf(number, this.#mac, event), 'hex')
      if (!isNext || !timingSafeEqual(right, Buffer.from(mac, 'hex'))) return undefined
      this.#number = number
      this.#mac = mac
      return event
    } catch {
      return undefined
    }
  }

  /** Keeps the damaged book to be looked at; what could be read goes on in a new one. */
  #putAside(): void {
    const { path, now } = this.#options
    if (existsSync(path)) renameSync(path, `${path}.damaged-${now()}`)
    this.#size = 0
    this.#number = Math.max(this.#number, this.#options.seen)
    this.#mac = FIRST
  }
}
