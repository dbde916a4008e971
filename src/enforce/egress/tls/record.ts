import type { Broker } from '../broker/index.ts'
import type { ContentGuard } from '../content/index.ts'
import type { Refusal } from '../refusal.ts'
import type { Authority } from './authority.ts'

/** One request, as far as it was understood, for whoever decides on it. */
export interface AskedRequest {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly method: string
  readonly path: string
  readonly query: string
  readonly upgrade: boolean
}

export type RequestAnswer =
  /** `id` comes back in the record. */
  | { readonly effect: 'allow'; readonly rule: string; readonly id?: string }
  | { readonly effect: 'deny'; readonly refusal: Refusal }

/** What became of one request. Holds no query, no header and no body. */
export interface ExchangeRecord {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly method: string
  readonly path: string
  /** What the decision was told under; absent when there was none. */
  readonly id?: string
  readonly verdict: 'allow' | 'deny'
  readonly rule: string
  readonly reason?: string
  readonly status?: number
  /** Of the bodies, as they went on. */
  readonly bytesOut: number
  readonly bytesIn: number
  readonly ms: number
  /** Names of the secrets that were put in. */
  readonly secrets: readonly string[]
  readonly findings: readonly string[]
  /** `content-inspected`; `external-data` once anything of an answer came in. */
  readonly labels: readonly string[]
}

export interface ExchangeLimits {
  /** A connection on which nothing moves for so long is closed (default 120 s). */
  readonly idleMs: number
  /** From a connection's start, or the end of an answer, to the whole head of the next request (default 60 s). */
  readonly headMs: number
  /** How much unpacked text one body may become (default 1 GiB). */
  readonly unpackedBytes: number
  /** How much of a body is kept where it is needed whole (default 8 MiB). */
  readonly wholeBytes: number
}

export const EXCHANGE_LIMITS: ExchangeLimits = {
  idleMs: 120_000,
  headMs: 60_000,
  unpackedBytes: 1024 ** 3,
  wholeBytes: 8 * 1024 ** 2,
}

export interface InterceptorOptions {
  readonly agent: string
  readonly run: string
  /** Without one, only requests that are not in TLS are served. */
  readonly authority?: Authority
  readonly broker?: Broker
  readonly content?: ContentGuard
  readonly decideRequest: (asked: AskedRequest) => RequestAnswer | Promise<RequestAnswer>
  /** Once for each request, when it is over. */
  readonly record: (record: ExchangeRecord) => void
  readonly now: () => number
  readonly limits?: Partial<ExchangeLimits>
}
