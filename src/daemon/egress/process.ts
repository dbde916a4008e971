import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { messageOf } from '../../core/error.ts'
import {
  type Airlock,
  type Answer,
  type Egress,
  type EgressEvent,
  type EgressGrant,
  type Opened,
  type Question,
  type RunUsage,
} from '../../enforce/egress/index.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { Batch } from './batch.ts'
import { toWire } from './grant-words.ts'
import { startChild } from './start.ts'
import { answerWords, confused, failure, unavailable } from './translate.ts'
import { FromEgressShape, settingsWords, type FromEgress, type Settings, type ToEgress } from './words.ts'

export interface EgressProcessOptions {
  /** The gate's answer to a place no rule of the run names. A promise that fails, or never settles, is a no. */
  readonly ask: (question: Question) => Promise<Answer>
  /** Writes an event to the record; nothing leaves on an allow before this has resolved. */
  readonly record: (event: EgressEvent) => Promise<void>
  /** The process has ended and these runs have no way out any more, and will have none. */
  readonly lost: (runIds: readonly string[], why: string) => void
  /** Read anew at each start, so that a secret in it is held no longer than it takes to send it. */
  readonly settings: () => Settings
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Pick<Log, 'warn' | 'error'>
  /** How long an order may take before the process counts as hung (default 10 s). */
  readonly orderMs?: number
}

/** `broken`: it ended by itself, and the next run that wants out starts another. */
export type EgressState = 'not started' | 'running' | 'broken'

const ORDER_MS = 10_000
const START_MS = 20_000
/** Between two starts, doubled each time up to the longest; a process that lived longer than that counts as well. */
const PAUSE_MS = { first: 250, longest: 30_000 } as const

type Order = Exclude<ToEgress, { say: 'begin' | 'answer' | 'kept' }>
/** An order without its number. */
type Told = Order extends infer O ? (O extends Order ? Omit<O, 'call'> : never) : never
type Outcome = Extract<FromEgress, { say: 'opened' | 'used' | 'done' | 'failed' }>

interface Pending {
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

interface Live {
  readonly child: ChildProcess
  readonly startedMs: number
  readonly ready: Promise<void>
  readonly isReady: () => void
  readonly pending: Map<number, Pending>
  /** The socket of each run. */
  readonly sockets: Map<string, string>
  readonly ended: PromiseWithResolvers<void>
  /** Events that were kept, and the process does not know yet. */
  readonly kept: Batch<number>
}

/**
 * The daemon's end of the egress process. The process is started with the first run that wants out, and again after it
 * died; runs that were open then stay without a way out, because nobody knows what was under way.
 */
export class EgressProcess implements Egress {
  readonly #options: EgressProcessOptions
  #live: Live | undefined
  #calls = 0
  #failures = 0
  #endedMs = 0
  #problem: string | undefined
  #airlock: Airlock | undefined
  #isClosed = false

  constructor(options: EgressProcessOptions) {
    this.#options = options
  }

  get state(): { readonly state: EgressState; readonly problem?: string; readonly pid?: number } {
    const pid = this.#live?.child.pid
    if (pid !== undefined) return { state: 'running', pid }
    const problem = this.#problem
    return problem === undefined ? { state: 'not started' } : { state: 'broken', problem }
  }

  async open(grant: EgressGrant, socketPath: string, uid?: number): Promise<Opened> {
    const live = await this.#running()
    const isFirst = !live.sockets.has(grant.runId)
    if (isFirst) live.sockets.set(grant.runId, socketPath)
    try {
      const given = uid === undefined ? {} : { uid }
      const outcome = await this.#order(live, { say: 'open', grant: toWire(grant), socketPath, ...given })
      if (outcome.say !== 'opened') throw confused()
      return outcome.authorityPem === undefined ? {} : { authorityPem: outcome.authorityPem }
    } catch (error) {
      if (isFirst) live.sockets.delete(grant.runId)
      throw error
    }
  }

  async update(grant: EgressGrant): Promise<void> {
    await this.#order(this.#alive(), { say: 'update', grant: toWire(grant) })
  }

