import type { RefusalCode } from './refusal.ts'

/** How it came in: CONNECT, SOCKS, a plain request, or a request inside TLS that was opened here. */
export type Via = 'connect' | 'socks' | 'http' | 'https'

/** What happened, for the record. Never a query string, a header's value or a body. */
export type EgressEvent = DecisionEvent | EndEvent | AlertEvent

interface OfRun {
  readonly runId: string
  readonly agent: string
  /** Epoch milliseconds. */
  readonly at: number
}

/** Told before anything goes out. */
export interface DecisionEvent extends OfRun {
  readonly kind: 'decision'
  /** The same in the event of its end. */
  readonly id: string
  readonly via: Via
  readonly host: string
  readonly port: number
  readonly method?: string
  /** Without its query; components that look like data are left out. */
  readonly path?: string
  readonly verdict: 'allow' | 'deny'
  readonly rule: string
  readonly code?: RefusalCode
  readonly reason: string
  /** Whether somebody was asked. */
  readonly asked: boolean
}

/** How an allowed connection or request ended. */
export interface EndEvent extends OfRun {
  readonly kind: 'end'
  readonly id: string
  readonly host: string
  readonly port: number
  /** Where it went; absent when it went nowhere. */
  readonly address?: string
  readonly bytesOut: number
  readonly bytesIn: number
  readonly ms: number
  /** HTTP status of the answer, where it was seen. */
  readonly status?: number
  /** Why it was broken off, if it was. */
  readonly code?: RefusalCode
  readonly reason?: string
  /** What would change it: behind a yes there are no words for the program, so that the record alone can say it. */
  readonly fix?: string
  /** `content-not-inspected`, `content-inspected`, `external-data`, … */
  readonly labels: readonly string[]
  /** Names of the secrets that were put in. */
  readonly secrets: readonly string[]
  /** What was found in the content, by rule. */
  readonly findings: readonly string[]
}

export const ALERTS = [
  'names-carry-data',
  'rate-exceeded',
  'budget-spent',
  'secret-astray',
  'placeholder-left',
  'secret-budget-spent',
  'secret-echo-removed',
  'canary-used',
] as const

/** Something a person should know of; `canary-used` is an incident. */
export interface AlertEvent extends OfRun {
  readonly kind: 'alert'
  readonly alert: (typeof ALERTS)[number]
  readonly host: string
  readonly reason: string
  readonly secret?: string
}
