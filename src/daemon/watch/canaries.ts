import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sha256 } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { CanaryBook, resetBook, tracesOn, usedBy, type Canary, type Trace } from '../../watch/canary/index.ts'
import type { Component } from '../../watch/health/index.ts'
import {
  CANARY_PLANTED,
  CANARY_REMOVED,
  canaryEvent,
  listFinding,
  tokenFinding,
  touchFinding,
  traceFinding,
  useFinding,
  type Shower,
} from './canaries-finding.ts'
import { runOf } from './integrity-finding.ts'
import type { SentryFacts, Touch } from './sentry.ts'
import type { Raise, WatchOptions } from './wire.ts'

export type CanaryNeeds = Pick<
  WatchOptions,
  'values' | 'ledger' | 'keys' | 'append' | 'lost' | 'clock' | 'live'
>

/** Kinds whose use is a line of the record. */
const NAMED: ReadonlySet<Canary['kind']> = new Set(['token', 'dns', 'tool', 'secret'])
/** What a touch that was told explains of what is found afterwards. */
const EXPLAINS: Readonly<Record<Touch['what'], readonly Trace[]>> = {
  open: ['read'],
  write: ['content', 'read'],
  attribute: ['permissions', 'owner'],
  remove: ['gone', 'replaced'],
  make: ['gone', 'replaced', 'content', 'permissions', 'owner', 'read'],
}
/** What the kernel tells may come a moment after what it tells of is found. */
const PATIENCE_MS = 250
/** How far the record was read is written down so often. */
const CURSOR_EVERY = 500

/** Keeps the canaries and tells of every touch. Does nothing, and costs nothing, while there is none. */
export class Canaries {
  readonly #options: CanaryNeeds
  readonly #raise: Raise
  readonly #sentry: () => SentryFacts
  readonly #told = new Map<string, ReadonlySet<Trace>>()
  readonly #explained = new Map<string, Set<Trace>>()
  #book: CanaryBook | undefined
  #problem: string | undefined
  #timer: NodeJS.Timeout | undefined
  #following: AbortController | undefined

  constructor(options: CanaryNeeds, raise: Raise, sentry: () => SentryFacts) {
    this.#options = options
    this.#raise = raise
    this.#sentry = sentry
  }

