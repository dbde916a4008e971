import type { Entry } from './entry.ts'
import { auditError } from './errors.ts'
import type { Written } from './serialise.ts'
import type { WriterNews } from './writer.ts'

interface Waiting {
  readonly written: Written
  readonly resolve: (entry: Entry) => void
  readonly reject: (error: Error) => void
}

const EARLY_FLUSH = 64
/** Callers woken in one turn of the event loop: what they do next must not hold it for long. */
const WOKEN_PER_TURN = 64

type Acknowledgement = WriterNews & { readonly kind: 'ack' }

/**
 * Between those who append and the writer's thread: sends what came in one turn of the event loop as one message, and
 * matches what the writer tells with those who wait, in order. At most `bound` entries are under way; past that, callers
 * wait here. Nothing is dropped.
 */
export class AppendQueue {
  readonly #send: (text: string) => void
  readonly #bound: number
  /** What was sent and has no answer yet, message by message; of the first, what stands before `#settled` has one. */
  #sent: Waiting[][] = []
  #settled = 0
  #underWay = 0
  #waiting: Waiting[] = []
  #acknowledged: Acknowledgement[] = []
  /** How many of the first acknowledgement's callers were told already. */
  #told = 0
  #isTurnSpent = false
  #isFlushDue = false
  #closed: string | undefined
  #onEmpty: (() => void)[] = []

  constructor(send: (text: string) => void, bound: number) {
    this.#send = send
    this.#bound = bound
  }

  /** Entries sent to the writer and not answered yet. */
  get underWay(): number {
    return this.#underWay
  }

  /** Entries whose callers wait because the writer has enough. */
  get waiting(): number {
    return this.#waiting.length
  }

  append(written: Written): Promise<Entry> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) {
        reject(unwritable(this.#closed))
        return
      }
      this.#waiting.push({ written, resolve, reject })
      if (this.#isFlushDue) {
        // the writer begins while the rest of a large batch is still being made
        if (this.#waiting.length >= EARLY_FLUSH) this.#sendWaiting()
        return
      }
      this.#isFlushDue = true
      // after the callers that the last acknowledgement woke: all they append goes out in one message
      process.nextTick(() => this.#flush())
    })
  }

  /**
   * The callers are woken some per turn. Node delivers messages as long as there are any, and what woken callers append
   * comes back as more of them: without this the event loop would never turn while the writer keeps up.
   */
  acknowledge(news: Acknowledgement): void {
    this.#acknowledged.push(news)
    if (!this.#isTurnSpent) this.#wakeSome()
  }

  refuse({ count, why }: WriterNews & { kind: 'refused' }): void {
    this.#wake(Infinity)
    const error = unwritable(why)
    for (let at = 0; at < count; at++) this.#next().reject(error)
    this.#goOn()
  }

  /** Resolves when everything appended so far has its answer. */
  async drained(): Promise<void> {
    while (this.underWay + this.waiting > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#onEmpty.push(resolve)
      await promise
    }
  }

  /** Refuses everything from now on, and everything that has no answer yet. */
  close(why: string): void {
    this.#closed = why
    this.#wake(Infinity) // these are durable, whatever happened since
    const error = unwritable(why)
    while (this.#underWay > 0) this.#next().reject(error)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#tellEmpty()
  }

  #wakeSome(): void {
    this.#wake(WOKEN_PER_TURN)
    this.#isTurnSpent = true
    setImmediate(() => {
      this.#isTurnSpent = false
      if (this.#acknowledged.length > 0) this.#wakeSome()
    })
    this.#goOn()
  }

  #wake(most: number): void {
    for (let left = most; left > 0;) {
      const news = this.#acknowledged[0]
      if (news === undefined) return
      const upTo = Math.min(news.count, this.#told + left)
      left -= upTo - this.#told
      this.#tell(news, upTo)
      if (this.#told < news.count) return
      this.#acknowledged.shift()
      this.#told = 0
    }
  }

  #tell({ first, prev, hashes }: Acknowledgement, upTo: number): void {
    let previous = this.#told === 0 ? prev : hashes.slice(this.#told * 64 - 64, this.#told * 64)
    for (; this.#told < upTo; this.#told++) {
      const { written, resolve } = this.#next()
      const hash = hashes.slice(this.#told * 64, this.#told * 64 + 64)
      resolve({ ...written.event, seq: first + this.#told, prev_hash: previous, hash })
      previous = hash
    }
  }

  #flush(): void {
    this.#isFlushDue = false
    this.#sendWaiting()
  }

  #sendWaiting(): void {
    const room = this.#bound - this.underWay
    if (this.#waiting.length === 0 || room <= 0) return
    const batch = this.#waiting.length <= room ? this.#waiting : this.#waiting.slice(0, room)
    this.#waiting = this.#waiting.length <= room ? [] : this.#waiting.slice(room)
    let text = ''
    for (const { written } of batch) text += `${written.text}\n`
    this.#sent.push(batch)
    this.#underWay += batch.length
    this.#send(text)
  }

  #next(): Waiting {
    const batch = this.#sent[0]
    const waiting = batch?.[this.#settled++]
    if (batch === undefined || waiting === undefined) {
      throw new Error('the writer answered for an entry nobody sent')
    }
    this.#underWay--
    if (this.#settled === batch.length) {
      this.#sent.shift()
      this.#settled = 0
    }
    return waiting
  }

  #goOn(): void {
    if (this.#waiting.length > 0 && !this.#isFlushDue) this.#flush()
    this.#tellEmpty()
  }

  #tellEmpty(): void {
    if (this.underWay + this.waiting > 0) return
    for (const resolve of this.#onEmpty.splice(0)) resolve()
  }
}

export function unwritable(why: string): Error {
  return auditError(
    'AUDIT_UNWRITABLE',
    `the ledger cannot be written: ${why}`,
    'free disk space or mend the ledger directory (warder doctor), then try again',
  )
}
