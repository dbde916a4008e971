import { parseCapability } from '../../core/capability.ts'
import { newId } from '../../core/id.ts'
import { isAgentName, type Principal } from '../../core/principal.ts'
import { formatDuration } from '../../core/quantity.ts'
import { coversPattern } from './covers.ts'
import type { PolicyEngine } from './engine.ts'
import type { HeldGrant } from './held.ts'
import { PolicyError } from './error.ts'
import { readRecord, signRecord, type RecordBody, type Signer, type Verifier } from './grant-record.ts'
import { compilePattern } from './pattern.ts'
import type { GrantStore, SignedRecord } from './store.ts'

/** A capability lent to one agent for a time. */
export interface Grant extends HeldGrant {
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly revokedAt?: number
  readonly revokedBy?: string
}

export type GrantState = 'pending' | 'live' | 'expired' | 'revoked' | 'distrusted'

export interface GrantRequest {
  readonly principal: string
  readonly capability: string
  readonly reason: string
  readonly task?: string
  /** Epoch milliseconds; at once when absent. */
  readonly notBefore?: number
  /** The policy's usual time when absent; never longer than its longest. */
  readonly durationMs?: number
}

export interface GrantBookOptions {
  readonly store: GrantStore
  readonly signer: Signer
  /** Keys that signed before the present one. */
  readonly retired?: readonly Verifier[]
  readonly engine: PolicyEngine
  /** Grants the record says were taken back; the book must say so too, or its end was cut off. */
  readonly takenBack?: ReadonlySet<string>
  readonly now: number
}

const PAGE = 1000
const MAX_REASON = 500

/**
 * The book of grants: every one signed, none changed, taken back by a second record. Only what verifies is put into the
 * engine. A record that does not verify, or a gap, may hide that a grant was taken back, so everything older than it is
 * no longer trusted; `problems` says so.
 */
export class GrantBook {
  readonly #store: GrantStore
  readonly #signer: Signer
  readonly #engine: PolicyEngine
  readonly #grants = new Map<string, Grant>()
  readonly #distrusted = new Set<string>()
  readonly #problems: string[] = []

  constructor({ store, signer, retired = [], engine, takenBack = new Set(), now }: GrantBookOptions) {
    this.#store = store
    this.#signer = signer
    this.#engine = engine
    this.#load([signer, ...retired])
    for (const { id, revokedAt } of this.#grants.values()) {
      if (revokedAt !== undefined || !takenBack.has(id)) continue
      this.#problems.push(`the record says grant ${id} was taken back, and the book does not: it is not used`)
      this.#distrusted.add(id)
    }
    for (const grant of this.#grants.values()) {
      if (this.state(grant, now) === 'live' || this.state(grant, now) === 'pending') this.#admit(grant)
    }
  }

  #load(keys: readonly Verifier[]): void {
    let last: SignedRecord | undefined
    for (
      let page = this.#store.read(0, PAGE);
      page.length > 0;
      page = this.#store.read(last?.seq ?? 0, PAGE)
    ) {
      for (const record of page) {
        const reading = readRecord(record, last, keys)
        if (reading.ok) this.#remember(reading.body)
        else {
          this.#problems.push(`${reading.why}; the grants before it are not used`)
          for (const id of this.#grants.keys()) this.#distrusted.add(id)
        }
        last = record
      }
    }
  }

