import type { Action } from '../core/action.ts'
import { digestOf } from '../core/canonical.ts'
import type { Decision } from '../core/decision.ts'
import { messageOf } from '../core/error.ts'
import { isHostNamed } from '../core/host-pattern.ts'
import { newId } from '../core/id.ts'
import type { Permit } from '../core/permit.ts'
import type { OutwardEnd, Shape } from '../enforce/egress/index.ts'
import type { Profile } from '../enforce/sandbox/index.ts'
import { DeniedError, pass, permitOf, type Credential, type PermitBook, type Rooms } from '../gate/index.ts'

/** One place outside: a host as a name in lower case or an address in its shortest form, and a port. */
export interface Place {
  readonly host: string
  readonly port: number
}

export type PlaceAnswer =
  | {
      readonly effect: 'allow'
      readonly rule: string
      /** Until it is shut. */
      readonly for: 'run'
      /** How it may be used; absent: in any way. */
      readonly shapes?: readonly Shape[]
    }
  | { readonly effect: 'deny'; readonly rule: string; readonly reason: string; readonly fix: string }

/** What went to and fro while a place was open. */
export interface Traffic {
  readonly connections: number
  readonly bytesOut: number
  readonly bytesIn: number
}

/** What was when ways out were ended. */
export interface Ended {
  readonly ways: number
  /** Of these, whose connections nobody could tell of: the proxy did not say what was open, or was gone. */
  readonly untold: number
  /** Connections to hosts. */
  readonly open: readonly OutwardEnd[]
}

export interface RunWayOptions {
  readonly rooms: Rooms
  readonly permits: PermitBook
  readonly runId: string
  readonly agent: string
  /** Policy and approvals, for an answer that was given already. */
  readonly again: Rooms['decide']
  /** Where the gate finds how a question of ours is judged when its permit is spent. */
  readonly judged: Map<string, Rooms['decide']>
  /** Its network is `policy`, or `domains`: the names the profile itself opens, and all it opens. */
  readonly profile: Pick<Profile, 'name' | 'network'>
  /** What policy says of how a place is used. */
  readonly shapesOf: (place: Place) => readonly Shape[] | undefined
  readonly monotonicMs: () => number
}

interface Opened {
  readonly permit: Permit
  readonly action: Action
  readonly rule: string
  /** How it may be used, as text, to notice when the policy says it in another way. */
  readonly shapes: string
  readonly since: number
}

/** How often one run may ask for a further place; what is asked again and again is asked once. */
const PLACES_MAX = 512
const ASKING_MAX = 16

/**
 * The places outside one run may reach, each opened by a permit of its own for as long as the run goes on, or until
 * policy, grants or a stop close it again.
 */
export class RunWay {
  readonly #options: RunWayOptions
  readonly #rooms: Rooms
  readonly #opened = new Map<string, Opened>()
  readonly #asking = new Map<string, Promise<PlaceAnswer>>()
  readonly #saidNo = new Map<string, PlaceAnswer>()
  #isOver = false

  constructor(options: RunWayOptions) {
    this.#options = options
    const { rooms } = options
    this.#rooms = { ...rooms, decide: (who, action) => this.#bounded(rooms.decide(who, action), action) }
  }

