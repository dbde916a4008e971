import { fail } from './fault.ts'
import { EXPRESSION_LIMITS } from './limits.ts'

/** The plain values expressions work on. Integers are exact; other numbers are IEEE 754 doubles. */
export type Value = number | string | boolean | null | readonly Value[]

/** The number, if it is one expressions may hold: finite and within ±1e12. */
export function checkedNumber(value: number, at: number): number {
  if (Math.abs(value) <= EXPRESSION_LIMITS.magnitude) return value === 0 ? 0 : value // -0 is 0
  return Number.isNaN(value)
    ? fail('RANGE', at, 'the result is not a number')
    : fail('RANGE', at, `a number is at most ${EXPRESSION_LIMITS.magnitude} either way`)
}

export function checkedLength(kind: 'text' | 'list', length: number, at: number): void {
  const most = kind === 'text' ? EXPRESSION_LIMITS.stringLength : EXPRESSION_LIMITS.listLength
  if (length > most)
    fail('SIZE', at, `a ${kind} has at most ${most} ${kind === 'text' ? 'characters' : 'items'}`)
}

export function typeName(value: Value): string {
  return value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'string'
        ? 'a text'
        : `a ${typeof value}`
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** A copy of what a caller gave, so that nothing that is not plain, or changes later, takes part. */
export function plainCopy(value: unknown, at: number, spend: (value: Value) => void, depth = 1): Value {
  const copy = Array.isArray(value) ? listCopy(value, at, spend, depth) : plainScalar(value, at)
  spend(copy)
  return copy
}

function plainScalar(value: unknown, at: number): Value {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') return checkedNumber(value, at)
  if (typeof value !== 'string') return fail('TYPE', at, 'the value given for this name is not a plain one')
  checkedLength('text', value.length, at)
  return value.isWellFormed()
    ? value
    : fail('TYPE', at, 'the text given for this name is not well-formed Unicode')
}

function listCopy(list: readonly unknown[], at: number, spend: (value: Value) => void, depth: number): Value {
  checkedLength('list', list.length, at)
  if (depth >= EXPRESSION_LIMITS.depth)
    fail('TOO_DEEP', at, `lists nest at most ${EXPRESSION_LIMITS.depth} deep`)
  return Array.from(list, (item) => plainCopy(item, at, spend, depth + 1))
}
