import type { Action, Domain } from '../../core/action.ts'
import { sha256 } from '../../core/canonical.ts'
import { parseCapability, type Capability } from '../../core/capability.ts'
import type { Decision } from '../../core/decision.ts'
import { messageOf } from '../../core/error.ts'
import type { Principal, Role } from '../../core/principal.ts'
import { operationOf, secondOf, type Clause, type Operation } from './clause.ts'
import { EMPTY_POLICY, mayGrant, readPolicy, type Policy } from './compile.ts'
import { Barrier } from './barrier.ts'
import { byDefault, denied, invalidResource, unknownAction } from './answer.ts'
import { covers } from './covers.ts'
import { LazyEvidence, type InForce } from './evidence.ts'
import type { Exclusions, ProtectedPlaces } from './exclusion.ts'
import { exclusionFix, ruleFix } from './fix.ts'
import { grantsFor, HeldGrants, NONE, type HeldGrant } from './held.ts'
import { Profiles } from './profiles.ts'
import { Scan } from './scan.ts'
import { Search } from './search.ts'
import { expand, type Variables } from './variables.ts'
import {
  factsOf,
  gate,
  isKnown,
  riskOf,
  settled,
  Voices,
  weigh,
  withEvidence,
  type Facts,
  type Settled,
} from './weigh.ts'
import type { Workspace, Workspaces } from './workspace.ts'

export interface PolicyOptions {
  /** For `evidence.microseconds`; only rises. */
  readonly monotonicMs: () => number
  readonly places?: ProtectedPlaces
  /** The value of `${HOME}`. */
  readonly home?: string
}

/** A clause that covers a resource, with the principal's facts: what `explain` shows. */
export interface Considered {
  readonly facts: Facts
  readonly found: readonly Clause[]
}

/**
 * The policy in force, compiled per principal: one lookup finds everything that speaks of a resource. Holds no file and
 * no store; starts with an empty policy, under which nothing is allowed to anybody but the owner.
 */
export class PolicyEngine {
  readonly #monotonicMs: () => number
  readonly #home: string | undefined
  readonly #barrier: Barrier
  readonly #scan = new Scan()
  readonly #search = new Search()
  readonly #voices = new Voices()
  #policy: Policy
  #profiles: Profiles
  readonly #held = new HeldGrants()
  #digest: string | undefined
  #epoch = 1
  #inForce: InForce | undefined

  /** @throws PolicyError `PATTERN_INVALID` when a protected place is not an absolute, plain path */
  constructor({ monotonicMs, places = {}, home }: PolicyOptions) {
    this.#monotonicMs = monotonicMs
    this.#home = home
    this.#barrier = new Barrier(places)
    this.#policy = readPolicy(EMPTY_POLICY, 'no policy', this.#variables(''))
    this.#profiles = this.#profilesOf(this.#policy)
  }

  /**
   * Puts a policy file in force, as a whole or not at all: when it has a problem the one before stays.
   *
   * @throws PolicyError `POLICY_INVALID` with every problem and its place
   */
  load(text: string | Uint8Array, file: string): Policy {
    const policy = readPolicy(text, file, this.#variables(''))
    const profiles = this.#profilesOf(policy)
    profiles.compileNamed()
    this.#policy = policy
    this.#replaceProfiles(profiles)
    return policy
  }

  /**
   * Says which directories belong to which agent: `${WORKSPACE}`, and what all others are kept out of.
   *
   * @throws PolicyError `PATTERN_INVALID`; then the ones before stay
   */
  setWorkspaces(list: readonly Workspace[]): void {
    this.#barrier.setWorkspaces(list)
    this.#replaceProfiles(this.#profilesOf(this.#policy))
  }

  #profilesOf(policy: Policy): Profiles {
    return new Profiles(policy, (agent) => this.#variables(agent))
  }

  #replaceProfiles(profiles: Profiles): void {
    this.#profiles = profiles
    this.#held.forgetProfiles()
    this.#changed()
  }

  #variables(agent: string): Variables {
    const workspaces = { WORKSPACE: this.#barrier.workspaces.of(agent) }
    const home = this.#home === undefined ? {} : { HOME: this.#home }
    return agent === '' ? home : { ...home, ...workspaces }
  }

