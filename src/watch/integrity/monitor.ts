import { digestOf } from '../../core/canonical.ts'
import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { sealBaseline, type Baseline, type BaselineSigner } from './baseline.ts'
import type { Entry, Root } from './entry.ts'
import { INTEGRITY_ERRORS, IntegrityError } from './errors.ts'
import { describe, judge, stateOf, worse, type IntegrityState, type Violation } from './judge.ts'
import { sealLatch, type Latch } from './latch.ts'
import { openStored, type Recorded, type Trust } from './open.ts'
import type { IntegrityStore } from './store.ts'
import { givingWay, survey, type Survey } from './survey.ts'

export interface MonitorOptions extends Trust {
  readonly store: IntegrityStore
  readonly signer: BaselineSigner
  readonly recorded: Recorded
  /** Loaded when the first file is read in full. */
  readonly attributes: () => ExtendedAttributes | undefined
  readonly now: () => number
  readonly monotonicMs: () => number
  /** Puts a step on record before it counts. */
  readonly record: (step: MonitorStep) => Promise<void>
}

export type MonitorStep =
  | {
      readonly what: 'baseline'
      readonly revision: number
      readonly digest: string
      readonly entries: number
    }
  | {
      readonly what: 'state'
      readonly revision: number
      readonly state: IntegrityState
      readonly reason: string
    }

/** What a look brought to light, to be told. */
export interface News {
  /** Each of them once, for as long as it stands. */
  readonly violations: readonly Violation[]
  /** Somebody changed the baseline, or the state beside it. */
  readonly tampered: readonly string[]
  readonly read: Survey['read']
}

export interface Evidence {
  /** When the complete pass began, in milliseconds since 1970. */
  readonly at: number
  readonly state: IntegrityState
  readonly digest: string
}

const QUIET: News = { violations: [], tampered: [], read: { files: 0, bytes: 0 } }

