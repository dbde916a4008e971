/**
 * A rule over words. `say` is one way or more to put it: concepts (`IGNORE`), words in small letters, alternatives with
 * `|`, and between two of them how many other words may stand there at most (none unless said): `IGNORE 3 PRIOR 2 INSTR`.
 */
export interface WordRule {
  readonly id: string
  readonly reason: string
  /** 0 to 1, what it counts when nothing damps it. */
  readonly weight: number
  readonly say: readonly string[]
  /** Only as an order: at the beginning of what is said, or behind words such as `please` and `you must`. */
  readonly isOrder?: boolean
  /** Said of what must not be done, it is what is looked for: `do not tell the user`. Others are damped behind a no. */
  readonly isNegated?: boolean
}

/** A rule over marks, found by a literal text. */
export interface MarkRule {
  readonly id: string
  readonly reason: string
  readonly weight: number
  /** Literal texts in small letters that stand in it, of three characters or more. */
  readonly signs: readonly string[]
  /** Tried at the sign; every repetition bounded. Flags `iy`. Without it the sign is enough. */
  readonly body?: string
  /** Only at the beginning of a line. */
  readonly isLine?: boolean
}

export interface RuleFamily {
  readonly family: string
  readonly words: readonly WordRule[]
  readonly marks: readonly MarkRule[]
}
