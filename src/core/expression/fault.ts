/** Why an expression has no value. A code never changes its meaning. */
export const EXPRESSION_CODES = {
  TOO_LONG: 'the text has more characters than may be read',
  CHARACTER: 'a character that has no place in an expression',
  SYNTAX: 'the text is not an expression',
  TOO_MANY_NODES: 'the expression has more parts than may be',
  TOO_DEEP: 'the expression, or a list in it, is nested deeper than may be',
  TOO_MANY_STATEMENTS: 'the script has more statements than may be',
  NAME: 'a name that stands for nothing, or may not be used',
  TYPE: 'an operation on a value it is not made for',
  RANGE: 'a number too large, or no number at all',
  SIZE: 'a text or list longer than may be',
  STEPS: 'the step budget is used up',
  MEMORY: 'the memory budget is used up',
  TIME: 'the time budget is used up',
} as const

export type ExpressionCode = keyof typeof EXPRESSION_CODES

/** Leaves the parser or the evaluator early; it never leaves this folder, {@link settle} makes an answer of it. */
class Fault extends Error {
  readonly code: ExpressionCode
  readonly at: number

  constructor(code: ExpressionCode, at: number, message: string) {
    super(message)
    this.code = code
    this.at = at
  }
}

export interface Failure {
  readonly ok: false
  readonly code: ExpressionCode
  /** What is wrong, for a person. It may quote names of the expression, never its values. */
  readonly message: string
  /** Where: the offset in the source, in UTF-16 units. */
  readonly at: number
}

export function fail(code: ExpressionCode, at: number, message: string): never {
  throw new Fault(code, at, message)
}

/** Turns a fault into an answer; whatever else is thrown is a bug and goes on. */
export function settle<T>(work: () => T): T | Failure {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ok: false, code: error.code, message: error.message, at: error.at }
  }
}
