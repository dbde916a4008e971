/** What expressions and scripts may be at most; none of these is a setting, so that no caller can forget one. */
export const EXPRESSION_LIMITS = {
  characters: 4096,
  nodes: 256,
  depth: 8,
  stringLength: 10_000,
  listLength: 1000,
  magnitude: 1e12,
  exponent: 16,
  scriptCharacters: 16_384,
  statements: 128,
} as const

/** What one evaluation may use up. A caller may give less than the default, or more. */
export interface Budget {
  /** Parts evaluated and list items or stretches of 64 characters touched (default 100,000). */
  readonly steps?: number
  /** Bytes of all texts and lists made on the way, none given back: more than is ever held (default 1 MiB). */
  readonly memoryBytes?: number
  /** Looked at every 64 steps; without it only the step budget bounds the time. */
  readonly time?: { readonly budgetMs: number; readonly monotonicMs: () => number }
}
