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
  readonly #kept = new Map<string, Profile>()
  readonly #slots = new SlotTable<Clause>()

  constructor(policy: Policy, variables: (agent: string) => Variables) {
    this.#policy = policy
    this.#variables = variables
    this.#named = namedIn(policy)
  }

  /** @throws PolicyError `POLICY_INVALID` for an agent whose rules cannot be compiled */
  compileNamed(): void {
    for (const id of this.#named) this.of({ id, role: 'agent' }, false)
  }

  /**
   * @param hasWorkspace whether `who` has one, and so rules like nobody else's
   * @throws PolicyError `POLICY_INVALID`
   */
  of(who: Pick<Principal, 'id' | 'role' | 'preset'>, hasWorkspace: boolean): Profile {
    const isOwn = who.role === 'agent' && (hasWorkspace || this.#named.has(who.id))
    const key = profileKey(who, isOwn)
    let profile = this.#kept.get(key)
    if (profile === undefined) {
      profile = this.#compile(who)
      this.#kept.set(key, profile)
    }
    return profile
  }

  #compile(who: Pick<Principal, 'id' | 'role' | 'preset'>): Profile {
    try {
      return compileProfile(this.#policy, who, this.#variables(who.id), this.#slots)
    } catch (cause) {
      if (!(cause instanceof PolicyError)) throw cause
      const { file } = this.#policy.source
      const what = `${file}: the rules for ${who.id} cannot be compiled: ${cause.message}`
      throw new PolicyError('POLICY_INVALID', { what, fix: cause.fix, where: file, cause })
    }
  }
}
