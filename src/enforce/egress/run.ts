import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import type { Clock } from '../../platform/clock.ts'
import { isAirlockClosed, type Airlock } from './airlock.ts'
import { Spending, type Usage } from './budget.ts'
import type { CompanyProxy } from './dial.ts'
import { Lately } from './lately.ts'
import { distinctEnds, endOf, type OutwardEnd } from './outward-end.ts'
import type { ContentScanner } from './content/index.ts'
import type { AlertEvent, EgressEvent } from './event.ts'
import type { EgressGrant } from './grant.ts'
import { isNamedBy, targetName, type Host, type Target } from './host.ts'
import type { EgressLimits } from './limits.ts'
import { NameCount } from './names.ts'
import { PlaceLimits } from './place-limit.ts'
import type { Refusal } from './refusal.ts'
import type { Resolve } from './resolve.ts'
import { compileRules, rulesFor, type CompiledRule, type EgressRule, type RuleBook } from './rules.ts'

/** What a run asks its surroundings for. */
export interface EgressPorts {
  /** Puts a connection no rule names before whoever may decide; whatever fails is a no. */
  readonly ask: (question: Question, signal: AbortSignal) => Promise<Answer>
  /** Keeps an event. An allow is only acted on once this has resolved. */
  readonly record: (event: EgressEvent) => Promise<void>
  readonly resolve: Resolve
  readonly clock: Clock
  /** Whether an address belongs to this machine, however public it looks. */
  readonly isOwn: (address: string) => boolean
  readonly proxy?: CompanyProxy
  /** PEM of the roots servers are believed by; absent: those this Node.js brings. */
  readonly roots?: readonly string[]
  /** What knows secrets by their looks, for rules on contents. */
  readonly scanner?: ContentScanner
  readonly newId: () => string
  readonly limits: EgressLimits
  /** For what went wrong in Warder itself; never holds what was sent. */
  readonly warn: (message: string) => void
}

export interface Question {
  readonly runId: string
  readonly agent: string
  readonly host: string
  readonly port: number
  readonly method?: string
  readonly path?: string
}

export type Answer =
  /**
   * `once` holds for {@link ONCE_MS}, for this host and port; `run` until the run ends or the place is shut. With shapes
   * only what fits one of them is allowed there.
   */
  | {
      readonly effect: 'allow'
      readonly rule: string
      readonly for: 'once' | 'run'
      readonly shapes?: readonly Shape[]
    }
  | { readonly effect: 'deny'; readonly rule: string; readonly reason: string; readonly fix: string }

/** What a rule may say beside where it holds. */
export type Shape = Pick<EgressRule, 'methods' | 'paths' | 'opaque' | 'addresses'> & {
  /** What answers and records call it, instead of the rule that opened the place. */
  readonly id?: string
}

/** What went to one place so far, as far as it has ended. */
export interface PlaceUsage {
  readonly host: string
  readonly port: number
  readonly connections: number
  readonly bytesOut: number
  readonly bytesIn: number
}

/** Long enough to connect and to say what for; an intercepted host is decided on twice within it. */
export const ONCE_MS = 15_000

/** A client's connection, and what is watched about it. */
export interface Tracked {
  readonly socket: Socket
  /** Where it leads, once that is known; a connection with plain requests leads to many places. */
  target: string | undefined
  readonly openedAtMs: number
  /** Waiting for a head; otherwise bytes may rest for longer. */
  isWaiting: boolean
  movedAtMs: number
  /** Carried so far, where they are counted one by one. */
  bytes: number
  /** As of the last look. */
  bytesSeen: number
  /** Bytes of it that are in the budget already. */
  counted: { out: number; in: number }
  /** Whether somebody counts its bytes one by one; otherwise they are counted as it is looked at. */
  isCounted: boolean
}

