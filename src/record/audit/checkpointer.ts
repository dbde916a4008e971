import { messageOf } from '../../core/error.ts'
import { signCheckpoint, type Checkpoint, type CheckpointSigner } from './checkpoint.ts'
import { appendNote, checkpointPath, writeWitness } from './checkpoint-file.ts'
import type { Head } from './writer.ts'

export interface CheckpointerOptions {
  readonly directory: string
  readonly origin: string
  readonly signer: CheckpointSigner
  readonly witnessPath: string | undefined
  readonly everyEntries: number
  readonly everyMs: number
}

/**
 * Between two checkpoints that only the number of entries asks for: each takes three flushes of the disk, and at many
 * thousand entries a second those would be what the entries wait for.
 */
const LEAST_MS_BETWEEN = 100

/**
 * Signs what the ledger was, every so many entries and so often. It is told of durable entries only: a checkpoint of
 * entries that a power cut then takes would look like tampering. One is in the making at a time, off the hot path; while
 * it is, later heads wait and the newest of them is next.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions
  #head: Head
  #last: Checkpoint | undefined
  #lastSeq: number
  #making: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isSoon = false
  #startedAt = -Infinity
  #due: Head[] = []
  #trouble = new Map<'checkpoints' | 'witness', string>()

  /** @param covered the newest checkpoint there is; undefined before the first */
  constructor(options: CheckpointerOptions, head: Head, covered: Checkpoint | undefined) {
    this.#options = options
    this.#head = head
    this.#last = covered
    this.#lastSeq = covered?.seq ?? 0
  }

  get last(): Checkpoint | undefined {
    return this.#last
  }

  /** What could not be written, in words; empty when all is well. */
  get troubles(): string[] {
    return [...this.#trouble].map(([, what]) => what)
  }

  /** Entries up to `head` are durable. */
  advanceTo(head: Head): void {
    this.#head = head
    if (head.seq - this.#lastSeq < this.#options.everyEntries)
      this.#timer ??= this.#after(this.#options.everyMs)
    else if (!this.#isSoon) this.#soon(head)
  }

  #soon(head: Head): void {
    const waitMs = this.#startedAt + LEAST_MS_BETWEEN - performance.now()
    if (waitMs <= 0) {
      this.#demand(head)
      return
    }
    clearTimeout(this.#timer)
    this.#isSoon = true
    this.#timer = this.#after(waitMs)
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#demand(this.#head), ms).unref()
  }

  /** A segment ended with `head`: sign exactly that, so that the segment can be judged by itself. */
  segmentEnded(head: Head): void {
    this.#demand(head)
  }

  /** Signs the present head now, if it is not signed yet. @throws Error when it cannot be stored */
  async now(): Promise<Checkpoint> {
    for (let attempt = 0; this.#lastSeq < this.#head.seq; attempt++) {
      this.#demand(this.#head)
      await this.#making
      const why = this.#trouble.get('checkpoints')
      if (why !== undefined && attempt > 0) throw new Error(why)
    }
    if (this.#last === undefined) throw new Error('an empty ledger has nothing to sign')
    return this.#last
  }

  /** Writes the witness copy again, such as after it was missing. */
  async renewWitness(): Promise<void> {
    if (this.#last !== undefined) await this.#copy(this.#last)
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#making
    if (this.#lastSeq < this.#head.seq) await this.now().catch(() => undefined) // the next start signs it
    clearTimeout(this.#timer)
  }

  #demand(head: Head): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isSoon = false
    this.#startedAt = performance.now()
    // heads of ended segments are kept; an ordinary one gives way to a newer
    if (this.#due.at(-1)?.seq !== head.seq) this.#due.push(head)
    if (this.#due.length > 16) this.#due.splice(0, this.#due.length - 16)
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined
    })
  }

  async #make(): Promise<void> {
    for (let head = this.#due.shift(); head !== undefined; head = this.#due.shift()) {
      if (head.seq <= this.#lastSeq) continue
      const { origin, signer, directory } = this.#options
      try {
        const checkpoint = signCheckpoint(origin, head, signer)
        await appendNote(checkpointPath(directory), checkpoint.note)
        this.#last = checkpoint
        this.#lastSeq = checkpoint.seq
        this.#trouble.delete('checkpoints')
        await this.#copy(checkpoint)
      } catch (error) {
        this.#trouble.set('checkpoints', `checkpoints cannot be written: ${messageOf(error)}`)
        this.#due = []
      }
    }
  }

  async #copy({ note }: Checkpoint): Promise<void> {
    const { witnessPath } = this.#options
    if (witnessPath === undefined) return
    try {
      await writeWitness(witnessPath, note)
      this.#trouble.delete('witness')
    } catch (error) {
      this.#trouble.set('witness', `the witness copy ${witnessPath} cannot be written: ${messageOf(error)}`)
    }
  }
}