  async shut(runId: string, host: string, port: number): Promise<void> {
    if (this.#live !== undefined) await this.#order(this.#live, { say: 'shut', runId, host, port })
  }

  async close(runId: string): Promise<RunUsage | undefined> {
    const live = this.#live
    if (live?.sockets.delete(runId) !== true) return undefined
    const outcome = await this.#order(live, { say: 'close', runId })
    return outcome.say === 'used' ? outcome.usage : undefined
  }

  /** Also when it does not answer: then it is killed. */
  async halt(why: string): Promise<void> {
    const live = this.#live
    if (live === undefined) return
    live.sockets.clear()
    await this.#order(live, { say: 'halt', why })
  }

  async setAirlock(airlock: Airlock): Promise<void> {
    this.#airlock = airlock
    if (this.#live !== undefined) await this.#order(this.#live, { say: 'airlock', airlock })
  }

  async usage(runId: string): Promise<RunUsage> {
    const outcome = await this.#order(this.#alive(), { say: 'usage', runId })
    if (outcome.say !== 'used' || outcome.usage === undefined) throw confused()
    return outcome.usage
  }

  /** Ends the process and every connection; nothing starts it again. */
  async end(): Promise<void> {
    this.#isClosed = true
    const live = this.#live
    if (live === undefined) return
    live.sockets.clear()
    live.child.kill('SIGKILL') // it holds nothing that has to be written down
    await live.ended.promise
  }

  #alive(): Live {
    if (this.#live === undefined) throw unavailable(this.#problem ?? 'it was not started')
    return this.#live
  }

  async #running(): Promise<Live> {
    if (this.#isClosed) throw unavailable('the daemon is ending')
    const waitMs = this.#endedMs + this.#pauseMs() - this.#options.clock.monotonicMs()
    if (this.#live === undefined && this.#failures > 0 && waitMs > 0) {
      throw unavailable(
        `${this.#problem ?? 'it ended'}; it is started again in ${Math.ceil(waitMs / 1000)} s`,
      )
    }
    const live = (this.#live ??= this.#start())
    await live.ready
    return live
  }

  #pauseMs(): number {
    return Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.max(0, this.#failures - 1))
  }

  #start(): Live {
    const settings = this.#options.settings() // first: nothing is started that cannot be told how to work
    const child = startChild()
    const ready = Promise.withResolvers<void>()
    ready.promise.catch(() => undefined) // whoever waits hears it
    const live: Live = {
      child,
      startedMs: this.#options.clock.monotonicMs(),
      ready: ready.promise,
      isReady: ready.resolve,
      pending: new Map(),
      sockets: new Map(),
      ended: Promise.withResolvers(),
      kept: new Batch((events) => this.#tell(live, { say: 'kept', events: [...events], isKept: true })),
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS)
    child.once('error', (error) => this.#ended(live, `it does not start: ${messageOf(error)}`, ready.reject))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      this.#ended(live, `it ended with ${signal ?? `exit code ${code}`}`, ready.reject)
    })
    child.on('message', (message) => this.#hear(live, message))
    void ready.promise.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
    this.#begin(live, settings)
    return live
  }

  #begin(live: Live, settings: Settings): void {
    const airlock = this.#airlock ?? settings.airlock
    this.#tell(live, { say: 'begin', settings: settingsWords({ ...settings, airlock }) })
    settings.proxy?.authorization?.fill(0)
  }

  #tell(live: Live, words: ToEgress): void {
    if (!live.child.connected) return
    live.child.send(words, (error) => {
      if (error !== null) live.child.kill('SIGKILL') // a channel that loses words is none
    })
  }

  #order(live: Live, order: Told): Promise<Outcome> {
    this.#calls += 1
    const call = this.#calls
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    live.pending.set(call, { resolve, reject })
    const timer = setTimeout(() => {
      this.#options.log.error('the egress process does not answer and is ended')
      live.child.kill('SIGKILL')
    }, this.#options.orderMs ?? ORDER_MS)
    if (this.#live !== live) reject(unavailable(this.#problem ?? 'it has ended'))
    else this.#tell(live, { ...order, call } as ToEgress)
    return promise.finally(() => {
      clearTimeout(timer)
      live.pending.delete(call)
    })
  }

  #hear(live: Live, message: unknown): void {
    // several at once, or something that is no message at all
    for (const words of Array.isArray(message) ? message : [message]) this.#hearOne(live, words)
  }

  #hearOne(live: Live, message: unknown): void {
    const words = FromEgressShape.safeParse(message)
    if (!words.success) {
      this.#options.log.error('the egress process says something that is no answer, and is ended')
      return void live.child.kill('SIGKILL')
    }
    const { data } = words
    if (data.say === 'ready') live.isReady()
    else if (data.say === 'warn') this.#options.log.warn(data.message)
    else if (data.say === 'ask') void this.#ask(live, data.ask, data.question as Question)
    else if (data.say === 'event') void this.#record(live, data.event, data.body as EgressEvent)
    else if (data.say === 'failed') live.pending.get(data.call)?.reject(failure(data))
    else live.pending.get(data.call)?.resolve(data)
  }

  async #ask(live: Live, ask: number, question: Question): Promise<void> {
    try {
      const answer = await this.#options.ask(question)
      this.#tell(live, { say: 'answer', ask, answer: answerWords(answer) })
    } catch (error) {
      const reason = `it could not be decided: ${messageOf(error)}`.slice(0, 4000)
      this.#tell(live, {
        say: 'answer',
        ask,
        answer: { effect: 'deny', rule: 'error', reason, fix: 'warder doctor' },
      })
    }
  }

  async #record(live: Live, event: number | undefined, body: EgressEvent): Promise<void> {
    try {
      await this.#options.record(body)
      if (event !== undefined) live.kept.add(event, 'now')
    } catch (error) {
      this.#options.log.error(`not recorded: ${messageOf(error)}`)
      if (event !== undefined) this.#tell(live, { say: 'kept', events: [event], isKept: false })
    }
  }

  #ended(live: Live, why: string, notReady: (error: unknown) => void): void {
    if (this.#live !== live) return
    this.#live = undefined
    const nowMs = this.#options.clock.monotonicMs()
    this.#failures = nowMs - live.startedMs > PAUSE_MS.longest ? 1 : this.#failures + 1
    this.#endedMs = nowMs
    this.#problem = this.#isClosed ? undefined : why
    const error = unavailable(why)
    notReady(error)
    for (const { reject } of live.pending.values()) reject(error)
    const runs = [...live.sockets.keys()]
    for (const path of live.sockets.values()) rmSync(path, { force: true }) // nobody answers there any more
    live.ended.resolve()
    if (this.#isClosed) return
    this.#options.log.error(`the egress process is gone: ${why}`, { runs: runs.length })
    this.#options.lost(runs, why)
  }
}
