/**
 * Mini scripts: assignments, expressions and `print`, one after the other. No loops, no jumps, no functions of their own;
 * one budget for all of it.
 */
import { valueOf, type Lookup } from './evaluate.ts'
import { lookupIn, type Values } from './expression.ts'
import { fail, settle, type Failure } from './fault.ts'
import { EXPRESSION_LIMITS, type Budget } from './limits.ts'
import { Meter } from './meter.ts'
import { isReserved, Parser, shown } from './parse.ts'
import { tokenize } from './token.ts'
import type { Statement } from './tree.ts'
import type { Value } from './value.ts'

export interface ScriptOutcome {
  readonly ok: true
  /** Of the last statement that is an expression; null when there is none. */
  readonly value: Value
  /** What the script assigned. */
  readonly values: ReadonlyMap<string, Value>
  /** What it printed, one line for each print. */
  readonly output: readonly string[]
  readonly steps: number
}

/** Runs a script of at most 16,384 characters and 128 statements. Nothing of it counts when it fails. */
export function runScript(source: string, given: Values = {}, budget: Budget = {}): ScriptOutcome | Failure {
  return settle(() => perform(readStatements(source), given, new Meter(budget)))
}

function readStatements(source: string): Statement[] {
  const parser = new Parser(tokenize(source, 'script'))
  const statements: Statement[] = []
  for (;;) {
    while (parser.take('\n') || parser.take(';'));
    if (parser.isAtEnd()) return statements
    if (statements.length >= EXPRESSION_LIMITS.statements) {
      fail(
        'TOO_MANY_STATEMENTS',
        parser.current.at,
        `at most ${EXPRESSION_LIMITS.statements} statements are run`,
      )
    }
    statements.push(readStatement(parser))
    if (!parser.isAtEnd() && !parser.isAt('\n') && !parser.isAt(';')) {
      fail('SYNTAX', parser.current.at, `the statement ends before ${shown(parser.current)}`)
    }
  }
}

function readStatement(parser: Parser): Statement {
  const { kind, value: name, at } = parser.current
  const next = parser.lookAhead()
  const isBefore = (symbol: string) => kind === 'name' && next?.kind === 'symbol' && next.value === symbol
  if (isBefore('=')) {
    if (isReserved(String(name))) fail('NAME', at, `${name} is a word of the language`)
    parser.advance()
    parser.advance()
    return { kind: 'assign', at, name: String(name), value: parser.expression() }
  }
  if (name === 'print' && isBefore('(')) {
    parser.advance()
    parser.advance()
    return { kind: 'print', at, items: parser.arguments() }
  }
  return { kind: 'expression', at, value: parser.expression() }
}

function perform(statements: readonly Statement[], given: Values, meter: Meter): ScriptOutcome {
  const values = new Map<string, Value>()
  const outer = lookupIn(given, meter)
  const lookup: Lookup = (name, at) => values.get(name) ?? (values.has(name) ? null : outer(name, at))
  const output: string[] = []
  let last: Value = null
  for (const statement of statements) {
    meter.step(statement.at)
    if (statement.kind === 'assign') values.set(statement.name, valueOf(statement.value, lookup, meter))
    else if (statement.kind === 'expression') last = valueOf(statement.value, lookup, meter)
    else {
      const words = statement.items.map((item) => valueOf(item, lookup, meter))
      output.push(words.map((word) => formatValue(word, statement.at, meter)).join(' '))
    }
  }
  return { ok: true, value: last, values, output, steps: meter.steps }
}

/** A text as it is, all else as JSON; charged like any text the script makes, for a list can be shown larger than it is. */
function formatValue(value: Value, at: number, meter: Meter): string {
  return meter.made(typeof value === 'string' ? value : shownInside(value, at, meter), at)
}

function shownInside(value: Value, at: number, meter: Meter): string {
  meter.step(at)
  if (!Array.isArray(value)) return meter.made(JSON.stringify(value), at)
  const items: readonly Value[] = value
  return meter.made(`[${items.map((item) => shownInside(item, at, meter)).join(', ')}]`, at)
}
