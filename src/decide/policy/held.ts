import { sha256 } from '../../core/canonical.ts'
import { parseCapability, type Capability } from '../../core/capability.ts'
import type { Principal } from '../../core/principal.ts'
import { addClause, clauseOf, removeClause, type Clause } from './clause.ts'
import { compilePattern } from './pattern.ts'
import type { Profile } from './profile.ts'
import { expand } from './variables.ts'
import { PatternIndex } from './pattern-index.ts'
import { SlotTable } from './slot-table.ts'

/** What the engine needs to know of a grant. */
export interface HeldGrant {
  readonly id: string
  readonly principal: string
  readonly capability: string
  readonly grantor: string
  readonly reason: string
  readonly task?: string
  /** Epoch milliseconds: holds from the first, and no longer at the second. */
  readonly notBefore: number
  readonly expiresAt: number
}

/** What one agent holds, with its profile beside it so that deciding needs one lookup. */
export class Holder extends PatternIndex<Clause> {
  role: Principal['role'] | undefined = undefined
  preset: string | undefined = undefined
  profile: Profile | undefined = undefined
  count = 0
}

interface Placement {
  readonly grant: HeldGrant
  readonly clause: Clause
  readonly digest: bigint
}

const FIELD = 1n << 256n
const FIRST_GRANT = 30_000

/** The grants in force, by holder and operation. One change touches the cells of that grant and nothing else. */
export class HeldGrants {
  readonly #holders = new Map<string, Holder>()
  readonly #table = new SlotTable<Clause>()
  readonly #placements = new Map<string, Placement>()
  /** The sum of the digests of all grants modulo 2^256: the digest of the set, without looking at the others. */
  #sum = 0n
  #given = 0

  /** @throws PolicyError `PATTERN_INVALID`, CapabilityError; then nothing changed */
  admit(grant: HeldGrant): boolean {
    if (this.#placements.has(grant.id)) return false
    const capability = capabilityOf(grant)
    const pattern = compilePattern(capability)
    const clause = clauseOf({
      source: 'grant',
      effect: 'allow',
      rule: `grant.${grant.id}`,
      reason: `granted by ${grant.grantor}: ${grant.reason}`,
      capability: grant.capability,
      order: FIRST_GRANT + ++this.#given / 1e9,
      from: grant.notBefore,
      until: grant.expiresAt,
      task: grant.task,
    })
    const holder = this.#holders.get(grant.principal) ?? new Holder(this.#table)
    addClause(holder, capability, pattern, clause)
    holder.count++
    this.#holders.set(grant.principal, holder)
    const digest = digestOfGrant(grant)
    this.#placements.set(grant.id, { grant, clause, digest })
    this.#sum = (this.#sum + digest) % FIELD
    return true
  }

  withdraw(id: string): boolean {
    const placement = this.#placements.get(id)
    if (placement === undefined) return false
    const { grant, clause } = placement
    const holder = this.#holders.get(grant.principal)
    if (holder !== undefined) {
      const capability = capabilityOf(grant)
      removeClause(holder, capability, compilePattern(capability), clause)
      if (--holder.count === 0) this.#holders.delete(grant.principal)
    }
    this.#placements.delete(id)
    this.#sum = (this.#sum - placement.digest + FIELD) % FIELD
    return true
  }

  over(now: number): readonly string[] {
    return [...this.#placements.values()]
      .map(({ grant }) => grant)
      .filter(({ expiresAt }) => expiresAt <= now)
      .map(({ id }) => id)
  }

  holder(principal: string): Holder | undefined {
    return this.#holders.get(principal)
  }

  /** After a new policy: nobody keeps a profile of the old one. */
  forgetProfiles(): void {
    for (const holder of this.#holders.values()) holder.profile = undefined
  }

  of(principal: string): readonly Clause[] {
    return [...this.#placements.values()]
      .filter(({ grant }) => grant.principal === principal)
      .map(({ clause }) => clause)
  }

  digest(): string {
    return this.#sum.toString(16)
  }
}

/** @throws PolicyError `PATTERN_INVALID` for a variable: a grant has none */
function capabilityOf(grant: HeldGrant): Capability {
  const written = parseCapability(grant.capability)
  const [capability = written] = expand(written, {})
  return capability
}

function digestOfGrant({ id, principal, capability, notBefore, expiresAt, task }: HeldGrant): bigint {
  return BigInt(`0x${sha256([id, principal, capability, notBefore, expiresAt, task ?? ''].join('\n'))}`)
}
