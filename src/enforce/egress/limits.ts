/** How long things may take, so that nobody holds a place by doing nothing. */
export interface EgressLimits {
  /** From the first byte, or the end of the last answer, to a whole head or ClientHello. */
  readonly headMs: number
  readonly resolveMs: number
  readonly connectMs: number
  /** Without one byte in either direction. */
  readonly idleMs: number
  /** Of one connection, however busy. */
  readonly totalMs: number
  /** For somebody's answer; after that it is no. */
  readonly askMs: number
}

export const LIMITS: EgressLimits = {
  headMs: 15_000,
  resolveMs: 10_000,
  connectMs: 10_000,
  idleMs: 300_000, // a model may think for minutes before its first byte
  totalMs: 12 * 3_600_000,
  askMs: 120_000,
}
