import type { Refusal } from '../refusal.ts'
import type { Place } from './clear.ts'
import type { ExchangeRecord } from './record.ts'

/** What one request has come to so far; told once. */
export class Tally {
  bytesOut = 0
  bytesIn = 0
  readonly findings: string[] = []
  readonly #place: Place
  readonly #now: () => number
  readonly #record: (record: ExchangeRecord) => void
  readonly #startedMs: number
  #host: string
  #method = ''
  #path = ''
  #rule = 'egress.http'
  #id: string | undefined
  #status: number | undefined
  #secrets: readonly string[] = []
  #refusal: Refusal | undefined
  #isTold = false

  constructor(place: Place, now: () => number, record: (record: ExchangeRecord) => void) {
    this.#place = place
    this.#host = place.route.host
    this.#now = now
    this.#record = record
    this.#startedMs = now()
  }

  asked(method: string, path: string): void {
    this.#method = method
    this.#path = path
  }

  allowed(rule: string, id: string | undefined): void {
    this.#rule = rule
    this.#id = id
  }

  /** The name itself is what must not be told. */
  hideHost(): void {
    this.#host = '(a name with a secret in it)'
  }

  put(secrets: readonly string[]): void {
    this.#secrets = secrets
  }

  answered(status: number): void {
    this.#status = status
  }

  refused(refusal: Refusal): void {
    this.#refusal ??= refusal
  }

  /** The request is over; what comes after does not count. */
  tell(): void {
    if (this.#isTold) return
    this.#isTold = true
    const { scheme, route } = this.#place
    const refused = this.#refusal
    const isAnswered = this.bytesIn > 0 || (refused === undefined && this.#status !== undefined)
    this.#record({
      scheme,
      host: this.#host,
      port: route.port,
      method: this.#method,
      path: this.#path,
      ...(this.#id === undefined ? {} : { id: this.#id }),
      verdict: refused === undefined ? 'allow' : 'deny',
      rule: refused?.rule ?? this.#rule,
      ...(refused === undefined ? {} : { reason: refused.reason }),
      ...(this.#status === undefined ? {} : { status: this.#status }),
      bytesOut: this.bytesOut,
      bytesIn: this.bytesIn,
      ms: this.#now() - this.#startedMs,
      secrets: this.#secrets,
      findings: [...new Set(this.findings)],
      labels: ['content-inspected', ...(isAnswered ? ['external-data'] : [])],
    })
  }
}