  #changed(): void {
    this.#epoch++
    this.#digest = undefined
    this.#inForce = undefined
  }

  /**
   * Puts one verified grant in force; touches no other. The caller has checked who gave it and its signature.
   *
   * @throws PolicyError `PATTERN_INVALID`, CapabilityError; then nothing changed
   */
  admit(grant: HeldGrant): void {
    if (this.#held.admit(grant)) this.#changed()
  }

  /** Takes a grant out of force, for every decision that starts after this. */
  withdraw(id: string): boolean {
    const isHeld = this.#held.withdraw(id)
    if (isHeld) this.#changed()
    return isHeld
  }

  /** Takes out the grants whose time is over. They stopped working by themselves; this frees their place. */
  sweep(now: number): readonly string[] {
    const over = this.#held.over(now)
    for (const id of over) this.withdraw(id)
    return over
  }

  /**
   * Whether `who` may do `action`: the whole answer with its evidence. Never waits, never throws; an error while
   * deciding is a deny.
   *
   * @param now epoch milliseconds
   */
  decide(who: Principal, action: Action, now: number): Decision {
    const started = this.#monotonicMs()
    let answer: Settled
    let domain: Domain = 'tool_access'
    try {
      const operation = operationOf(action.namespace, action.verb)
      if (operation === undefined) answer = unknownAction(action)
      else {
        domain = operation.domain
        answer = this.#settle(who, action, operation, now)
      }
    } catch (error) {
      answer = settled('deny', 'error', `deciding failed: ${messageOf(error)}`, 'report this as a bug')
    }
    const inForce = (this.#inForce ??= { digest: this.digest(), epoch: this.#epoch })
    const took = Math.round((this.#monotonicMs() - started) * 1e6)
    return withEvidence(answer, new LazyEvidence(domain, inForce, took, who, action))
  }

  #settle(who: Principal, action: Action, operation: Operation, now: number): Settled {
    const scan = this.#scan
    // both asked for first: they are far away in memory, and on their way while the resource is read
    const holder = this.#held.holder(who.id)
    const profile = isKnown(who.role) && Number.isFinite(now) ? this.#profile(who, holder) : NONE
    const problem = scan.read(operation.kind, action.resource, operation.needsResource)
    if (problem !== undefined) return invalidResource(problem)
    const isOwner = who.role === 'owner'
    if (operation.kind === 'path' && scan.length > 0) {
      const excluded = this.#barrier.against(who, scan, operation)
      if (excluded !== undefined) return denied(excluded, exclusionFix(excluded))
    }
    if (profile === NONE) {
      return settled('deny', `role.${who.role}`, 'who asks is not known', 'identify yourself to Warder first')
    }
    const risk = riskOf(action)
    const { askAt, source } = this.#policy
    const second = secondOf(now)
    let count = this.#look(profile, grantsFor(who, holder), operation)
    if (count > 0) count = this.#search.leaveOutLapsed(second)
    const plain = count === 1 && risk < askAt ? this.#search.plainAnswer(second) : undefined
    if (plain === undefined && count > 0) {
      this.#voices.hear(this.#search.clauses(), count, factsOf(isOwner, risk, askAt, now, action.task))
      const { deny } = this.#voices
      if (deny !== undefined) return denied(deny, ruleFix(deny))
    }
    // without a label there is nothing above any ceiling, and the profile is not fetched
    const ceiling = action.sensitivity === undefined ? 0 : this.#profiles.at(profile).ceiling
    const closed = gate(action, isOwner, risk, ceiling, source.value)
    if (closed !== undefined) return closed
    if (isOwner) return settled('allow', 'role.owner', 'the owner may')
    const answer = plain ?? (count > 0 ? weigh(this.#voices, risk) : undefined)
    return answer ?? byDefault(who, action, operation, scan)
  }

  #look(profile: number, holder: number, operation: Operation): number {
    this.#search.askRules(this.#profiles.table, profile, this.#scan, operation.id)
    return this.#search.askGrants(this.#held.table, holder, this.#scan, operation.id)
  }

  /** The index of the profile of `who`. */
  #profile(who: Principal, holder: number): number {
    const isBindable = holder !== NONE && who.role === 'agent'
    const bound = isBindable ? this.#held.profileOf(holder, who.preset) : NONE
    if (bound !== NONE) return bound
    const profile = this.#profiles.indexOf(who, this.#barrier.workspaces.of(who.id).length > 0)
    if (isBindable) this.#held.bindProfile(holder, who.preset, profile)
    return profile
  }

  /** Everything that covers the resource of `action`, whether it applies or not; for `explain`. */
  consider(who: Principal, action: Action, now: number): Considered {
    const risk = riskOf(action)
    const isOwner = who.role === 'owner'
    const facts = factsOf(isOwner, risk, this.#policy.askAt, now, action.task)
    const operation = operationOf(action.namespace, action.verb)
    if (operation === undefined) return { facts, found: [] }
    if (this.#scan.read(operation.kind, action.resource, operation.needsResource) !== undefined) {
      return { facts, found: [] }
    }
    const isPath = operation.kind === 'path' && this.#scan.text.length > 0
    const excluded = isPath ? this.#barrier.against(who, this.#scan, operation) : undefined
    const holder = this.#held.holder(who.id)
    const profile = this.#profile(who, holder)
    const count = this.#look(profile, grantsFor(who, holder), operation)
    const found = this.#search
      .clauses()
      .slice(0, count)
      .toSorted((a, b) => a.order - b.order)
    return { facts, found: excluded === undefined ? found : [excluded, ...found] }
  }

  /** Whether the policy lets this agent ask a person for `capability`. */
  mayRequest(agent: string, capability: Capability): boolean {
    const own = this.#policy.statements.filter(
      ({ parts, agents }) => parts.source === 'may_request' && agents.includes(agent),
    )
    const variables = this.#variables(agent)
    return own.some(({ capability: text }) =>
      expand(parseCapability(text), variables).some((wide) => covers(wide, capability) === 'yes'),
    )
  }

  /** Whether the policy lets principals of this role give and take back grants. */
  mayGrant(role: Role): boolean {
    return mayGrant(this.#policy, role)
  }

  policy(): Policy {
    return this.#policy
  }

  exclusions(): Exclusions {
    return this.#barrier.exclusions
  }

  workspaces(): Workspaces {
    return this.#barrier.workspaces
  }

  /** The variables `agent`'s patterns are filled in with. */
  variablesOf(agent: string): Variables {
    return { ...this.#variables(agent), WORKSPACE: this.#barrier.workspaces.of(agent) }
  }

  /** The preset `who` has under this policy, if any. */
  presetOf(who: Principal): string | undefined {
    return this.#profiles.at(this.#profile(who, this.#held.holder(who.id))).preset
  }

  /** The clauses of the grants `principal` holds, live or not. */
  grantsOf(principal: string): readonly Clause[] {
    return this.#held.of(principal)
  }

  /** Rises with every change of policy, grants or workspaces. */
  epoch(): number {
    return this.#epoch
  }

  /** SHA-256 hex over the policy file, the grants held, and the workspaces. */
  digest(): string {
    this.#digest ??= sha256(
      `${this.#policy.digest}\n${this.#held.digest()}\n${this.#barrier.workspaces.digest()}`,
    )
    return this.#digest
  }
}
