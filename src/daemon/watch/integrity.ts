import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../../core/error.ts'
import type { Finding } from '../../core/incident.ts'
import { openExtendedAttributes, type ExtendedAttributes } from '../../platform/extended-attributes.ts'
import {
  fileStore,
  integrityDirectory,
  Monitor,
  type Evidence,
  type IntegrityState,
  type News,
  type Violation,
} from '../../watch/integrity/index.ts'
import { componentOf, type Component } from '../../watch/health/index.ts'
import {
  recoveryFinding,
  runOf,
  severalFinding,
  tamperFinding,
  violationFinding,
} from './integrity-finding.ts'
import { integrityEvent, recordedIn } from './integrity-record.ts'
import { integrityRoots } from './integrity-roots.ts'
import { checkModels } from './models.ts'
import type { BuiltRun } from './run-watcher.ts'
import type { SentryFacts, Touch, Toucher } from './sentry.ts'
import type { Raise, WatchOptions } from './wire.ts'

export type IntegrityNeeds = Pick<
  WatchOptions,
  'values' | 'home' | 'ledger' | 'keys' | 'append' | 'lost' | 'clock' | 'live'
>

/** Somebody who writes a hundred files in a moment is looked after once, not a hundred times. */
const GATHER_MS = 25
/** What was seen of a touch explains a change that is found a little later. */
const REMEMBER_MS = 60_000
const MOST_TOUCHES = 2000
/** Of one kind of file so many in a pass are told one by one. */
const MOST_TOLD = 20
/** Of one kind and by one run so many are incidents of their own, as long as they follow one another; then all together. */
const MOST_ALONE = 3
const FOLLOWS_MS = 10 * 60_000

interface LastPass {
  readonly at: number
  readonly milliseconds: number
  readonly filesRead: number
}

/** Compares the machine with its baseline as long as the daemon runs; does nothing before there is one. */
export class Integrity {
  readonly #options: IntegrityNeeds
  readonly #raise: Raise
  readonly #sentry: () => SentryFacts
  readonly #touched = new Map<string, { readonly who: Toucher; readonly at: number }>()
  readonly #waiting = new Set<string>()
  readonly #inARow = new Map<string, { count: number; at: number }>()
  #monitor: Monitor | undefined
  #attributes: { readonly calls: ExtendedAttributes | undefined } | undefined
  #gather: NodeJS.Timeout | undefined
  #timers: NodeJS.Timeout[] = []
  #last: LastPass | undefined
  #trouble: string | undefined

  constructor(options: IntegrityNeeds, raise: Raise, sentry: () => SentryFacts) {
    this.#options = options
    this.#raise = raise
    this.#sentry = sentry
  }

  /** Opens what was kept, if anything ever was. */
  begin(): void {
    const { values, ledger } = this.#options
    const recorded = recordedIn((filter) => ledger.query(filter))
    if (recorded.baseline === undefined && !existsSync(integrityDirectory(values['paths.state']))) return
    this.monitor()
    this.#schedule()
    void this.pass(false)
  }

