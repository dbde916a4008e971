import type { ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import type { HaltedRun } from '../contain/stop/index.ts'
import { RestartBudget } from '../contain/stop/index.ts'
import { KINDS, messageOf } from '../core/error.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { SupervisorNote } from './supervisor-notes.ts'
import { BEAT_MS, hearDaemon, tell, type Place, type ToDaemon } from './supervisor-words.ts'

export interface SupervisorOptions {
  /** Starts a daemon; what it says and hears is its descriptor {@link SUPERVISOR_FD}. */
  readonly start: () => { readonly child: ChildProcess; readonly socket: Duplex }
  /** Freezes and kills every recorded run. */
  readonly endAgents: (place: Place, whenFrozen?: () => void) => Promise<HaltedRun[]>
  readonly note: (place: Place, note: SupervisorNote) => void
  /** Manual mode: no agent starts until the owner resumes. */
  readonly stopAll: (place: Place, by: string, reason: string) => void
  /** Tells the record of a stop that the owner gave by signal. */
  readonly noteStop: (place: Place, reason: string, receipts: readonly HaltedRun[]) => void
  readonly clock: Clock
  readonly log: Log
  readonly beatMs?: number
}

/** A daemon that reads a long ledger at its start is busy, not hung. */
const START_SILENCE_MS = 120_000
const PAUSE_MS = 200

interface Watch {
  readonly child: ChildProcess
  /** Absent until it holds the lock: before that the runs on disk are another daemon's. */
  place?: Place
  silentMs: number
  isReady: boolean
  isEnding: boolean
  /** Why we killed it, and what we ended before. */
  hung?: string
  ended: HaltedRun[]
}

interface End {
  /** How it ended, in words; absent when it ended as it should, or before it had begun. */
  readonly why?: string
  readonly code: number
}

/**
 * Keeps a daemon running and answers for its agents when it cannot: ends them when it hangs or dies, and starts it
 * again a few times. It needs nothing of the daemon for that but the registry of runs on the disk. It opens no network,
 * writes no ledger, and decides nothing an agent could ask for.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #beatMs: number
  readonly #restarts: RestartBudget
  #failures: ToDaemon['failures'] = []
  #place: Place | undefined
  #watch: Watch | undefined
  #isToldToEnd = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#beatMs = options.beatMs ?? BEAT_MS
    this.#restarts = new RestartBudget(() => options.clock.monotonicMs())
  }

  /** Runs until the daemon has ended for good. @returns the exit code: the daemon's own, or that nothing may go on */
  async run(): Promise<number> {
    for (;;) {
      const { why, code } = await this.#watchOne()
      if (why === undefined) return code
      if (!this.#restarts.take()) return this.#giveUp(why)
      this.#failures = [...this.#failures, { at: this.#at(), why }].slice(-5)
      this.#options.log.warn(`the daemon is started again: ${why}`)
      await new Promise((done) => setTimeout(done, PAUSE_MS * this.#restarts.taken))
      if (this.#isToldToEnd) return 0
    }
  }

  /** Told to end: so is the daemon, which is then not started again. */
  end(): void {
    if (this.#isToldToEnd) return
    this.#isToldToEnd = true
    if (this.#watch !== undefined) this.#watch.isEnding = true
    this.#watch?.child.kill('SIGTERM')
  }

  /** Passes on what concerns the daemon alone. */
  signal(name: 'SIGHUP'): void {
    this.#watch?.child.kill(name)
  }

  /** The owner's stop of everything, for when there is no time for a command: needs no daemon that answers. */
  async stopAll(reason: string): Promise<void> {
    const place = this.#place
    if (place === undefined) return // nothing has begun
    const receipts = await this.#options.endAgents(place, () =>
      this.#try(() => this.#options.stopAll(place, 'owner', reason)),
    )
    this.#try(() => this.#options.noteStop(place, reason, receipts))
    this.#options.log.warn(`everything is stopped: ${reason}`, { runs: receipts.length })
  }

  async #watchOne(): Promise<End> {
    const { child, socket } = this.#options.start()
    const watch: Watch = { child, silentMs: 0, isReady: false, isEnding: this.#isToldToEnd, ended: [] }
    this.#watch = watch
    this.#listen(watch, socket)
    const timer = setInterval(() => this.#tick(watch), this.#beatMs)
    const { code, signal } = await exitOf(child)
    clearInterval(timer)
    this.#watch = undefined
    socket.destroy()
    const receipts = [...watch.ended, ...(await this.#endAgents(watch))]
    if (watch.hung === undefined && (watch.isEnding || this.#cannotBegin(watch, code)))
      return { code: code ?? 1 }
    const why = watch.hung ?? `it ended with ${signal ?? `exit code ${code}`}`
    this.#note({ what: watch.hung === undefined ? 'crashed' : 'hung', why, receipts })
    return watch.isEnding ? { code: 1 } : { why, code: code ?? 1 }
  }

  /** The first start fails for a reason the daemon itself has told; later another command's daemon may be there. */
  #cannotBegin(watch: Watch, code: number | null): boolean {
    if (watch.isReady) return false
    return this.#failures.length === 0 || (watch.place === undefined && code === KINDS.conflict.exit)
  }

  #listen(watch: Watch, socket: Duplex): void {
    socket.on('error', () => undefined) // its end shows as the daemon's
    hearDaemon(socket, (words) => {
      watch.silentMs = 0
      if (words.say === 'ready') watch.isReady = true
      if (words.say === 'ending') watch.isEnding = true
      if (words.say === 'hello') {
        const { say: _, ...place } = words
        this.#place = watch.place = place
        tell(socket, { say: 'go', failures: this.#failures })
      }
    })
  }

  /** Counts its own ticks, not the clock: whoever was stopped itself, or slept with the machine, must not blame the daemon. */
  #tick(watch: Watch): void {
    watch.silentMs += this.#beatMs
    const limitMs = watch.isReady ? (watch.place?.hungAfterMs ?? START_SILENCE_MS) : START_SILENCE_MS
    if (watch.silentMs < limitMs || watch.hung !== undefined) return
    watch.hung = `it gave no sign of life for ${Math.round(watch.silentMs / 1000)} s`
    this.#options.log.error(`the daemon hangs: ${watch.hung}`)
    // first the agents, who nobody watches; then the daemon, which ends #watchOne
    void this.#endAgents(watch)
      .then((receipts) => (watch.ended = receipts))
      .finally(() => watch.child.kill('SIGKILL'))
  }

  #giveUp(why: string): number {
    const reason = `the daemon failed again after ${this.#restarts.taken} restarts: ${why}`
    const { log, stopAll } = this.#options
    const place = this.#place
    if (place !== undefined) this.#try(() => stopAll(place, 'warder', reason))
    this.#note({ what: 'gave-up', why: reason, receipts: [] })
    log.error(`${reason}; it is not started again, and every agent stays stopped`, {
      fix: 'find out why (warder doctor), then: warder daemon start, and warder resume --all --reason …',
    })
    return KINDS.stopped.exit
  }

  async #endAgents({ place }: Watch): Promise<HaltedRun[]> {
    if (place === undefined) return []
    try {
      return await this.#options.endAgents(place)
    } catch (error) {
      this.#options.log.error(`agents were not ended: ${messageOf(error)}`)
      return []
    }
  }

  #note(note: Omit<SupervisorNote, 'at'>): void {
    const place = this.#place
    if (place !== undefined) this.#try(() => this.#options.note(place, { ...note, at: this.#at() }))
  }

  /** A full disk must not keep us from what comes next. */
  #try(write: () => void): void {
    try {
      write()
    } catch (error) {
      this.#options.log.error(`not written: ${messageOf(error)}`)
    }
  }

  #at(): string {
    return new Date(this.#options.clock.now()).toISOString()
  }
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    code: number | null
    signal: NodeJS.Signals | null
  }>()
  child.once('exit', (code, signal) => resolve({ code, signal }))
  child.once('error', reject)
  return promise
}
