import { callFunction } from './call.ts'
import { fail } from './fault.ts'
import type { Meter } from './meter.ts'
import { arithmetic, compare, power } from './operate.ts'
import type { Part } from './tree.ts'
import { checkedLength, checkedNumber, typeName, type Value } from './value.ts'

/** What names stand for: the value, or a failure at that place. */
export type Lookup = (name: string, at: number) => Value

/** The value of a tree. Its depth was bounded when it was read; each part costs a step. */
export function valueOf(part: Part, lookup: Lookup, meter: Meter): Value {
  meter.step(part.at)
  const inner = (child: Part) => valueOf(child, lookup, meter)
  switch (part.kind) {
    case 'literal':
      return part.value
    case 'name':
      return lookup(part.name, part.at)
    case 'list':
      checkedLength('list', part.items.length, part.at)
      return meter.made(part.items.map(inner), part.at)
    case 'call':
      return callFunction(part.name, part.items.map(inner), part.at, meter)
    case 'sign':
      return signed(inner(part.operand), part.isMinus, part.at)
    case 'not':
      return !truth(inner(part.operand), 'not', part.at)
    case 'power':
      return power(inner(part.base), inner(part.exponent), part.at)
    case 'row':
      return part.rest.reduce((left, { operator, operand, at }) => {
        meter.step(at)
        return arithmetic(operator, left, inner(operand), at, meter)
      }, inner(part.first))
    case 'compare':
      return compare(part.operator, inner(part.left), inner(part.right), part.at, meter)
    case 'logic':
      return part.operator === 'and'
        ? part.items.every((item) => truth(inner(item), 'and', item.at))
        : part.items.some((item) => truth(inner(item), 'or', item.at))
    case 'choice':
      return truth(inner(part.condition), 'if', part.condition.at) ? inner(part.then) : inner(part.otherwise)
  }
}

function signed(value: Value, isMinus: boolean, at: number): number {
  if (typeof value !== 'number')
    return fail('TYPE', at, `a sign stands before a number, not ${typeName(value)}`)
  return checkedNumber(isMinus ? -value : value, at)
}

/** Only true and false decide: an empty text or a zero that counts as "no" has opened doors before. */
function truth(value: Value, word: string, at: number): boolean {
  return typeof value === 'boolean'
    ? value
    : fail('TYPE', at, `${word} needs true or false, not ${typeName(value)}`)
}
