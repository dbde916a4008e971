import { sha256 } from '../../core/canonical.ts'
import { parseCapability, type Capability } from '../../core/capability.ts'
import type { Principal } from '../../core/principal.ts'
import { addClause, clauseOf, removeClause, type Clause } from './clause.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { PRESETS } from './preset.ts'
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

/** What stands for a holder, or for a profile, where there is none. */
export const NONE = -1

const PRESET_BITS = 3
const PRESET_MASK = (1 << PRESET_BITS) - 1

interface Placement {
  readonly grant: HeldGrant
  readonly clause: Clause
  readonly digest: bigint
}

const FIELD = 1n << 256n
const FIRST_GRANT = 30_000

/** The grants in force, by holder and operation. One change touches the cells of that grant and nothing else. */
export class HeldGrants {
  readonly table = new SlotTable<Clause>()
  /** The index of each agent that holds something. */
  readonly #holders = new Map<string, number>()
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
    this.#place(grant.principal, capability, pattern, clause)
    const digest = digestOfGrant(grant)
    this.#placements.set(grant.id, { grant, clause, digest })
    this.#sum = (this.#sum + digest) % FIELD
    return true
  }

  #place(principal: string, capability: Capability, pattern: Pattern, clause: Clause): void {
    const known = this.#holders.get(principal)
    const holder = new PatternIndex(this.table, known)
    try {
      addClause(holder, capability, pattern, clause)
    } catch (error) {
      if (known === undefined) this.table.heads.giveBack(holder.index)
      throw error
    }
    if (known === undefined) this.#holders.set(onlyText(principal), holder.index)
  }

  withdraw(id: string): boolean {
    const placement = this.#placements.get(id)
    if (placement === undefined) return false
    const { grant, clause } = placement
    const index = this.#holders.get(grant.principal)
    if (index !== undefined) {
      const holder = new PatternIndex(this.table, index)
      const capability = capabilityOf(grant)
      removeClause(holder, capability, compilePattern(capability), clause)
      if (holder.size === 0) {
        this.#holders.delete(grant.principal)
        this.table.heads.giveBack(index)
      }
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

  /** The index of what `principal` holds, or {@link NONE}. */
  holder(principal: string): number {
    return this.#holders.get(principal) ?? NONE
  }

  /** The profile that was bound to this holder for this preset, or {@link NONE}: it spares a look for it by name. */
  profileOf(holder: number, preset: string | undefined): number {
    const memo = this.table.heads.memo(holder)
    return (memo & PRESET_MASK) === presetCode(preset) ? (memo >> PRESET_BITS) - 1 : NONE
  }

  bindProfile(holder: number, preset: string | undefined, profile: number): void {
    const code = presetCode(preset)
    if (code !== NONE) this.table.heads.setMemo(holder, ((profile + 1) << PRESET_BITS) | code)
  }

  /** After a new policy: nobody keeps a profile of the old one. */
  forgetProfiles(): void {
    this.table.heads.forgetMemos()
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

/**
 * Only agents, guests, chat senders, devices and people at the console hold grants: another principal of the same name
 * must not use them. `guest:NAME`, `chat:NAME`, `device:NAME` and `console:NAME` are no agent's names, and no agent's name
 * is one of theirs.
 */
export function grantsFor(who: Principal, holder: number): number {
  if (who.role === 'agent') return holder
  const named = nameOf(who)
  return named !== undefined && who.id.startsWith(named) ? holder : NONE
}

/** No preset is 0; one nobody knows is {@link NONE}, which nothing is bound to. */
function presetCode(preset: string | undefined): number {
  if (preset === undefined) return 0
  const at = (PRESETS as readonly string[]).indexOf(preset)
  return at === -1 ? NONE : at + 1
}

/**
 * The one copy V8 keeps of this text: what a parser makes of a short name is that copy too, so that finding it in the map
 * compares two addresses and never looks at the letters.
 */
function onlyText(text: string): string {
  return Object.keys({ [text]: 0 })[0] ?? text
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

function nameOf({ role, channel }: Principal): string | undefined {
  if (role !== 'guest' && role !== 'operator') return undefined
  if (channel === 'console') return 'console:'
  if (role === 'operator') return 'device:'
  return channel === 'chat' ? 'chat:' : 'guest:'
}
