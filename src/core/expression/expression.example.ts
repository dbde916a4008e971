/** Random trees, and a second evaluator to hold the first against: slow, simple, and written another way. */
import fc from 'fast-check'
import type { Value } from './value.ts'

export type Tree =
  | { readonly is: 'value'; readonly value: number | string | boolean | null }
  | { readonly is: 'name'; readonly name: keyof typeof NAMES }
  | { readonly is: 'list'; readonly items: readonly Tree[] }
  | { readonly is: 'call'; readonly name: string; readonly items: readonly Tree[] }
  | { readonly is: 'two'; readonly operator: string; readonly left: Tree; readonly right: Tree }
  | { readonly is: 'one'; readonly operator: '-' | 'not'; readonly operand: Tree }
  | { readonly is: 'choice'; readonly test: Tree; readonly then: Tree; readonly otherwise: Tree }

const NAMES = { n: 7, t: 'text', l: [1, 2, 3], b: true }
const OPERATORS = ['+', '-', '*', '/', '//', '%', '**', '==', '!=', '<', '<=', '>', '>=', 'and', 'or']

const number = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0.5, 1.25, 1e12, 999_999, 16, 17))
const leaf: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 6, arbitrary: number.map((value): Tree => ({ is: 'value', value })) },
  { weight: 2, arbitrary: fc.boolean().map((value): Tree => ({ is: 'value', value })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'a', 'it"s', '\\').map((value): Tree => ({ is: 'value', value })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<keyof typeof NAMES>('n', 't', 'l', 'b')
      .map((name): Tree => ({ is: 'name', name })),
  },
)

export const anyTree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    leaf,
    fc.record({
      is: fc.constant('two' as const),
      operator: fc.constantFrom(...OPERATORS),
      left: tie('tree'),
      right: tie('tree'),
    }),
    fc.record({
      is: fc.constant('one' as const),
      operator: fc.constantFrom('-' as const, 'not' as const),
      operand: tie('tree'),
    }),
    fc.record({ is: fc.constant('list' as const), items: fc.array(tie('tree'), { maxLength: 3 }) }),
    fc.record({
      is: fc.constant('call' as const),
      name: fc.constantFrom('abs', 'min', 'max', 'sum', 'len'),
      items: fc.array(tie('tree'), { maxLength: 2 }),
    }),
    fc.record({
      is: fc.constant('choice' as const),
      test: tie('tree'),
      then: tie('tree'),
      otherwise: tie('tree'),
    }),
  ),
})).tree

export function print(tree: Tree): string {
  switch (tree.is) {
    case 'value':
      return typeof tree.value === 'string' ? JSON.stringify(tree.value) : String(tree.value)
    case 'name':
      return tree.name
    case 'list':
      return `[${tree.items.map(print).join(', ')}]`
    case 'call':
      return `${tree.name}(${tree.items.map(print).join(',')})`
    case 'two':
      return `(${print(tree.left)} ${tree.operator} ${print(tree.right)})`
    case 'one':
      return `(${tree.operator} ${print(tree.operand)})`
    case 'choice':
      return `(${print(tree.then)} if ${print(tree.test)} else ${print(tree.otherwise)})`
  }
}

/** The value, or nothing where there is none. */
export function slowValue(tree: Tree): { value?: Value } {
  try {
    return { value: compute(tree) }
  } catch (error) {
    if (error instanceof NoValue) return {}
    throw error
  }
}

class NoValue extends Error {}

function no(): never {
  throw new NoValue()
}

function compute(tree: Tree): Value {
  const value = computeOne(tree)
  if (typeof value !== 'number') return value
  return Number.isFinite(value) && value >= -1e12 && value <= 1e12 ? value + 0 : no()
}

function computeOne(tree: Tree): Value {
  if (tree.is === 'value') return tree.value
  if (tree.is === 'name') return NAMES[tree.name]
  if (tree.is === 'list') return tree.items.map(compute)
  if (tree.is === 'call') return call(tree.name, tree.items.map(compute))
  if (tree.is === 'two') return two(tree.operator, tree.left, tree.right)
  if (tree.is === 'choice') return compute(yes(compute(tree.test)) ? tree.then : tree.otherwise)
  const operand = compute(tree.operand)
  return tree.operator === 'not' ? !yes(operand) : 0 - num(operand)
}

function two(operator: string, leftTree: Tree, rightTree: Tree): Value {
  const left = compute(leftTree)
  if (operator === 'and') return yes(left) ? yes(compute(rightTree)) : false
  if (operator === 'or') return yes(left) ? true : yes(compute(rightTree))
  const right = compute(rightTree)
  if (operator === '==') return JSON.stringify(left) === JSON.stringify(right)
  if (operator === '!=') return JSON.stringify(left) !== JSON.stringify(right)
  if (['<', '<=', '>', '>='].includes(operator)) return ordered(operator, left, right)
  if (operator === '+' && typeof left === 'string')
    return typeof right === 'string' ? left.concat(right) : no()
  if (operator === '+' && Array.isArray(left)) return Array.isArray(right) ? left.concat(right) : no()
  return calculated(operator, num(left), num(right))
}

function ordered(operator: string, left: Value, right: Value): boolean {
  const isFit = typeof left === typeof right && (typeof left === 'number' || typeof left === 'string')
  if (!isFit || left === null || right === null) return no()
  const order = left < right ? -1 : left > right ? 1 : 0
  return operator === '<'
    ? order < 0
    : operator === '<='
      ? order <= 0
      : operator === '>'
        ? order > 0
        : order >= 0
}

function calculated(operator: string, left: number, right: number): number {
  if (operator === '+') return left + right
  if (operator === '-') return left - right
  if (operator === '*') return left * right
  if (operator === '**') return Math.abs(right) > 16 ? no() : Math.pow(left, right)
  if (right === 0) return no()
  if (operator === '/') return left / right
  let rest = left % right
  if (rest !== 0 && Math.sign(rest) !== Math.sign(right)) rest += right
  return operator === '%' ? rest : Math.round((left - rest) / right)
}

function call(name: string, items: readonly Value[]): Value {
  const [first = no(), second] = items
  if (name === 'min' || name === 'max') {
    const among: readonly Value[] = second === undefined && Array.isArray(first) ? first : items
    if (among.length === 0) return no()
    const isAlike = ['number', 'string'].some((kind) => among.every((one) => typeof one === kind))
    if (!isAlike) return no()
    const sorted = among.toSorted((a, b) => (ordered('<', a, b) ? -1 : ordered('>', a, b) ? 1 : 0))
    return sorted.at(name === 'min' ? 0 : -1) ?? no()
  }
  if (second !== undefined) return no()
  if (name === 'abs') return Math.abs(num(first))
  if (name === 'len')
    return typeof first === 'string'
      ? first.replaceAll(/[\ud800-\udbff][\udc00-\udfff]/g, 'x').length
      : Array.isArray(first)
        ? first.length
        : no()
  if (!Array.isArray(first)) return no()
  let total = 0
  for (const item of first) {
    total += num(item)
    if (Math.abs(total) > 1e12) return no()
  }
  return total
}

function num(value: Value): number {
  return typeof value === 'number' ? value : no()
}

function yes(value: Value): boolean {
  return typeof value === 'boolean' ? value : no()
}
