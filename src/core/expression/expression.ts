/**
 * Small expressions from text nobody trusts: `size < 10 * limit and kind == "csv"`.
 *
 * They are read into a tree and computed step by step; no code is ever made of them. They see the plain values they are
 * given and nothing else: no attribute, no index, no function but abs, min, max, sum, len, range and round. What they
 * cannot do: loop, keep state, reach the machine, or go on past their budget. It is a calculator, not a sandbox for
 * programs; those run in `enforce/sandbox`.
 */
import { fail, settle, type Failure } from './fault.ts'
import { valueOf, type Lookup } from './evaluate.ts'
import type { Budget } from './limits.ts'
import { Meter } from './meter.ts'
import { Parser, shown } from './parse.ts'
import { tokenize } from './token.ts'
import type { Part } from './tree.ts'
import { plainCopy, type Value } from './value.ts'

/** What names stand for. Only own properties count, and each value is copied and checked when it is used. */
export type Values = Readonly<Record<string, Value>>

export interface Expression {
  readonly ok: true
  readonly tree: Part
}

export interface Outcome {
  readonly ok: true
  readonly value: Value
  /** What it took of the step budget. */
  readonly steps: number
}

/** Reads an expression once, to be evaluated many times. Never throws on any text. */
export function readExpression(source: string): Expression | Failure {
  return settle(() => {
    const parser = new Parser(tokenize(source, 'expression'))
    const tree = parser.expression()
    if (!parser.isAtEnd()) {
      fail('SYNTAX', parser.current.at, `the expression ends before ${shown(parser.current)}`)
    }
    return { ok: true, tree }
  })
}

/** Evaluates what {@link readExpression} gave. */
export function evaluateExpression(
  { tree }: Expression,
  values: Values = {},
  budget: Budget = {},
): Outcome | Failure {
  return settle(() => {
    const meter = new Meter(budget)
    const value = valueOf(tree, lookupIn(values, meter), meter)
    return { ok: true, value, steps: meter.steps }
  })
}

/** Reads and evaluates. Same text, same values: same answer, on every machine. */
export function evaluate(source: string, values: Values = {}, budget: Budget = {}): Outcome | Failure {
  const expression = readExpression(source)
  return expression.ok ? evaluateExpression(expression, values, budget) : expression
}

/** Names are looked up among own properties alone: `constructor` and `toString` stand for nothing. */
export function lookupIn(values: Values, meter: Meter): Lookup {
  return (name, at) => {
    if (!Object.hasOwn(values, name)) return fail('NAME', at, `there is no value named ${name.slice(0, 40)}`)
    return plainCopy(values[name], at, (part) => meter.made(part, at))
  }
}