  /** Asks the gate for a place; every run asks once, whoever inside wants to go there, and however often. Never throws. */
  ask(place: Place): Promise<PlaceAnswer> {
    const name = nameOf(place)
    const opened = this.#opened.get(name)
    if (opened !== undefined) return Promise.resolve(this.#yes(place, opened.rule))
    const said = this.#saidNo.get(name)
    if (said !== undefined) return Promise.resolve(said)
    const waiting = this.#asking.get(name)
    if (waiting !== undefined) return waiting
    if (this.#asking.size >= ASKING_MAX || this.#opened.size + this.#saidNo.size >= PLACES_MAX) {
      return Promise.resolve(TOO_MANY)
    }
    const asked = this.#askGate(place)
      .catch((error: unknown): PlaceAnswer => refusalOf(error))
      .then((answer) => this.#note(name, answer))
    this.#asking.set(name, asked)
    return asked
  }

  #note(name: string, answer: PlaceAnswer): PlaceAnswer {
    this.#asking.delete(name)
    if (answer.effect === 'deny') this.#saidNo.set(name, answer)
    return answer
  }

  async #askGate(place: Place): Promise<PlaceAnswer> {
    const { permits, monotonicMs, again, judged } = this.#options
    const action = actionOf(place, this.#options)
    const credential = agentOf(this.#options)
    judged.set(action.bytes, (who, asked) => this.#bounded(again(who, asked), asked))
    try {
      const verdict = await pass({ id: newId(), credential, action, door: 'egress' }, this.#rooms)
      const permit = permitOf(verdict)
      if (this.#isOver) return OVER
      permits.redeem(permit, 'egress', action.bytes)
      const { rule } = verdict.decision
      this.#opened.set(nameOf(place), {
        permit,
        action,
        rule,
        shapes: this.#shapes(place),
        since: monotonicMs(),
      })
      return this.#yes(place, rule)
    } finally {
      judged.delete(action.bytes)
    }
  }

  #shapes(place: Place): string {
    return JSON.stringify(this.#options.shapesOf(place) ?? [])
  }

  #yes(place: Place, rule: string): PlaceAnswer {
    const shapes = this.#options.shapesOf(place)
    return { effect: 'allow', rule, for: 'run', ...(shapes === undefined ? {} : { shapes }) }
  }

  /** What is open now. `since` is by the monotonic clock. */
  opened(): readonly (Place & { readonly rule: string; readonly since: number })[] {
    return [...this.#opened].map(([name, { rule, since }]) => ({ ...placeOf(name), rule, since }))
  }

  /**
   * What a profile with domains opens counts where policy has nothing to say, and what it does not name stays shut
   * whatever policy allows. A rule that denies, or asks, is stronger than the profile.
   */
  #bounded(decision: Decision, { resource }: Action): Decision {
    const { name, network } = this.#options.profile
    if (network.mode !== 'domains') return decision
    const rule = `profile.${name}.domains`
    const named = network.domains.find((pattern) => isNamed(resource, pattern))
    if (named === undefined) {
      if (decision.effect === 'deny') return decision
      const reason = `profile ${name} does not name it`
      return {
        ...decision,
        effect: 'deny',
        layer: 'sandbox',
        rule,
        reason,
        fix: `add it to the domains of ${name}`,
      }
    }
    if (decision.effect !== 'deny' || decision.rule !== 'default') return decision
    return { ...decision, effect: 'allow', layer: 'sandbox', rule, reason: `profile ${name} names ${named}` }
  }

  /** The places that policy, a grant that ended, or a stop has closed or changed since; they are no longer open here. */
  closedSince(): readonly (Place & { readonly permit: Permit; readonly since: number })[] {
    this.#saidNo.clear() // a no is good for the moment, so that who asks in a loop is asked about once in it
    if (this.#opened.size === 0) return [] // nor is somebody known who has not begun yet
    const { rooms, again } = this.#options
    const who = rooms.identify(agentOf(this.#options))
    const closed = [...this.#opened].filter(([name, { action, shapes }]) => {
      if (shapes !== this.#shapes(placeOf(name))) return true // to be opened again as the policy says it now
      const decision = rooms.contained(who, action) ?? this.#bounded(again(who, action), action)
      return decision.effect === 'deny'
    })
    for (const [name] of closed) this.#opened.delete(name)
    return closed.map(([name, { permit, since }]) => ({ ...placeOf(name), permit, since }))
  }

  /** Settles every permit; nothing is opened afterwards. */
  async end(traffic: (place: Place) => Traffic | undefined): Promise<void> {
    this.#isOver = true
    const opened = [...this.#opened]
    this.#opened.clear()
    for (const [name, { permit, since }] of opened) {
      const place = placeOf(name)
      await this.settle(permit, since, 'success', traffic(place))
    }
  }

  async settle(
    permit: Permit,
    since: number,
    result: 'success' | 'cancelled',
    traffic?: Traffic,
  ): Promise<void> {
    const { permits, monotonicMs } = this.#options
    const note = traffic === undefined ? 'closed' : noteOf(traffic)
    await permits.settle(permit, { result, durationMs: monotonicMs() - since, note })
  }
}

const TOO_MANY: PlaceAnswer = {
  effect: 'deny',
  rule: 'egress.too-many-places',
  reason: `this run asked for ${PLACES_MAX} different places, or for ${ASKING_MAX} at once`,
  fix: 'start it again if it is honest work; one that asks for ever more names may be carrying data out in them',
}

const OVER: PlaceAnswer = {
  effect: 'deny',
  rule: 'egress.run-over',
  reason: 'the run is over',
  fix: 'nothing: it has ended',
}

function refusalOf(error: unknown): PlaceAnswer {
  if (error instanceof DeniedError) {
    const { decision } = error.verdict
    return { effect: 'deny', rule: decision.rule, reason: decision.reason, fix: decision.fix ?? SEE_WHY }
  }
  return {
    effect: 'deny',
    rule: 'error',
    reason: `it could not be decided: ${messageOf(error)}`,
    fix: SEE_WHY,
  }
}

const SEE_WHY = 'see the entry: warder audit list --decision deny --limit 1'

/** The way out is the agent's, as its socket is, and named like it. */
function agentOf({ agent, runId }: RunWayOptions): Credential {
  return { kind: 'agent', name: agent, run: runId.slice(-12) }
}

function actionOf(place: Place, { runId, agent, profile }: RunWayOptions): Action {
  const resource = nameOf(place)
  return {
    namespace: 'net',
    verb: 'connect',
    resource,
    risk: 'medium',
    bytes: digestOf({ run: runId, place: resource }),
    about: { run: runId, agent, profile: profile.name, until: 'for as long as this run goes on' },
  }
}

/** `host:port`, an IPv6 address in brackets, as policy writes it. */
export function nameOf({ host, port }: Place): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function placeOf(name: string): Place {
  const at = name.lastIndexOf(':')
  return { host: name.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(name.slice(at + 1)) }
}

const WEB_PORTS = ['80', '443']

/** A profile speaks of the web, so of its two ports. */
function isNamed(resource: string, pattern: string): boolean {
  const at = resource.lastIndexOf(':')
  return WEB_PORTS.includes(resource.slice(at + 1)) && isHostNamed(resource.slice(0, at), pattern)
}

function noteOf({ connections, bytesOut, bytesIn }: Traffic): string {
  return `${connections} connections, ${bytesOut} bytes out, ${bytesIn} bytes in`
}
