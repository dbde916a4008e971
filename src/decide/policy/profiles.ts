import type { Principal } from '../../core/principal.ts'
import type { Clause } from './clause.ts'
import type { Policy } from './compile.ts'
import { PolicyError } from './error.ts'
import { compileProfile, namedIn, profileKey, type Profile } from './profile.ts'
import { SlotTable } from './slot-table.ts'
import type { Variables } from './variables.ts'

/** The profiles of one policy: of those it names from the start, of all others when they first ask. */
export class Profiles {
  readonly #policy: Policy
  readonly #variables: (agent: string) => Variables
  readonly #named: ReadonlySet<string>
  readonly table = new SlotTable<Clause>()
  /** The index of each, or why there is none: compiling it again would fail again. */
  readonly #kept = new Map<string, number | PolicyError>()
  readonly #profiles: Profile[] = []

  constructor(policy: Policy, variables: (agent: string) => Variables) {
    this.#policy = policy
    this.#variables = variables
    this.#named = namedIn(policy)
  }

  /** @throws PolicyError `POLICY_INVALID` for an agent whose rules cannot be compiled */
  compileNamed(): void {
    for (const id of this.#named) this.indexOf({ id, role: 'agent' }, false)
  }

  /**
   * @param hasWorkspace whether `who` has one, and so rules like nobody else's
   * @throws PolicyError `POLICY_INVALID`
   */
  indexOf(who: Pick<Principal, 'id' | 'role' | 'preset'>, hasWorkspace: boolean): number {
    const isOwn = who.role === 'agent' && (hasWorkspace || this.#named.has(who.id))
    const key = profileKey(who, isOwn)
    const kept = this.#kept.get(key) ?? this.#compiled(who)
    this.#kept.set(key, kept)
    if (kept instanceof PolicyError) throw kept
    return kept
  }

  /** @param index as `indexOf` has given it */
  at(index: number): Profile {
    return this.#profiles[index]!
  }

  #compiled(who: Pick<Principal, 'id' | 'role' | 'preset'>): number | PolicyError {
    try {
      const profile = this.#compile(who)
      this.#profiles[profile.index] = profile
      return profile.index
    } catch (error) {
      if (error instanceof PolicyError) return error
      throw error
    }
  }

  #compile(who: Pick<Principal, 'id' | 'role' | 'preset'>): Profile {
    try {
      return compileProfile(this.#policy, who, this.#variables(who.id), this.table)
    } catch (cause) {
      if (!(cause instanceof PolicyError)) throw cause
      const { file } = this.#policy.source
      const what = `${file}: the rules for ${who.id} cannot be compiled: ${cause.message}`
      throw new PolicyError('POLICY_INVALID', { what, fix: cause.fix, where: file, cause })
    }
  }
}
