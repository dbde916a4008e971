import type { RiskLevel } from '../../core/risk.ts'

export const AREAS = ['keys', 'memory', 'files', 'network', 'programs'] as const
export type Area = (typeof AREAS)[number]

/** What can be mended without asking what the owner wanted with it. Nothing else is ever done. */
export type Mend =
  | { readonly kind: 'mode'; readonly path: string; readonly from: number; readonly to: number }
  | { readonly kind: 'leftover'; readonly path: string }

/** One thing that is not as it should be. */
export interface Weakness {
  /** What kind, such as `files.world-writable`. */
  readonly id: string
  readonly area: Area
  /** `info`: good to know, and no point against the machine. */
  readonly severity: RiskLevel | 'info'
  readonly what: string
  readonly fix: string
  /** What it is about: a path, a listener; weaknesses of one id and subject are the same one. */
  readonly subject: string
  readonly mend?: Mend
}

export const WEIGHTS = { critical: 10, high: 7, medium: 4, low: 1, info: 0 } as const

/** Points against the machine: none is best. */
export function scoreOf(weaknesses: readonly Pick<Weakness, 'severity'>[]): number {
  return weaknesses.reduce((sum, { severity }) => sum + WEIGHTS[severity], 0)
}

/** What one look over one area found. */
export interface AreaReport {
  readonly area: Area
  readonly at: number
  readonly durationMs: number
  readonly score: number
  readonly weaknesses: readonly Weakness[]
  /** What could not be looked at, so that nobody takes it for well. */
  readonly notes: readonly string[]
  /** Why it failed; its last weaknesses are not known then. */
  readonly failed?: string
}

/** What a scan of an area gives. */
export interface Looked {
  readonly weaknesses: readonly Weakness[]
  readonly notes: readonly string[]
}

export type Scan = (signal: AbortSignal) => Promise<Looked>
