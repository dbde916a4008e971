import { secondOf, type Clause } from './clause.ts'
import type { Holder } from './held.ts'
import type { Profile } from './profile.ts'
import type { Scan } from './scan.ts'
import type { Settled } from './weigh.ts'

/**
 * Everything that speaks of one scanned resource, among the rules and among the grants. One search belongs to one engine
 * and is overwritten by the next request.
 */
export class Search {
  readonly #rulePlaces: number[] = []
  readonly #grantPlaces: number[] = []
  readonly #found: Clause[] = []
  #profile: Profile | undefined = undefined
  #holder: Holder | undefined = undefined
  #rules = 0
  #grants = 0

  /**
   * @param holder undefined for all but agents: another principal of the same name must not use their grants
   * @returns how many clauses there are
   */
  begin(profile: Profile, holder: Holder | undefined, scan: Scan, operation: number): number {
    this.#profile = profile
    this.#holder = holder
    this.#rules = profile.seek(scan, this.#rulePlaces, operation)
    this.#grants = holder === undefined ? 0 : holder.seek(scan, this.#grantPlaces, operation)
    return this.#rules + this.#grants
  }

  /**
   * The answer where one grant and nothing else speaks, with no condition but its time, at a risk below the policy's
   * bar: the most usual case, in which nothing has to be weighed and the clause itself need not be looked at.
   */
  plainAnswer(now: number): Settled | undefined {
    const holder = this.#holder
    if (holder === undefined || this.#rules !== 0 || this.#grants !== 1) return undefined
    const { table } = holder
    const place = this.#grantPlaces[0]!
    if (!table.isPlain(place, secondOf(now))) return undefined
    return {
      effect: 'allow',
      rule: table.rule(place),
      reason: table.reason(place),
      capabilities: table.capabilities(place),
      fix: undefined,
    }
  }

  /** The clauses found, as many as `begin` said; what stands beyond them is of no meaning. */
  clauses(): readonly Clause[] {
    const found = this.#found
    for (let i = 0; i < this.#rules; i++) found[i] = this.#profile!.table.value(this.#rulePlaces[i]!)
    for (let i = 0; i < this.#grants; i++) {
      found[this.#rules + i] = this.#holder!.table.value(this.#grantPlaces[i]!)
    }
    return found
  }
}