/** Compares the machine with its baseline, again and again, and remembers that something was wrong. */
export class Monitor {
  readonly #options: MonitorOptions
  readonly #listings = new Map<string, readonly string[]>()
  #baseline: Baseline | undefined
  #digest = ''
  #latch: Latch | undefined
  #problems: readonly string[] = []
  #seen = new Map<string, Entry>()
  #violations: readonly Violation[] = []
  #mark = ''
  #evidence: Evidence | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: MonitorOptions) {
    this.#options = options
    this.#load(options.recorded)
  }

  get baseline(): Baseline | undefined {
    return this.#baseline
  }

  get state(): IntegrityState {
    if (this.#problems.length > 0) return 'recovery_required'
    if (this.#baseline === undefined) return 'unknown'
    return worse(this.#latch?.state ?? 'trusted', stateOf(this.#violations))
  }

  get problems(): readonly string[] {
    return this.#problems
  }

  get latch(): Latch | undefined {
    return this.#latch
  }

  get violations(): readonly Violation[] {
    return this.#violations
  }

  /** What was signed at a path and below it, and everything that was seen at the last look. */
  below(path: string): { readonly signed: readonly Entry[]; readonly seen: ReadonlyMap<string, Entry> } {
    const isMeant = (entry: Entry): boolean => entry.path === path || entry.path.startsWith(`${path}/`)
    return { signed: this.#baseline?.entries.filter(isMeant) ?? [], seen: this.#seen }
  }

  /** Of the last complete pass since Warder was started; undefined before the first. */
  get evidence(): Evidence | undefined {
    return this.#evidence
  }

  /** Looks at everything. A complete pass reads every file again, whatever its times say. */
  pass(isComplete: boolean): Promise<News> {
    return this.#inTurn(async () => {
      const tampered = await this.#lookAtStore()
      if (this.#baseline === undefined) return { ...QUIET, tampered }
      const at = this.#options.now()
      const { entries, read } = await this.#survey(this.#baseline.roots, isComplete ? new Map() : this.#seen)
      this.#seen = entries
      const violations = await this.#settle()
      if (isComplete) this.#evidence = { at, state: this.state, digest: this.#proof(at) }
      return { violations, tampered, read }
    })
  }

  /** Looks at these paths at once, as far as they are watched. */
  check(paths: readonly string[]): Promise<News> {
    return this.#inTurn(async () => {
      const tampered = await this.#lookAtStore()
      const roots = paths.flatMap((path) => this.#rootFor(path) ?? [])
      if (roots.length === 0) return { ...QUIET, tampered }
      const { entries, read } = await this.#survey(roots, this.#seen)
      for (const { path } of roots) this.#forget(path)
      for (const [path, entry] of entries) this.#seen.set(path, entry)
      return { violations: await this.#settle(), tampered, read }
    })
  }

  /**
   * Takes a new baseline of what is there now. The owner's word alone leads here.
   *
   * @param isAccepted whether what differs from the last one was looked at
   * @throws IntegrityError `INTEGRITY_CHANGED`, `INTEGRITY_TOO_MANY`
   */
  take(roots: readonly Root[], isAccepted: boolean): Promise<{ baseline: Baseline; read: Survey['read'] }> {
    return this.#inTurn(async () => {
      const at = this.#options.now()
      const { entries, read } = await this.#survey(roots, new Map())
      if (!isAccepted) this.#refuseChanges(entries)
      const revision =
        Math.max(this.#baseline?.revision ?? 0, this.#options.recorded.baseline?.revision ?? 0) + 1
      const baseline: Baseline = {
        ...{ version: 1, takenAt: at, revision },
        roots: [...roots],
        entries: [...entries.values()],
      }
      await this.#adopt(baseline, entries)
      this.#evidence = { at, state: this.state, digest: this.#proof(at) }
      return { baseline, read }
    })
  }

  async #adopt(baseline: Baseline, entries: Map<string, Entry>): Promise<void> {
    const { store, signer, record } = this.#options
    const { text, digest } = sealBaseline(baseline, signer)
    const { revision } = baseline
    await record({ what: 'baseline', revision, digest, entries: entries.size })
    store.write('baseline', text)
    this.#baseline = baseline
    this.#digest = digest
    this.#seen = entries
    this.#violations = []
    this.#problems = []
    await this.#setLatch('trusted', `baseline ${revision} was taken`, [])
  }

  #refuseChanges(entries: ReadonlyMap<string, Entry>): void {
    const standing = this.#baseline === undefined ? [] : judge(this.#baseline, entries)
    const [first] = standing
    const isGood = this.state === 'trusted' || (this.#baseline === undefined && this.#problems.length === 0)
    if (first === undefined && isGood) return
    throw new IntegrityError(INTEGRITY_ERRORS, 'INTEGRITY_CHANGED', {
      what:
        first === undefined
          ? `the state is ${this.state}: ${this.#latch?.reason ?? this.#problems[0] ?? 'something was changed'}`
          : `${standing.length} things differ from the last baseline; ${describe(first)}`,
      fix: 'look first: warder integrity diff; then say so: warder integrity baseline --accept',
    })
  }

  async #survey(roots: readonly Root[], known: ReadonlyMap<string, Entry>): Promise<Survey> {
    return await survey({
      ...{ roots, known, listings: this.#listings },
      attributes: this.#options.attributes(),
      pause: givingWay(this.#options.monotonicMs),
    })
  }

  /** What stands now, and of it what was not told yet. The state on the disk follows before anything is told. */
  async #settle(): Promise<Violation[]> {
    this.#violations = judge(this.#baseline!, this.#seen)
    const told = new Set(this.#latch?.told)
    const fresh = this.#violations.filter(({ key }) => !told.has(key))
    const standing = this.#violations.map(({ key }) => key)
    const isChanged = fresh.length > 0 || standing.length !== told.size
    const state = worse(this.#latch?.state ?? 'trusted', stateOf(this.#violations))
    if (isChanged) {
      const reason = fresh[0] === undefined ? (this.#latch?.reason ?? '') : describe(fresh[0])
      await this.#setLatch(state, reason, standing)
    }
    return fresh
  }

  async #setLatch(state: IntegrityState, reason: string, told: readonly string[]): Promise<void> {
    const { store, mac, now, record, recorded } = this.#options
    const before = this.#latch
    const isNew = before?.state !== state || before.baseline !== this.#digest
    const revision = Math.max(before?.revision ?? 0, recorded.state?.revision ?? 0) + (isNew ? 1 : 0)
    const latch: Latch = {
      ...{ version: 1, state, reason, revision, baseline: this.#digest, told: [...told] },
      since: isNew ? now() : (before?.since ?? now()),
    }
    store.write('latch', sealLatch(latch, mac))
    this.#latch = latch
    this.#mark = store.mark()
    if (isNew) await record({ what: 'state', revision, state, reason })
  }

  /** Somebody else's hand on what we keep shows in its mark; what it then says is compared with what we know. */
  async #lookAtStore(): Promise<readonly string[]> {
    const { store } = this.#options
    if (store.mark() === this.#mark) return []
    const opened = openStored(store, this.#options, this.#known())
    this.#mark = store.mark()
    const fresh = opened.problems.filter((problem) => !this.#problems.includes(problem))
    if (fresh.length === 0) return []
    this.#problems = [...this.#problems, ...fresh]
    if (this.#baseline === undefined) return fresh
    await this.#setLatch('recovery_required', fresh.join('; '), this.#latch?.told ?? [])
    return fresh
  }

  /** What the record says, or what we wrote since; what was put back before we began is older than either. */
  #known(): Recorded {
    const { recorded } = this.#options
    const [base, latch] = [this.#baseline, this.#latch]
    const isNewer = (mine: number, theirs: { readonly revision: number } | undefined): boolean =>
      theirs === undefined || mine > theirs.revision
    return {
      ...recorded,
      ...(base !== undefined && isNewer(base.revision, recorded.baseline)
        ? { baseline: { revision: base.revision, digest: this.#digest } }
        : {}),
      ...(latch !== undefined && isNewer(latch.revision, recorded.state)
        ? { state: { revision: latch.revision, state: latch.state } }
        : {}),
    }
  }

  #load(recorded: Recorded): void {
    const { baseline, digest, latch, problems } = openStored(this.#options.store, this.#options, recorded)
    this.#mark = problems.length > 0 ? '' : this.#options.store.mark()
    this.#baseline = baseline
    this.#digest = digest
    this.#latch = latch
    this.#seen = new Map(baseline?.entries.map((entry) => [entry.path, entry]))
  }

  #forget(path: string): void {
    const below = `${path}/`
    for (const each of this.#seen.keys()) {
      if (each === path || each.startsWith(below)) this.#seen.delete(each)
    }
  }

  /** A path is looked at as what it is in the baseline, or as part of the tree it lies in. */
  #rootFor(path: string): Root | undefined {
    const roots = this.#baseline?.roots ?? []
    const isIn = (root: Root): boolean =>
      root.path === path || (root.tree && (root.path === '/' || path.startsWith(`${root.path}/`)))
    const root = roots.find(isIn)
    return root === undefined ? undefined : { path, category: root.category, tree: root.tree }
  }

  #proof(at: number): string {
    return digestOf({ at, baseline: this.#digest, violations: this.#violations.map(({ key }) => key) })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
