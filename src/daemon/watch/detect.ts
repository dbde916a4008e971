import { setImmediate, setTimeout } from 'node:timers/promises'
import { KnownError, messageOf } from '../../core/error.ts'
import type { Finding } from '../../core/incident.ts'
import type { Entry, Ledger } from '../../record/audit/index.ts'
import { findingOf, LONGEST_WINDOW_S, type Detector, type Observed } from '../../watch/detect/index.ts'
import { behindRecord, ClockWatch } from './detect-clock.ts'
import { readCursor, writeCursor, type Cursor } from './detect-cursor.ts'
import { observedOf } from './detect-entry.ts'

export interface DetectingOptions {
  readonly ledger: Pick<Ledger, 'read' | 'follow' | 'head'>
  readonly detector: Detector
  /** Where it is kept how far the ledger was read. */
  readonly cursorFile: string
  readonly raise: (finding: Finding) => void
  /** Everything raised so far is safe when this returns. */
  readonly sync: () => void
  /** The last entry a raised alert of this key rests on; 0 where there is none. */
  readonly told: (key: string) => number
  readonly labelsOf: (agent: string) => readonly string[]
  readonly now: () => number
  readonly monotonicMs: () => number
  /** How often everything is looked over. */
  readonly everyMs: number
  /** Done before the first entry is looked at, such as loading the rules; what it throws is an alert. */
  readonly prepare?: () => Promise<void>
  /** Further work of each cycle, such as reading changed rules; what it throws is an alert. */
  readonly cycle?: () => Promise<void>
  readonly lost: (error: unknown) => void
}

export interface DetectingFacts {
  readonly name: string
  readonly inForce: boolean
  readonly why?: string
  /** The entry that was looked at last. */
  readonly seq: number
  /** Entries not looked at yet. */
  readonly behind: number
  readonly cycles: number
}

/** Of what was read before, at most so much is read again to know what was under way. */
const MOST_WARM = 10_000
const PAGE = 256
const SAVE_MS = 5000
const AGAIN_MS = 1000
/** A cycle later than so many intervals was missed. */
const LATE = 2.5
/** Unread entries that are no longer a moment's backlog, when none was read for a whole cycle. */
const BEHIND = 1000

/** Follows the ledger from where it stopped, and holds every entry against the rules. Never throws. */
export class Detecting {
  readonly #options: DetectingOptions
  readonly #over = new AbortController()
  readonly #timers: NodeJS.Timeout[] = []
  #cursor: Cursor = { seq: 0, at: 0 }
  #saved = 0
  /** Entries up to here may have been told of before a crash. */
  #maybeTold = 0
  #problem: string | undefined = 'it has not begun'
  #lastCycleMs = 0
  #clock: ClockWatch | undefined
  #seqAtCycle = -1
  #cycles = 0
  #running: Promise<void> | undefined

  constructor(options: DetectingOptions) {
    this.#options = options
  }

