import { hash } from 'node:crypto'
import type { Action, Domain } from '../../core/action.ts'
import { canonicalJson } from '../../core/canonical.ts'
import type { Evidence } from '../../core/decision.ts'
import type { Principal } from '../../core/principal.ts'

/** What decisions between two changes have in common. */
export interface InForce {
  readonly digest: string
  readonly epoch: number
}

/**
 * Evidence whose input hash is worked out when somebody reads it: hashing takes several times as long as deciding.
 * `JSON.stringify` reads it; copying with `{...evidence}` does not, so hand the object on as it is.
 */
export class LazyEvidence implements Evidence {
  readonly domain: Domain
  readonly #inForce: InForce
  /** A whole number, because V8 keeps every other one in an object of its own. */
  readonly #nanoseconds: number
  readonly #who: Principal
  readonly #action: Action

  constructor(domain: Domain, inForce: InForce, nanoseconds: number, who: Principal, action: Action) {
    this.domain = domain
    this.#inForce = inForce
    this.#nanoseconds = nanoseconds
    this.#who = who
    this.#action = action
  }

  get policyDigest(): string {
    return this.#inForce.digest
  }

  get epoch(): number {
    return this.#inForce.epoch
  }

  get microseconds(): number {
    return this.#nanoseconds / 1000
  }

  get inputHash(): string {
    return inputHash(this.#who, this.#action)
  }

  toJSON(): Evidence {
    const { domain, policyDigest, inputHash: input, epoch, microseconds } = this
    return { domain, policyDigest, inputHash: input, epoch, microseconds }
  }
}

/** The first 16 hex digits of SHA-256 over the canonical JSON of what the decision was about. */
export function inputHash(who: Principal, action: Action): string {
  const input = canonicalJson({
    principal: { id: who.id, role: who.role, preset: who.preset ?? null },
    action: {
      namespace: action.namespace,
      verb: action.verb,
      resource: action.resource.toWellFormed(),
      risk: action.risk,
      bytes: action.bytes,
      sensitivity: action.sensitivity ?? null,
      task: action.task ?? null,
      format: action.format ?? null,
    },
  })
  return hash('sha256', input).slice(0, 16)
}
