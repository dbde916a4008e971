import type { Clause } from './clause.ts'
import { NONE } from './held.ts'
import { seek } from './pattern-index.ts'
import type { Scan } from './scan.ts'
import type { SlotTable } from './slot-table.ts'
import { allowed, type Settled } from './weigh.ts'

/**
 * Everything that speaks of one scanned resource, among the rules and among the grants. One search belongs to one engine
 * and is overwritten by the next request.
 */
export class Search {
  readonly #rulePlaces: number[] = []
  readonly #grantPlaces: number[] = []
  readonly #found: Clause[] = []
  #ruleTable: SlotTable<Clause> | undefined = undefined
  #grantTable: SlotTable<Clause> | undefined = undefined
  #rules = 0
  #grants = 0

  /** Asks the rules, by the index of a profile. @returns how many clauses there are */
  askRules(table: SlotTable<Clause>, profile: number, scan: Scan, operation: number): number {
    this.#ruleTable = table
    this.#grants = 0
    this.#rules = seek(table, profile, scan, this.#rulePlaces, operation)
    return this.#rules
  }

  /**
   * Then the grants.
   *
   * @param holder {@link NONE} for all but agents: another principal of the same name must not use their grants
   * @returns how many clauses there are in all
   */
  askGrants(table: SlotTable<Clause>, holder: number, scan: Scan, operation: number): number {
    this.#grantTable = table
    this.#grants = holder === NONE ? 0 : seek(table, holder, scan, this.#grantPlaces, operation)
    return this.#rules + this.#grants
  }

  /**
   * Leaves out the grants whose time is surely over or has surely not come; their clauses need no look.
   *
   * @param second now in whole seconds, of `secondOf`
   * @returns how many clauses are left in all
   */
  leaveOutLapsed(second: number): number {
    const places = this.#grantPlaces
    let left = 0
    for (let i = 0; i < this.#grants; i++) {
      if (!this.#grantTable!.isLapsed(places[i]!, second)) places[left++] = places[i]!
    }
    this.#grants = left
    return this.#rules + left
  }

  /**
   * The answer where one grant and nothing else speaks, with no condition but its time, at a risk below the policy's
   * bar: the most usual case, in which nothing has to be weighed and the clause itself need not be looked at.
   */
  plainAnswer(second: number): Settled | undefined {
    if (this.#rules !== 0 || this.#grants !== 1) return undefined
    const table = this.#grantTable!
    const place = this.#grantPlaces[0]!
    if (!table.isPlain(place, second)) return undefined
    return allowed(table.rule(place), table.reason(place), table.capabilities(place))
  }

  /** The clauses found, as many as were told last; what stands beyond them is of no meaning. */
  clauses(): readonly Clause[] {
    const found = this.#found
    for (let i = 0; i < this.#rules; i++) found[i] = this.#ruleTable!.value(this.#rulePlaces[i]!)
    for (let i = 0; i < this.#grants; i++) {
      found[this.#rules + i] = this.#grantTable!.value(this.#grantPlaces[i]!)
    }
    return found
  }
}
