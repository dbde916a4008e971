import { messageOf } from '../../core/error.ts'
import type { Finding } from '../../core/incident.ts'
import { isAtLeast, type RiskLevel } from '../../core/risk.ts'
import type { SecondStage } from '../../watch/detect/index.ts'

export interface StageOptions {
  readonly stage: SecondStage
  readonly worsen: (finding: Finding, severity: RiskLevel, why: string) => void
}

/** What waits at most for a model: a flood is not judged one by one. */
const MOST_WAITING = 100

/** Shows a model what rules found, one after the other, and takes a worse severity from it; a better one is not heard. */
export class Staging {
  readonly #options: StageOptions
  readonly #waiting = new Map<string, Finding>()
  #isBusy = false
  #problem: string | undefined

  constructor(options: StageOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.stage.name
  }

  problem(): string | undefined {
    return this.#problem
  }

  /** Never throws and never waits. */
  consider(finding: Finding): void {
    if (this.#waiting.size >= MOST_WAITING) return
    this.#waiting.set(finding.key, finding)
    if (!this.#isBusy) void this.#work()
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#judge(next)
    this.#isBusy = false
  }

  #next(): Finding | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    this.#waiting.delete(first[0])
    return first[1]
  }

  async #judge(finding: Finding): Promise<void> {
    const { stage, worsen } = this.#options
    try {
      const severity = await stage.judge(finding)
      this.#problem = undefined
      if (isAtLeast(finding.severity, severity)) return // it may only raise
      worsen(finding, severity, `the model at ${stage.name} rates it worse than the rule does`)
    } catch (error) {
      this.#problem = messageOf(error)
    }
  }
}