/** One run's way out: its grant, what it has used, and everything of it that is open. */
export class EgressRun {
  readonly ports: EgressPorts
  readonly names = new NameCount()
  readonly spending: Spending
  readonly places = new PlaceLimits()
  readonly tracked = new Set<Tracked>()
  /** Connections to hosts. */
  readonly #outward = new Map<Socket, string>()
  readonly #places = new Map<string, { -readonly [K in keyof PlaceUsage]: PlaceUsage[K] }>()
  readonly asking = new Map<string, Promise<Answer>>()
  readonly #globalAirlock: () => Airlock
  readonly #end = new AbortController()
  #grant: EgressGrant
  #book: RuleBook
  readonly #intercept: RuleBook
  #extra: readonly EgressRule[] = []
  #alerted = new Set<string>()
  #cutOff: readonly OutwardEnd[] | undefined
  readonly #shutLately = new Lately<OutwardEnd>(() => this.ports.clock.monotonicMs())

  /** @throws EgressError `EGRESS_GRANT_INVALID` */
  constructor(grant: EgressGrant, ports: EgressPorts, globalAirlock: () => Airlock) {
    this.#grant = grant
    this.#book = compileRules(grant.rules)
    this.#intercept = interceptBook(grant)
    this.ports = ports
    this.#globalAirlock = globalAirlock
    setMaxListeners(0, this.#end.signal) // one for each name that is looked up, and it is gone with it
    this.spending = new Spending(grant.budget, ports.clock.monotonicMs())
  }

  get grant(): EgressGrant {
    return this.#grant
  }

  get book(): RuleBook {
    return this.#book
  }

  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Its own airlock, or that of all runs. */
  isAirlocked(now: number): boolean {
    return isAirlockClosed(this.#globalAirlock(), now) || isAirlockClosed(this.#grant.airlock, now)
  }

  /**
   * Rules, budget, limits, pins, airlock and time are exchanged; what is intercepted, with which secrets and for which contents,
   * stays as it was begun with.
   *
   * @throws EgressError `EGRESS_GRANT_INVALID`; then the old grant holds
   */
  update(grant: EgressGrant): void {
    this.#book = compileRules([...grant.rules, ...this.#extra])
    const { intercept, secrets, content } = this.#grant
    this.#grant = { ...grant, intercept, secrets, content }
    this.spending.change(grant.budget)
  }

  /** Somebody said yes to this one. */
  admit(target: Target, answer: Answer & { readonly effect: 'allow' }): void {
    const now = this.ports.clock.now()
    const where = { id: answer.rule, effect: 'allow', host: target.host.text, ports: [target.port] } as const
    const until = answer.for === 'once' ? { until: now + ONCE_MS } : {}
    const rules = (answer.shapes ?? [{}]).map((shape): EgressRule => ({ ...where, ...shape, ...until }))
    const old = this.#extra.filter((rule) => now < (rule.until ?? Infinity) && !isFor(rule, target))
    const extra = [...old, ...rules]
    this.#book = compileRules([...this.#grant.rules, ...extra])
    this.#extra = extra
  }

  /** Takes a yes back, and breaks off what goes there. */
  shut(target: Target): void {
    this.#extra = this.#extra.filter((rule) => !isFor(rule, target))
    this.#book = compileRules([...this.#grant.rules, ...this.#extra])
    const name = targetName(target)
    const outward = [...this.#outward].flatMap(([socket, where]) => (where === name ? [socket] : []))
    this.#shutLately.add(outward.flatMap(endOf))
    for (const tracked of this.tracked) if (tracked.target === name) tracked.socket.destroy()
    for (const socket of outward) socket.destroy()
  }

  /** Whether a rule was there from the beginning, and not for what somebody asked for. */
  isGiven({ rule }: CompiledRule): boolean {
    return this.#grant.rules.includes(rule)
  }

  /** A connection to a host was made. */
  keep(socket: Socket, target: Target): void {
    this.#outward.set(socket, targetName(target))
    socket.on('close', () => this.#outward.delete(socket))
    this.#spent(target.host.text, target.port, 1, 0, 0)
  }

  #spent(host: string, port: number, connections: number, out: number, inward: number): void {
    const key = `${host} ${port}`
    const place = this.#places.get(key)
    if (place !== undefined) {
      place.connections += connections
      place.bytesOut += out
      place.bytesIn += inward
    } else if (this.#places.size < MOST_PLACES) {
      this.#places.set(key, { host, port, connections, bytesOut: out, bytesIn: inward })
    }
  }

  isIntercepted(host: Host): boolean {
    return rulesFor(this.#intercept, host).length > 0
  }

  pinsFor(host: Host): readonly string[] {
    return this.#grant.pins.filter((pin) => isNamedBy(pin.host, host)).flatMap(({ spkiSha256 }) => spkiSha256)
  }

  alert(alert: AlertEvent['alert'], host: string, reason: string, secret?: string): void {
    // one of each kind for each host: an agent must not fill the record with them
    const key = `${alert} ${host} ${secret ?? ''}`
    if (this.#alerted.has(key) || this.#alerted.size >= MOST_ALERTS) return
    this.#alerted.add(key)
    const of = { runId: this.#grant.runId, agent: this.#grant.agent, at: this.ports.clock.now() }
    this.tell({ kind: 'alert', ...of, alert, host, reason, ...(secret === undefined ? {} : { secret }) })
  }

  /** Records what nobody waits for. */
  tell(event: EgressEvent): void {
    if (event.kind === 'end' && event.bytesOut + event.bytesIn > 0)
      this.#spent(event.host, event.port, 0, event.bytesOut, event.bytesIn)
    this.ports.record(event).catch(() => this.ports.warn(`an event of run ${event.runId} was not recorded`))
  }

  usage(): RunUsage {
    const outward = this.#cutOff ?? this.#open()
    return {
      ...this.spending.usage(this.tracked.size),
      places: [...this.#places.values()].map((place) => ({ ...place })),
      outward,
    }
  }

  #open(): readonly OutwardEnd[] {
    return [...this.#outward.keys()].flatMap(endOf)
  }

  /** Breaks off whatever goes on; who still waits for the first word of an answer gets it. */
  cutAnswered(): void {
    for (const { socket } of this.tracked) if (socket.bytesWritten > 0) socket.destroy()
    for (const socket of this.#outward.keys()) socket.destroy()
  }

  /** Breaks off everything that is open. */
  cut(): void {
    for (const { socket } of this.tracked) socket.destroy()
    for (const socket of this.#outward.keys()) socket.destroy()
  }

  /** @returns once all of it is closed and counted, or soon: whoever ends a run must not wait for its peers */
  async end(why: Refusal): Promise<void> {
    // a stop shuts places one by one, and may have come just before: that is told with what it belongs to
    this.#cutOff = distinctEnds([...this.#shutLately.all(), ...this.#open()])
    this.#end.abort(why)
    const open = [...[...this.tracked].map(({ socket }) => socket), ...this.#outward.keys()]
    const closing = open
      .filter(({ closed }) => !closed)
      .map((socket) => new Promise((done) => socket.once('close', done)))
    this.cut()
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, CLOSING_MS)
    await Promise.race([Promise.all(closing), promise]).finally(() => clearTimeout(timer))
  }
}

const CLOSING_MS = 1000
const MOST_ALERTS = 1000
const MOST_PLACES = 1024

export interface RunUsage extends Usage {
  readonly places: readonly PlaceUsage[]
  /** Connections to hosts that are open, or were when the run was ended: for whoever looks whether they are gone. */
  readonly outward: readonly OutwardEnd[]
}

function isFor(rule: EgressRule, { host, port }: Target): boolean {
  return rule.host === host.text && rule.ports?.includes(port) === true
}

/** Hosts to intercept are read as rules are, and as strictly. */
function interceptBook(grant: EgressGrant): RuleBook {
  return compileRules(grant.intercept.map((host) => ({ id: `intercept ${host}`, effect: 'allow', host })))
}