  #remember(body: RecordBody): void {
    if (body.kind === 'revocation') {
      const grant = this.#grants.get(body.grant)
      if (grant === undefined || grant.revokedAt !== undefined) return
      const { revokedAt, revokedBy } = body
      this.#grants.set(grant.id, { ...grant, revokedAt, revokedBy })
      return
    }
    const { id, principal, capability, grantor, reason, task, notBefore, expiresAt, createdAt } = body
    const grant = { id, principal, capability, grantor, reason, notBefore, expiresAt, createdAt }
    this.#grants.set(id, task === null ? grant : { ...grant, task })
  }

  #admit(grant: Grant): void {
    try {
      this.#engine.admit(grant)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.#problems.push(`grant ${grant.id} is not used: ${error.message}`)
      this.#distrusted.add(grant.id)
    }
  }

  /**
   * Gives a grant. It is in force when this returns, and written.
   *
   * @returns the grant, and what the grantor should know about it
   * @throws PolicyError `GRANT_FORBIDDEN` for a caller who may not, `GRANT_INVALID`, `PATTERN_INVALID`; CapabilityError
   */
  add(
    request: GrantRequest,
    by: Principal,
    now: number,
  ): { readonly grant: Grant; readonly warnings: readonly string[] } {
    this.#checkGrantor(by, request.principal)
    const policy = this.#engine.policy()
    const { principal, capability, reason, task, notBefore = now, durationMs = policy.grantMs } = request
    if (!isAgentName(principal)) {
      throw invalid(`${JSON.stringify(principal)} is not an agent name`, 'name the agent')
    }
    if (reason.trim() === '' || reason.length > MAX_REASON) {
      throw invalid(`a grant needs a reason of 1 to ${MAX_REASON} characters`, 'say what it is for: --reason')
    }
    if (!Number.isSafeInteger(durationMs) || durationMs < 1 || durationMs > policy.maxGrantMs) {
      const longest = formatDuration(policy.maxGrantMs)
      throw invalid(`a grant cannot last ${durationMs} ms`, `ask for at most ${longest}`)
    }
    if (!Number.isSafeInteger(notBefore) || notBefore < now || notBefore > now + policy.maxGrantMs) {
      throw invalid('a grant begins now or within the longest grant', 'give a start that is near')
    }
    if (capability.includes('${')) throw invalid('a grant has no variables', 'write the path out')
    const warnings = this.#warnings(capability)
    const made = { id: newId(), principal, capability, grantor: by.id, reason, createdAt: now }
    const times = { notBefore, expiresAt: notBefore + durationMs }
    const grant: Grant = { ...made, ...times, ...(task === undefined ? {} : { task }) }
    // first the index, which can refuse; then the book, and back out when it cannot be written
    this.#engine.admit(grant)
    try {
      const fields = { kind: 'grant' as const, ...made, ...times, task: task ?? null }
      this.#store.append((last) => signRecord(fields, last, this.#signer))
    } catch (error) {
      this.#engine.withdraw(grant.id)
      throw error
    }
    this.#grants.set(grant.id, grant)
    return { grant, warnings }
  }

  #checkGrantor(by: Principal, principal: string): void {
    if (this.#engine.mayGrant(by.role) && by.id !== principal && by.role !== 'agent') return
    throw new PolicyError('GRANT_FORBIDDEN', {
      what: `${by.id} (${by.role}) may not give or take back grants`,
      fix: `let the owner do it; defaults.grantors of the policy names who else may`,
    })
  }

  #warnings(capability: string): string[] {
    const wanted = parseCapability(capability)
    if (wanted.namespace !== 'fs' && wanted.namespace !== 'process') return []
    const pattern = compilePattern(wanted)
    const { list } = this.#engine.exclusions()
    const names = new Set<string>()
    for (const { pattern: excluded, clause } of list) {
      if (coversPattern(excluded, pattern) === 'yes') {
        return [`it opens nothing: ${clause.rule} holds whatever is granted`]
      }
      if (coversPattern(pattern, excluded) === 'yes') names.add(clause.rule)
    }
    return names.size === 0 ? [] : [`it does not open what these keep shut: ${[...names].join(', ')}`]
  }

  /**
   * Takes a grant back; every decision that starts after this goes without it.
   *
   * @throws PolicyError `GRANT_FORBIDDEN`, `GRANT_UNKNOWN`, `GRANT_ENDED`
   */
  revoke(id: string, by: Principal, now: number, reason = 'taken back'): Grant {
    this.#checkGrantor(by, '')
    const grant = this.#grants.get(id)
    if (grant === undefined) {
      throw new PolicyError('GRANT_UNKNOWN', {
        what: `there is no grant ${id}`,
        fix: 'look at: warder grant list',
      })
    }
    const state = this.state(grant, now)
    if (state === 'revoked' || state === 'expired') {
      throw new PolicyError('GRANT_ENDED', { what: `grant ${id} is ${state} already`, fix: 'nothing to do' })
    }
    return this.#end(grant, by.id, now, reason)
  }

  /** Takes back every grant in force that `which` picks: of an agent, of a task that is over, or all. */
  revokeAll(
    which: { readonly principal?: string; readonly task?: string },
    by: Principal,
    now: number,
  ): readonly Grant[] {
    this.#checkGrantor(by, '')
    return this.#pick(which, now).map((grant) => this.#end(grant, by.id, now, 'all taken back'))
  }

  /** Ends the grants bound to a task that is over. Warder's own doing: no caller decides it. */
  endTask(task: string, now: number): readonly Grant[] {
    return this.#pick({ task }, now).map((grant) => this.#end(grant, 'warder', now, 'the task is over'))
  }

  #pick({ principal, task }: { readonly principal?: string; readonly task?: string }, now: number): Grant[] {
    return this.list(now)
      .filter(({ state }) => state === 'live' || state === 'pending')
      .map(({ grant }) => grant)
      .filter((grant) => principal === undefined || grant.principal === principal)
      .filter((grant) => task === undefined || grant.task === task)
  }

  #end(grant: Grant, revokedBy: string, now: number, reason: string): Grant {
    // out of force first: a book that cannot be written must not keep a grant alive
    this.#engine.withdraw(grant.id)
    const ended = { ...grant, revokedAt: now, revokedBy }
    this.#grants.set(grant.id, ended)
    const fields = { kind: 'revocation' as const, grant: grant.id, revokedBy, revokedAt: now, reason }
    this.#store.append((last) => signRecord(fields, last, this.#signer))
    return ended
  }

  get(id: string): Grant | undefined {
    return this.#grants.get(id)
  }

  /** Every grant of the book, oldest first, with its state at `now`. */
  list(now: number): readonly { readonly grant: Grant; readonly state: GrantState }[] {
    return [...this.#grants.values()].map((grant) => ({ grant, state: this.state(grant, now) }))
  }

  state(grant: Grant, now: number): GrantState {
    if (grant.revokedAt !== undefined) return 'revoked'
    if (this.#distrusted.has(grant.id)) return 'distrusted'
    if (now >= grant.expiresAt) return 'expired'
    return now < grant.notBefore ? 'pending' : 'live'
  }

  /** What was wrong with the book when it was read; a caller must show it. */
  problems(): readonly string[] {
    return this.#problems
  }
}

function invalid(what: string, fix: string): PolicyError {
  return new PolicyError('GRANT_INVALID', { what, fix })
}