  begin(): void {
    const { ledger, everyMs, monotonicMs, now } = this.#options
    this.#clock = new ClockWatch(now(), monotonicMs())
    this.#maybeTold = ledger.head().seq
    this.#lastCycleMs = monotonicMs()
    this.#timers.push(
      setInterval(() => void this.#look(), everyMs).unref(),
      setInterval(() => this.#save(), SAVE_MS).unref(),
    )
    this.#running = this.#follow()
  }

  /** Something a watcher of the host saw. */
  observe(event: Observed): void {
    try {
      for (const hit of this.#options.detector.observe(event)) this.#options.raise(findingOf(hit))
    } catch (error) {
      this.#options.lost(error)
    }
  }

  /** @returns once everything the ledger held when this was called has been looked at */
  async caughtUp(): Promise<void> {
    const { seq } = this.#options.ledger.head()
    while (this.#cursor.seq < seq && this.#problem === undefined) await setImmediate()
  }

  facts(): DetectingFacts {
    const { seq } = this.#cursor
    return {
      ...{ name: 'ledger', inForce: this.#problem === undefined, seq, cycles: this.#cycles },
      behind: Math.max(0, this.#options.ledger.head().seq - seq),
      ...(this.#problem === undefined ? {} : { why: this.#problem }),
    }
  }

  async close(): Promise<void> {
    this.#over.abort()
    for (const timer of this.#timers) clearInterval(timer)
    await this.#running
    this.#save()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#over
    await this.#options.prepare?.().catch((error: unknown) => this.#tellFailed(error))
    await this.#start()
    while (!signal.aborted) {
      try {
        await this.#readOn(signal)
        if (!signal.aborted) throw new Error('the ledger ended')
      } catch (error) {
        if (signal.aborted) return
        this.#fail('detect.stopped', `the ledger cannot be followed: ${messageOf(error)}`)
        await setTimeout(AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }

  async #readOn(signal: AbortSignal): Promise<void> {
    const { ledger } = this.#options
    this.#problem = undefined
    for await (const entry of ledger.follow(this.#cursor.seq, signal)) {
      this.#take(entry)
      if (entry.seq % PAGE === 0) await setImmediate() // a long backlog must not hold up who waits for an answer
    }
  }

  /** Where it stopped; what was under way then is read again, without telling of it again. */
  async #start(): Promise<void> {
    const { ledger, cursorFile, now, detector } = this.#options
    const head = ledger.head().seq
    try {
      const cursor = readCursor(cursorFile)
      this.#cursor = cursor ?? { seq: head, at: now() }
      if (cursor === undefined) writeCursor(cursorFile, this.#cursor)
      if (this.#cursor.seq > head)
        throw new Error(`it says ${this.#cursor.seq}, and the ledger ends at ${head}`)
    } catch (error) {
      this.#fail('detect.cursor', `where detection stopped cannot be told: ${messageOf(error)}`)
      this.#cursor = { seq: Math.max(0, head - MOST_WARM), at: now() }
    }
    this.#saved = this.#cursor.seq
    const backMs = behindRecord(this.#cursor.at, now())
    if (backMs !== undefined) this.#tellClock(backMs, 'while Warder did not run: the record ends later')
    const since = this.#cursor.at - LONGEST_WINDOW_S * 1000
    for (
      let at = Math.max(0, this.#cursor.seq - MOST_WARM);
      at < this.#cursor.seq && !this.#over.signal.aborted;
    ) {
      const page = ledger.read(at, Math.min(PAGE, this.#cursor.seq - at))
      for (const entry of page) {
        const event =
          Date.parse(entry.timestamp) < since ? undefined : observedOf(entry, this.#options.labelsOf)
        if (event !== undefined) detector.observe(event)
      }
      at = page.at(-1)?.seq ?? this.#cursor.seq
      await setImmediate()
    }
  }

  #take(entry: Entry): void {
    const { detector, raise, labelsOf, told, lost } = this.#options
    try {
      const event = observedOf(entry, labelsOf)
      const findings = event === undefined ? [] : detector.observe(event).map(findingOf)
      for (const finding of findings)
        if (entry.seq > this.#maybeTold || told(finding.key) < entry.seq) raise(finding)
    } catch (error) {
      lost(error)
    }
    this.#cursor = { seq: entry.seq, at: Date.parse(entry.timestamp) }
  }

  /** Everything is looked over: what is too old is forgotten, and whatever does not go as it should is an alert. */
  async #look(): Promise<void> {
    const { monotonicMs, everyMs, detector, now, cycle, ledger } = this.#options
    const lateMs = monotonicMs() - this.#lastCycleMs - everyMs
    this.#lastCycleMs = monotonicMs()
    this.#cycles += 1
    if (lateMs > (LATE - 1) * everyMs)
      this.#tell('detect.missed-cycle', `detection was held up for ${Math.round(lateMs / 1000)} s`, 'medium')
    const setBackMs = this.#clock?.look(now(), monotonicMs())
    if (setBackMs !== undefined) this.#tellClock(setBackMs, 'while Warder ran')
    const behind = ledger.head().seq - this.#cursor.seq
    if (behind > BEHIND && this.#seqAtCycle === this.#cursor.seq)
      this.#tell('detect.behind', `${behind} entries of the ledger were not looked at yet`, 'high')
    this.#seqAtCycle = this.#cursor.seq
    try {
      detector.sweep(now())
      await cycle?.()
    } catch (error) {
      this.#tellFailed(error)
    }
  }

  /** Windows, times on record and what expires go by it; integrity passes and waits do not. */
  #tellClock(backMs: number, when: string): void {
    const summary = `the clock of this machine was set back by ${Math.round(backMs / 1000)} s ${when}`
    this.#tell('detect.clock-set-back', summary, 'high')
  }

  #tellFailed(error: unknown): void {
    const where = error instanceof KnownError && error.where !== undefined ? `${error.where}: ` : ''
    this.#tell('detect.failed-cycle', `a cycle of detection failed: ${where}${messageOf(error)}`, 'high')
  }

  #fail(rule: string, why: string): void {
    this.#problem = why
    this.#tell(rule, why, 'high')
  }

  #tell(rule: string, summary: string, severity: Finding['severity']): void {
    const { raise, now } = this.#options
    raise({
      rule,
      source: 'detect',
      severity,
      summary,
      at: now(),
      key: rule,
      evidence: { seq: this.#cursor.seq },
    })
  }

  /** Alerts first: a cursor that is ahead of them would skip what was never told. */
  #save(): void {
    if (this.#cursor.seq === this.#saved) return
    try {
      this.#options.sync()
      writeCursor(this.#options.cursorFile, this.#cursor)
      this.#saved = this.#cursor.seq
    } catch (error) {
      this.#options.lost(error)
    }
  }
}
