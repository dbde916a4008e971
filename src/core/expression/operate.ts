import { fail } from './fault.ts'
import { EXPRESSION_LIMITS } from './limits.ts'
import type { Meter } from './meter.ts'
import type { ArithmeticOperator, ComparisonOperator } from './tree.ts'
import { checkedLength, checkedNumber, isList, typeName, type Value } from './value.ts'

/** `+` also joins two texts or two lists; all else is for numbers. Nothing is converted. */
export function arithmetic(
  operator: ArithmeticOperator,
  left: Value,
  right: Value,
  at: number,
  meter: Meter,
): Value {
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') {
    checkedLength('text', left.length + right.length, at)
    return meter.made(left + right, at)
  }
  if (operator === '+' && isList(left) && isList(right)) {
    checkedLength('list', left.length + right.length, at)
    return meter.made([...left, ...right], at)
  }
  if (typeof left !== 'number' || typeof right !== 'number') {
    return fail('TYPE', at, `${operator} is not made for ${typeName(left)} and ${typeName(right)}`)
  }
  return checkedNumber(calculate(operator, left, right, at), at)
}

function calculate(operator: ArithmeticOperator, left: number, right: number, at: number): number {
  if (operator === '+') return left + right
  if (operator === '-') return left - right
  if (operator === '*') return left * right
  if (right === 0) return fail('RANGE', at, 'nothing is divided by zero')
  if (operator === '/') return left / right
  // floor and its remainder: the remainder has the sign of the divisor, and left is (left // right) * right + left % right
  const rest = left % right
  const remainder = rest !== 0 && rest < 0 !== right < 0 ? rest + right : rest
  return operator === '%' ? remainder : Math.round((left - remainder) / right)
}

export function power(base: Value, exponent: Value, at: number): number {
  if (typeof base !== 'number' || typeof exponent !== 'number') {
    return fail('TYPE', at, `** is not made for ${typeName(base)} and ${typeName(exponent)}`)
  }
  if (Math.abs(exponent) > EXPRESSION_LIMITS.exponent) {
    fail('RANGE', at, `an exponent is at most ${EXPRESSION_LIMITS.exponent} either way`)
  }
  return checkedNumber(base ** exponent, at)
}

/** `==` and `!=` take any two values, of different types they are unequal; the others two numbers or two texts. */
export function compare(
  operator: ComparisonOperator,
  left: Value,
  right: Value,
  at: number,
  meter: Meter,
): boolean {
  if (operator === '==') return isEqual(left, right, at, meter)
  if (operator === '!=') return !isEqual(left, right, at, meter)
  if (typeof left === 'number' && typeof right === 'number') return inOrder(operator, left, right)
  if (typeof left !== 'string' || typeof right !== 'string') {
    return fail('TYPE', at, `${operator} is not made for ${typeName(left)} and ${typeName(right)}`)
  }
  meter.walk(left, at)
  return inOrder(operator, left, right)
}

/** Texts compare by UTF-16 units. */
export function inOrder<T extends number | string>(operator: ComparisonOperator, left: T, right: T): boolean {
  if (operator === '<') return left < right
  if (operator === '<=') return left <= right
  if (operator === '>') return left > right
  return left >= right
}

function isEqual(left: Value, right: Value, at: number, meter: Meter): boolean {
  meter.step(at)
  if (!isList(left) || !isList(right)) {
    meter.walk(left, at)
    return left === right
  }
  return (
    left.length === right.length &&
    left.every((item, index) => isEqual(item, right[index] ?? null, at, meter))
  )
}