  begin(): void {
    const { values } = this.#options
    if (!existsSync(join(values['paths.state'], 'canaries')) && this.#seenRevision() === 0) return
    try {
      this.book()
    } catch (error) {
      this.#distrust(messageOf(error))
      return
    }
    this.#watch()
    this.check(false)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#following?.abort()
    this.#following = undefined
  }

  get problem(): string | undefined {
    return this.#problem
  }

  /** @throws CanaryError `CANARY_FORGED` */
  book(): CanaryBook {
    this.#book ??= new CanaryBook(this.#bookOptions())
    return this.#book
  }

  list(): readonly Canary[] {
    return this.#book?.list() ?? []
  }

  files(): string[] {
    return this.list()
      .filter(({ file }) => file !== undefined)
      .map(({ name }) => name)
  }

  directories(): string[] {
    return [...new Set(this.files().map((path) => dirname(path)))].filter((path) => existsSync(path))
  }

  /** Fake tokens, for whoever looks through what leaves. */
  tokens(): readonly Canary[] {
    return this.list().filter(({ kind }) => kind === 'token')
  }

  async add(canary: Canary): Promise<void> {
    const revision = this.book().add(canary, this.#options.ledger.head().seq)
    await this.#options.append(canaryEvent('plant', revision, canary.kind))
    this.#watch()
  }

  async remove(canary: Canary): Promise<void> {
    const revision = this.book().remove(canary.id)
    this.#told.delete(canary.id)
    this.#explained.delete(canary.id)
    await this.#options.append(canaryEvent('remove', revision, canary.kind))
    this.#watch()
  }

  /** Begins a new list: the one that was there could not be believed. */
  async reset(): Promise<void> {
    this.#book = resetBook(this.#bookOptions())
    this.#problem = undefined
    await this.#options.append(canaryEvent('remove', this.#book.state.revision, 'list'))
    this.#watch()
  }

  /** What the kernel told. */
  touched(touch: Touch): void {
    const canary = this.list().find(({ file, name }) => file !== undefined && name === touch.path)
    if (canary === undefined) return
    const { clock, live } = this.#options
    const explained = this.#explained.get(canary.id) ?? new Set()
    this.#explained.set(canary.id, explained)
    for (const trace of EXPLAINS[touch.what]) explained.add(trace)
    this.#raise(touchFinding(canary, touch, clock.now(), runOf(live(), touch.who)))
  }

  /** A token somebody showed at one of our doors. */
  shown(token: string, uid: number | undefined, by?: Shower): void {
    if (this.list().length === 0) return
    const digest = sha256(token)
    const canary = this.tokens().find((each) => each.digest === digest)
    if (canary !== undefined) this.#raise(tokenFinding(canary, { uid, by }, this.#options.clock.now()))
  }

  /** Looks at each. @returns what befell it, by id */
  check(isWatched = this.#sentry().inForce): ReadonlyMap<string, readonly Trace[]> {
    if (this.#book !== undefined && !this.#book.isWhole())
      this.#distrust('the list of canaries is not what Warder wrote')
    const found = new Map<string, readonly Trace[]>()
    for (const canary of this.list()) {
      const traces = tracesOn(canary, isWatched)
      found.set(canary.id, traces)
      this.#tell(canary, traces)
    }
    return found
  }

  /** How a use of it would be noticed. */
  watchedBy({ kind, name }: Canary): string {
    if (kind === 'token') return "Warder's own doors, and what leaves through the proxy"
    if (NAMED.has(kind)) return 'the record'
    const { inForce, source, why, failed } = this.#sentry()
    const missed = failed.find((each) => each.startsWith(`${name}:`))
    if (!inForce || missed !== undefined)
      return `looks every ${this.#options.values['canary.interval'] / 1000} s, which do not tell who it was (${missed ?? why ?? 'nothing is watched'})`
    return source === 'fanotify'
      ? 'fanotify, with process and program'
      : 'inotify, which does not tell who it was'
  }

  part(): Component {
    const name = 'canaries'
    if (this.#problem !== undefined)
      return { name, state: 'failed', why: this.#problem, fix: 'warder canary remove --all' }
    const count = this.list().length
    if (count === 0) return { name, state: 'off', why: 'none is planted' }
    const { inForce, why } = this.#sentry()
    if (this.files().length === 0 || inForce) return { name, state: 'ok', why: `${count} planted` }
    return {
      name,
      state: 'degraded',
      why: `files are only looked at now and then: ${why ?? ''}`,
      fix: 'see docs/canaries.md',
    }
  }

  #tell(canary: Canary, traces: readonly Trace[]): void {
    const before = this.#told.get(canary.id)
    // a reading is an event, the others are states that stand until somebody mends them
    const fresh = traces.filter((trace) => trace === 'read' || before?.has(trace) !== true)
    this.#told.set(canary.id, new Set(traces))
    if (fresh.length === 0) return
    if (!this.#sentry().inForce) return this.#tellUnexplained(canary, fresh)
    setTimeout(() => this.#tellUnexplained(canary, fresh), PATIENCE_MS).unref()
  }

  #tellUnexplained(canary: Canary, traces: readonly Trace[]): void {
    const explained = this.#explained.get(canary.id)
    const at = this.#options.clock.now()
    for (const trace of traces) {
      if (explained?.has(trace) !== true) this.#raise(traceFinding(canary, trace, at))
    }
  }

  #watch(): void {
    const { values } = this.#options
    if (this.list().length === 0) return this.close()
    this.#timer ??= setInterval(() => this.check(), values['canary.interval']).unref()
    if (this.#following !== undefined || !this.list().some(({ kind }) => NAMED.has(kind))) return
    this.#following = new AbortController()
    void this.#follow(this.#following.signal).catch((error: unknown) => {
      this.#problem = `the record is not followed: ${messageOf(error)}`
      this.#options.lost(error)
    })
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { ledger, clock } = this.#options
    for await (const entry of ledger.follow(this.book().state.seen, signal)) {
      const canary = entry.agent === 'warder' ? undefined : usedBy(this.list(), entry)
      if (canary !== undefined) this.#raise(useFinding(canary, entry, clock.now()))
      if (canary !== undefined || entry.seq % CURSOR_EVERY === 0) this.book().saw(entry.seq)
    }
  }

  #distrust(problem: string): void {
    if (this.#problem === problem) return
    this.#problem = problem
    this.#raise(listFinding(problem, this.#options.clock.now()))
  }

  #bookOptions() {
    const { values, keys } = this.#options
    return {
      stateDirectory: values['paths.state'],
      mac: (text: string) => keys.secret('integrity').mac(text),
      seenRevision: this.#seenRevision(),
    }
  }

  #seenRevision(): number {
    const { ledger } = this.#options
    const newest = [CANARY_PLANTED, CANARY_REMOVED].map((action) =>
      Number(ledger.query({ action, order: 'newest', limit: 1 })[0]?.details['revision'] ?? 0),
    )
    return Math.max(...newest)
  }
}

export function newCanaryId(): string {
  return randomBytes(4).toString('hex')
}
