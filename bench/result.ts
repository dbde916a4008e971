/** One measured figure. */
export interface BenchResult {
  readonly bench: string
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly p50?: number
  readonly p99?: number
  /** `value` beside that of `against`, measured in the same run. */
  readonly ratio?: number
  readonly against?: string
  /** What was aimed for, in words. */
  readonly goal?: string
  /** Whether the goal was met. */
  readonly ok?: boolean
}
