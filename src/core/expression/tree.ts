import type { Value } from './value.ts'

export const FUNCTION_NAMES = ['abs', 'min', 'max', 'sum', 'len', 'range', 'round'] as const
export type FunctionName = (typeof FUNCTION_NAMES)[number]

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '//' | '%'
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>='

interface Placed {
  /** Offset in the source. */
  readonly at: number
  /** Levels below and including this one: a literal is 1. */
  readonly depth: number
}

/** An expression, read. Operators of one rank in a row are one part, so that a long sum is wide, not deep. */
export type Part = Placed &
  (
    | { readonly kind: 'literal'; readonly value: Value }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'list'; readonly items: readonly Part[] }
    | { readonly kind: 'call'; readonly name: FunctionName; readonly items: readonly Part[] }
    | { readonly kind: 'sign'; readonly isMinus: boolean; readonly operand: Part }
    | { readonly kind: 'not'; readonly operand: Part }
    | { readonly kind: 'power'; readonly base: Part; readonly exponent: Part }
    | { readonly kind: 'row'; readonly first: Part; readonly rest: readonly Operation[] }
    | {
        readonly kind: 'compare'
        readonly operator: ComparisonOperator
        readonly left: Part
        readonly right: Part
      }
    | { readonly kind: 'logic'; readonly operator: 'and' | 'or'; readonly items: readonly Part[] }
    | { readonly kind: 'choice'; readonly condition: Part; readonly then: Part; readonly otherwise: Part }
  )

export interface Operation {
  readonly operator: ArithmeticOperator
  readonly at: number
  readonly operand: Part
}

/** One statement of a script. */
export type Statement = { readonly at: number } & (
  | { readonly kind: 'assign'; readonly name: string; readonly value: Part }
  | { readonly kind: 'print'; readonly items: readonly Part[] }
  | { readonly kind: 'expression'; readonly value: Part }
)
