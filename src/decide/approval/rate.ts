import type { Action } from '../../core/action.ts'
import { RATE_CLASSES, type RateClass, type RateLimits } from '../../core/rate.ts'
import { isAtLeast } from '../../core/risk.ts'
import { messageOf } from '../../core/error.ts'

/** All agents together. */
export const EVERYBODY = '*'
/** How often something was done in each second: the second and the count, oldest first. */
export type Slots = readonly (readonly [secondNumber: number, count: number])[]
export type Counts = Partial<Record<RateClass, Slots>>
/** By agent, and for {@link EVERYBODY}. */
export type RateBook = Readonly<Record<string, Counts>>

/** Keeps the counts of the last minute over restarts. */
export interface RateStore {
  /** @throws Error when what is kept cannot be believed */
  read(): RateBook
  write(book: RateBook): void
}

/** A limit that is reached. */
export interface RateHit {
  readonly scope: 'agent' | 'all' | 'tool'
  /** The agent or the tool. */
  readonly of: string
  readonly what: RateClass | 'second' | 'pause'
  readonly limit: number
  readonly windowMs: number
  readonly opensInMs: number
}

export interface RatesOptions {
  readonly store: RateStore
  readonly limits: () => RateLimits
  /** Epoch milliseconds by a clock that only rises: who sets the time forward opens nothing. */
  readonly nowMs: () => number
  /** Told of what could not be read. */
  readonly problem: (what: string) => void
}

const WINDOW_S = 60
const MOST_BUCKETS = 1000
const READS = new Set(['read', 'list', 'status', 'resolve', 'verify', 'use', 'handle'])
const ENDS = new Set(['delete', 'kill', 'remove', 'stop', 'restart'])
const NO_WRITES = new Set(['tool', 'process', 'net', 'agent', 'model'])

/** What an action counts as; looking, outside of the network, counts as nothing. */
export function classesOf({
  namespace,
  verb,
  risk,
}: Pick<Action, 'namespace' | 'verb' | 'risk'>): RateClass[] {
  const isRead = READS.has(verb)
  const is: Record<RateClass, boolean> = {
    calls: !isRead || namespace === 'net',
    writes: !isRead && !NO_WRITES.has(namespace),
    destructive: !isRead && (ENDS.has(verb) || isAtLeast(risk, 'high')),
    network: namespace === 'net',
    installs: namespace === 'pkg' && (verb === 'install' || verb === 'update'),
  }
  return RATE_CLASSES.filter((each) => is[each])
}

interface Bucket {
  tokens: number
  readAt: number
}

/**
 * How often agents act. Counted in seconds over a minute that slides along, and written down with each act: a restart
 * gives nothing back. What cannot be read counts as full, which mends itself within a minute.
 */
