import type { Desk } from './desk.ts'
import type { ServerLimits, ToolRule } from './policy.ts'

const MINUTE_MS = 60_000

/** Which limit is reached. */
export interface Over {
  readonly rule: string
  readonly reason: string
  readonly fix: string
}

/** Whether as many calls as one of these rules lets be under way are. */
export function crowded({ catalogue, underWay }: Desk, rules: readonly ToolRule[]): Over | undefined {
  const limited = rules.filter(({ atOnce }) => atOnce !== undefined)
  if (limited.length === 0) return undefined
  const others = underWay().map((name) => catalogue.rules(name).rules)
  const full = limited.find(
    (rule) => others.filter((found) => found.includes(rule)).length >= (rule.atOnce ?? 0),
  )
  if (full === undefined) return undefined
  return {
    rule: 'limit.at-once',
    reason: `${full.atOnce} calls of ${full.pattern} are under way, and no more may be`,
    fix: 'wait for the answer to one, or raise `at_once` of this tool in the policy',
  }
}

/** Calls of one session, counted over a minute that slides along, and over all its time. */
export class CallMeter {
  readonly #limits: ServerLimits
  /** When the last calls began, oldest first; never more than may be made in a minute. */
  readonly #times: number[] = []
  #calls = 0

  constructor(limits: ServerLimits) {
    this.#limits = limits
  }

  /** Counts a call. @returns why it is one too many; then it is not counted */
  take(nowMs: number): Over | undefined {
    const { calls, callsPerMinute } = this.#limits
    while (this.#times.length > 0 && nowMs - this.#times[0]! >= MINUTE_MS) this.#times.shift()
    if (this.#calls >= calls) {
      return {
        rule: 'limit.calls',
        reason: `this session has made its ${calls} calls`,
        fix: 'start the client again, or raise `calls` of this server in the policy',
      }
    }
    if (this.#times.length >= callsPerMinute) {
      const waitS = Math.ceil((MINUTE_MS - (nowMs - (this.#times[0] ?? nowMs))) / 1000)
      return {
        rule: 'limit.rate',
        reason: `more than ${callsPerMinute} calls in a minute`,
        fix: `try again in ${waitS} s, or raise \`rate\` of this server in the policy`,
      }
    }
    this.#times.push(nowMs)
    this.#calls += 1
    return undefined
  }
}
