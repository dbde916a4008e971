import type { EgressBudget } from './grant.ts'

export interface Usage {
  readonly requests: number
  readonly refused: number
  readonly connections: number
  readonly bytesOut: number
  readonly bytesIn: number
}

const MINUTE_MS = 60_000

/** What one run has used of its budget. Only counts; whoever counts past it has to stop. */
export class Spending {
  #budget: EgressBudget
  #requests = 0
  #refused = 0
  #bytesOut = 0
  #bytesIn = 0
  /** Requests that may still begin now; refilled as time goes by. */
  #tokens: number
  #filledAt: number

  constructor(budget: EgressBudget, monotonicMs: number) {
    this.#budget = budget
    this.#tokens = budget.requestsPerMinute
    this.#filledAt = monotonicMs
  }

  change(budget: EgressBudget): void {
    this.#budget = budget
    this.#tokens = Math.min(this.#tokens, budget.requestsPerMinute)
  }

  /** Takes one request. @returns what is spent, if something is; then nothing was taken */
  request(monotonicMs: number): 'rate' | 'requests' | 'bytes' | undefined {
    const perMs = this.#budget.requestsPerMinute / MINUTE_MS
    const passedMs = Math.max(0, monotonicMs - this.#filledAt)
    this.#tokens = Math.min(this.#budget.requestsPerMinute, this.#tokens + passedMs * perMs)
    this.#filledAt = Math.max(this.#filledAt, monotonicMs)
    if (this.#tokens < 1) return 'rate'
    if (this.#requests >= this.#budget.requests) return 'requests'
    if (this.isSpent()) return 'bytes'
    this.#tokens -= 1
    this.#requests += 1
    return undefined
  }

  refused(): void {
    this.#refused += 1
  }

  /** @returns whether these bytes, and all before them, were within the budget */
  bytes(out: number, inward: number): boolean {
    this.#bytesOut += out
    this.#bytesIn += inward
    return this.#bytesOut <= this.#budget.bytesOut && this.#bytesIn <= this.#budget.bytesIn
  }

  isSpent(): boolean {
    return this.#bytesOut >= this.#budget.bytesOut || this.#bytesIn >= this.#budget.bytesIn
  }

  get mostConnections(): number {
    return this.#budget.connectionsAtOnce
  }

  usage(connections: number): Usage {
    return {
      requests: this.#requests,
      refused: this.#refused,
      connections,
      bytesOut: this.#bytesOut,
      bytesIn: this.#bytesIn,
    }
  }
}
