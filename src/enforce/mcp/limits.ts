import type { ServerLimits } from './policy.ts'

const MINUTE_MS = 60_000

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
  take(nowMs: number): { readonly rule: string; readonly reason: string; readonly fix: string } | undefined {
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