  close(): void {
    clearTimeout(this.#gather)
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  get state(): IntegrityState {
    return this.#monitor?.state ?? 'unknown'
  }

  get last(): LastPass | undefined {
    return this.#last
  }

  evidence(): Evidence | undefined {
    return this.#monitor?.evidence
  }

  /** Folders in which whatever happens is told at once. */
  directories(): string[] {
    const { baseline } = this.#monitor ?? {}
    if (baseline === undefined) return []
    const isIn = baseline.entries.flatMap(({ path, kind }) =>
      kind === 'directory' ? [path] : [dirname(path)],
    )
    const roots = baseline.roots.map(({ path }) => dirname(path))
    const kept = integrityDirectory(this.#options.values['paths.state'])
    return [...new Set([...isIn, ...roots, kept])].filter((path) => existsSync(path))
  }

  /** Something was touched: if it is watched, it is looked at in a moment. */
  touched({ path, who }: Touch): void {
    if (this.#monitor?.baseline === undefined) return
    if (who !== undefined) this.#remember(path, who)
    this.#waiting.add(path)
    this.#gather ??= setTimeout(() => void this.#lookAtWaiting(), GATHER_MS).unref()
  }

  /** Everything is looked at. Never throws: a pass that fails is told, and shown. */
  async pass(isComplete: boolean): Promise<void> {
    await this.#looked((monitor) => monitor.pass(isComplete))
  }

  /** Looks at models a run is about to see; what differs is told like at any other look. @throws when it cannot be told */
  async models(run: BuiltRun): Promise<void> {
    await checkModels(run, {
      named: this.#options.values['integrity.models'],
      look: async (paths) => {
        await this.#looked((monitor) => monitor.check(paths))
        if (this.#trouble !== undefined) throw new Error(this.#trouble)
        return this.#monitor
      },
    })
  }

  /** Takes a baseline of what is there. @throws IntegrityError */
  async take(isAccepted: boolean) {
    const { values, home, clock } = this.#options
    const began = clock.monotonicMs()
    const roots = integrityRoots({ values, home, runtime: process.execPath })
    const { baseline, read } = await this.monitor().take(roots, isAccepted)
    this.#trouble = undefined
    this.#schedule()
    return { baseline, read, milliseconds: clock.monotonicMs() - began }
  }

  monitor(): Monitor {
    const { values, ledger, keys, append, clock } = this.#options
    this.#monitor ??= new Monitor({
      store: fileStore(values['paths.state']),
      signer: keys.signer('integrity'),
      verify: (bytes, signature) => keys.signer('integrity').verify(bytes, signature),
      mac: (text) => keys.secret('integrity').mac(text),
      recorded: recordedIn((filter) => ledger.query(filter)),
      attributes: () => this.#attributesHere(),
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      record: async (step) => void (await append(integrityEvent(step))),
    })
    return this.#monitor
  }

  /** How it is, for whoever asks what protection is in force. */
  part(): Component {
    const name = 'integrity'
    if (this.#trouble !== undefined)
      return { name, state: 'failed', why: this.#trouble, fix: 'warder integrity verify' }
    const fix = 'warder integrity diff'
    if (this.state === 'recovery_required') return { name, state: 'failed', why: this.#why(), fix }
    if (this.state === 'degraded') return { name, state: 'degraded', why: this.#why(), fix }
    if (this.state === 'unknown') {
      const why = 'no baseline was taken, so a changed program or policy would not be noticed'
      return { name, state: 'unknown', why, fix: 'warder integrity baseline' }
    }
    const { inForce, why } = this.#sentry()
    return componentOf(
      name,
      [{ name: 'instant', inForce, ...(why === undefined ? {} : { why }) }],
      'see docs/integrity.md',
    )
  }

  #why(): string {
    const [problem] = this.#monitor?.problems ?? []
    return problem ?? this.#monitor?.latch?.reason ?? 'something was changed'
  }

  #schedule(): void {
    if (this.#timers.length > 0) return
    const { values } = this.#options
    // by intervals, which no change of the clock can move
    this.#timers = [
      setInterval(() => void this.pass(false), values['integrity.interval']).unref(),
      setInterval(() => void this.pass(true), values['integrity.complete_interval']).unref(),
    ]
  }

  async #lookAtWaiting(): Promise<void> {
    this.#gather = undefined
    const paths = [...this.#waiting]
    this.#waiting.clear()
    await this.#looked((monitor) => monitor.check(paths))
  }

  async #looked(look: (monitor: Monitor) => Promise<News>): Promise<void> {
    const { clock, lost } = this.#options
    const monitor = this.#monitor
    if (monitor === undefined) return
    const began = clock.monotonicMs()
    const before = monitor.state
    try {
      const news = await look(monitor)
      const milliseconds = clock.monotonicMs() - began
      this.#last = { at: clock.now(), milliseconds, filesRead: news.read.files }
      this.#tell(monitor, news, before)
      this.#trouble = undefined
    } catch (error) {
      this.#trouble = `the last look failed: ${messageOf(error)}`
      lost(error)
    }
  }

  #tell(monitor: Monitor, { violations, tampered }: News, before: IntegrityState): void {
    const at = this.#options.clock.now()
    for (const problem of tampered) this.#raise(tamperFinding(problem, at, this.#keptBy()))
    const counted = new Map<string, number>()
    const together = new Map<string, Finding[]>()
    for (const violation of violations) {
      const { category } = violation
      const finding = this.#finding(monitor, violation, at)
      const count = (counted.get(category) ?? 0) + 1
      counted.set(category, count)
      const group = `${category}:${finding.run ?? ''}`
      // each model is taken out of use by its own finding
      if (category === 'model' || finding.class === undefined || !this.#isOneOfMany(group, at)) {
        if (count <= MOST_TOLD || category === 'model') this.#raise(finding)
        continue
      }
      together.set(group, [...(together.get(group) ?? []), finding])
      const { class: _, ...alert } = finding
      if (count <= MOST_TOLD) this.#raise(alert)
    }
    for (const [group, findings] of together) this.#raise(severalFinding(group, findings, at))
    if (monitor.state !== 'recovery_required' || before === 'recovery_required') return
    if (monitor.violations.length > 0)
      this.#raise(recoveryFinding(monitor.violations, at, String(monitor.latch?.revision ?? 0)))
  }

  #isOneOfMany(group: string, at: number): boolean {
    const before = this.#inARow.get(group)
    const count = before === undefined || at - before.at > FOLLOWS_MS ? 1 : before.count + 1
    this.#inARow.set(group, { count, at })
    return count > MOST_ALONE
  }

  #finding(monitor: Monitor, violation: Violation, at: number) {
    const who = this.#who(violation.path)
    const run = runOf(this.#options.live(), who)
    return violationFinding(violation, {
      ...{ state: monitor.state, at },
      ...(who === undefined ? {} : { who }),
      ...(run === undefined ? {} : { run }),
    })
  }

  #who(path: string): Toucher | undefined {
    const seen = this.#touched.get(path)
    return seen !== undefined && this.#options.clock.now() - seen.at < REMEMBER_MS ? seen.who : undefined
  }

  #keptBy(): Toucher | undefined {
    const kept = integrityDirectory(this.#options.values['paths.state'])
    return this.#who(`${kept}/baseline.json`) ?? this.#who(`${kept}/latch.json`)
  }

  #remember(path: string, who: Toucher): void {
    if (this.#touched.size >= MOST_TOUCHES) this.#touched.clear()
    this.#touched.set(path, { who, at: this.#options.clock.now() })
  }

  #attributesHere(): ExtendedAttributes | undefined {
    if (this.#attributes === undefined) {
      const found = openExtendedAttributes()
      this.#attributes = { calls: 'missing' in found ? undefined : found }
    }
    return this.#attributes.calls
  }
}
