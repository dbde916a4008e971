import { fail } from './fault.ts'
import { EXPRESSION_LIMITS } from './limits.ts'
import type { Meter } from './meter.ts'
import { inOrder } from './operate.ts'
import type { FunctionName } from './tree.ts'
import { checkedLength, checkedNumber, isList, typeName, type Value } from './value.ts'

type Built = (values: readonly Value[], at: number, meter: Meter) => Value

/** A map, not an object: no name finds a prototype's method here. */
const FUNCTIONS: ReadonlyMap<FunctionName, Built> = new Map<FunctionName, Built>([
  ['abs', (values, at) => Math.abs(numberAt('abs', only('abs', values, at), at))],
  ['min', (values, at, meter) => extreme('min', values, at, meter)],
  ['max', (values, at, meter) => extreme('max', values, at, meter)],
  ['sum', sum],
  ['len', length],
  ['range', range],
  ['round', round],
])

/** Calls one of the functions there are; there is no way to bring another. */
export function callFunction(name: FunctionName, values: readonly Value[], at: number, meter: Meter): Value {
  const built = FUNCTIONS.get(name) ?? fail('NAME', at, `there is no function ${name}`)
  return built(values, at, meter)
}

/** Of one list, or of two values and more; all numbers or all texts. */
function extreme(name: 'min' | 'max', values: readonly Value[], at: number, meter: Meter): Value {
  const [first, second] = values
  const among = first !== undefined && second === undefined && isList(first) ? first : values
  if (among.length === 0) return fail('TYPE', at, `${name} needs a value`)
  const operator = name === 'min' ? '<' : '>'
  let best = among[0] ?? null
  for (const value of among) {
    meter.step(at)
    if (typeof value === 'number' && typeof best === 'number')
      best = inOrder(operator, value, best) ? value : best
    else if (typeof value === 'string' && typeof best === 'string') {
      meter.walk(value, at)
      best = inOrder(operator, value, best) ? value : best
    } else
      fail('TYPE', at, `${name} compares numbers or texts, not ${typeName(value)} with ${typeName(best)}`)
  }
  return best
}

function sum(values: readonly Value[], at: number, meter: Meter): Value {
  const list = only('sum', values, at)
  if (!isList(list)) return fail('TYPE', at, `sum takes a list, not ${typeName(list)}`)
  meter.walk(list, at)
  return list.reduce<number>((total, item) => checkedNumber(total + numberAt('sum', item, at), at), 0)
}

/** Items of a list, or characters of a text (code points, not UTF-16 units). */
function length(values: readonly Value[], at: number, meter: Meter): Value {
  const value = only('len', values, at)
  meter.walk(value, at)
  if (typeof value === 'string') return Array.from(value).length
  return isList(value) ? value.length : fail('TYPE', at, `len takes a text or a list, not ${typeName(value)}`)
}

/** range(end), range(start, end) or range(start, end, step): whole numbers, the end not among them. */
function range(values: readonly Value[], at: number, meter: Meter): Value {
  const [first = null, last, step = 1] = values
  if (values.length < 1 || values.length > 3) return fail('TYPE', at, 'range takes one to three numbers')
  const start = last === undefined ? 0 : wholeAt('range', first, at)
  const end = wholeAt('range', last === undefined ? first : last, at)
  const stride = wholeAt('range', step, at)
  if (stride === 0) return fail('RANGE', at, 'the step of a range is not zero')
  const count = Math.max(0, Math.ceil((end - start) / stride))
  checkedLength('list', count, at)
  return meter.made(
    Array.from({ length: count }, (_, index) => start + index * stride),
    at,
  )
}

const MOST_DIGITS = 12

/** To so many decimal digits (default 0, at most 12); a half goes away from zero. */
function round(values: readonly Value[], at: number): Value {
  const [value = null, digits = 0] = values
  if (values.length < 1 || values.length > 2)
    return fail('TYPE', at, 'round takes a number, and perhaps digits')
  const number = numberAt('round', value, at)
  const places = wholeAt('round', digits, at)
  if (places < 0 || places > MOST_DIGITS) return fail('RANGE', at, `round takes 0 to ${MOST_DIGITS} digits`)
  const factor = 10 ** places
  return checkedNumber((Math.sign(number) * Math.round(Math.abs(number) * factor)) / factor, at)
}

function only(name: FunctionName, values: readonly Value[], at: number): Value {
  const [value] = values
  return value !== undefined && values.length === 1 ? value : fail('TYPE', at, `${name} takes one value`)
}

function numberAt(name: FunctionName, value: Value, at: number): number {
  return typeof value === 'number' ? value : fail('TYPE', at, `${name} takes numbers, not ${typeName(value)}`)
}

function wholeAt(name: FunctionName, value: Value, at: number): number {
  const number = numberAt(name, value, at)
  if (!Number.isInteger(number))
    fail('TYPE', at, `${name} takes whole numbers here, within ${EXPRESSION_LIMITS.magnitude}`)
  return number
}