export class Rates {
  readonly #options: RatesOptions
  readonly #book = new Map<string, Counts>()
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: RatesOptions) {
    this.#options = options
    const second = secondOf(options.nowMs())
    try {
      for (const [of, counts] of Object.entries(options.store.read()))
        this.#book.set(of, notAfter(counts, second))
    } catch (error) {
      options.problem(
        `how often agents acted in the last minute cannot be believed: ${messageOf(error).slice(0, 200)}`,
      )
      this.#book.set(EVERYBODY, Object.fromEntries(RATE_CLASSES.map((each) => [each, full(second)])))
    }
  }

  /** The limit that keeps this agent from doing it now, if one does. */
  hit(agent: string, action: Action): RateHit | undefined {
    const classes = classesOf(action)
    if (classes.length === 0) return undefined
    return this.#minuteHit(agent, classes) ?? this.#pauseHit(classes) ?? this.#secondHit(agent, action)
  }

  #minuteHit(agent: string, classes: readonly RateClass[]): RateHit | undefined {
    const { limits, nowMs } = this.#options
    const { agent: ofOne, all } = limits()
    const at = nowMs()
    for (const [scope, of, most] of [
      ['agent', agent, ofOne],
      ['all', EVERYBODY, all],
    ] as const) {
      for (const what of classes) {
        const limit = most[what]
        const slots = this.#slots(of, what, at)
        if (sum(slots) < limit) continue
        return { scope, of, what, limit, windowMs: WINDOW_S * 1000, opensInMs: opensInMs(slots, limit, at) }
      }
    }
    return undefined
  }

  #pauseHit(classes: readonly RateClass[]): RateHit | undefined {
    const { limits, nowMs } = this.#options
    const pauseMs = limits().installPauseMs
    const last = classes.includes('installs')
      ? this.#slots(EVERYBODY, 'installs', nowMs()).at(-1)?.[0]
      : undefined
    const until = last === undefined ? 0 : (last + 1) * 1000 + pauseMs
    const opensIn = until - nowMs()
    if (opensIn <= 0) return undefined
    return { scope: 'all', of: EVERYBODY, what: 'pause', limit: 1, windowMs: pauseMs, opensInMs: opensIn }
  }

  #secondHit(agent: string, { namespace, verb, resource }: Action): RateHit | undefined {
    const { agentPerSecond, toolPerSecond } = this.#options.limits()
    for (const [scope, of, key, limit] of [
      ['agent', agent, agent, agentPerSecond],
      ['tool', resource, toolKey(namespace, verb, resource), toolPerSecond],
    ] as const) {
      const { tokens } = this.#filled(key, limit)
      if (tokens >= 1) continue
      const waitMs = limit === 0 ? WINDOW_S * 1000 : ((1 - tokens) / limit) * 1000
      return { scope, of, what: 'second', limit, windowMs: 1000, opensInMs: Math.ceil(waitMs) }
    }
    return undefined
  }

  /** Counts an act that was allowed. @throws when it cannot be written: then it is not done */
  count(agent: string, action: Action): void {
    const classes = classesOf(action)
    if (classes.length === 0) return
    const { limits, nowMs, store } = this.#options
    const at = nowMs()
    const next = new Map(this.#book)
    for (const whose of [agent, EVERYBODY]) {
      const counted = classes.map(
        (what) => [what, plusOne(this.#slots(whose, what, at), secondOf(at))] as const,
      )
      next.set(whose, { ...next.get(whose), ...Object.fromEntries(counted) })
    }
    for (const [whose, counts] of next) if (isOver(counts, at)) next.delete(whose)
    store.write(Object.fromEntries(next))
    this.#book.clear()
    for (const [whose, counts] of next) this.#book.set(whose, counts)
    const { agentPerSecond, toolPerSecond } = limits()
    this.#filled(agent, agentPerSecond).tokens -= 1
    this.#filled(toolKey(action.namespace, action.verb, action.resource), toolPerSecond).tokens -= 1
  }

  /** What was counted in the last minute, for {@link EVERYBODY} and for each agent that did anything. */
  list(): readonly { readonly of: string; readonly used: Readonly<Record<RateClass, number>> }[] {
    const at = this.#options.nowMs()
    const names = new Set([EVERYBODY, ...[...this.#book.keys()].toSorted()])
    return [...names]
      .filter((of) => of === EVERYBODY || !isOver(this.#book.get(of) ?? {}, at))
      .map((of) => {
        const used = RATE_CLASSES.map((what) => [what, sum(this.#slots(of, what, at))] as const)
        return { of, used: Object.fromEntries(used) as Record<RateClass, number> }
      })
  }

  #slots(of: string, what: RateClass, at: number): Slots {
    return (this.#book.get(of)?.[what] ?? []).filter(([second]) => isWithin(second, at))
  }

  #filled(key: string, perSecond: number): Bucket {
    const at = this.#options.nowMs()
    const most = perSecond * 2
    const bucket = this.#buckets.get(key) ?? { tokens: most, readAt: at }
    bucket.tokens = Math.min(most, bucket.tokens + ((at - bucket.readAt) / 1000) * perSecond)
    bucket.readAt = at
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket) // the one that was not looked at for longest comes first, and is full by then
    if (this.#buckets.size > MOST_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value ?? '')
    return bucket
  }
}

function toolKey(namespace: string, verb: string, resource: string): string {
  return `\n${namespace}:${verb}:${resource}`
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000)
}

/** Counted as at the end of its second: nothing is forgotten too early. */
function isWithin(second: number, atMs: number): boolean {
  return (second + 1 + WINDOW_S) * 1000 > atMs
}

function isOver(counts: Counts, atMs: number): boolean {
  return RATE_CLASSES.every((what) => (counts[what] ?? []).every(([second]) => !isWithin(second, atMs)))
}

function sum(slots: Slots): number {
  return slots.reduce((all, [, count]) => all + count, 0)
}

/** When enough of it will lie more than a minute back. */
function opensInMs(slots: Slots, limit: number, atMs: number): number {
  let left = sum(slots)
  for (const [second, count] of slots) {
    left -= count
    if (left < limit) return (second + 1 + WINDOW_S) * 1000 - atMs
  }
  return WINDOW_S * 1000 // a limit of none at all
}

function plusOne(slots: Slots, second: number): Slots {
  const last = slots.at(-1)
  return last !== undefined && last[0] >= second
    ? [...slots.slice(0, -1), [last[0], last[1] + 1]]
    : [...slots, [second, 1]]
}

/** After the clock was set back nothing may lie in the future, or it would count for as long. */
function notAfter(counts: Counts, second: number): Counts {
  const moved = Object.entries(counts).map(([what, slots]) => [
    what,
    slots.map(([at, count]) => [Math.min(at, second), count] as const),
  ])
  return Object.fromEntries(moved) as Counts
}

function full(second: number): Slots {
  return [[second, Number.MAX_SAFE_INTEGER]]
}
