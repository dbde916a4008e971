import { fail } from './fault.ts'
import { EXPRESSION_LIMITS } from './limits.ts'
import type { Token } from './token.ts'
import {
  FUNCTION_NAMES,
  type ArithmeticOperator,
  type ComparisonOperator,
  type FunctionName,
  type Operation,
  type Part,
} from './tree.ts'
import type { Value } from './value.ts'

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['True', true],
  ['False', false],
  ['None', null],
])
const KEYWORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'if', 'else', ...CONSTANTS.keys()])
const FUNCTIONS: ReadonlySet<string> = new Set(FUNCTION_NAMES)
const COMPARISONS: readonly ComparisonOperator[] = ['==', '!=', '<', '<=', '>', '>=']

/** Whether a name is a word of the language, hence none a value can be given for. */
export function isReserved(name: string): boolean {
  return KEYWORDS.has(name) || FUNCTIONS.has(name) || name === 'print'
}

type Draft<T> = T extends unknown ? Omit<T, 'depth'> : never

/**
 * Reads one expression after the other from tokens, by recursive descent. Every construct that leads deeper counts, so
 * the recursion is bounded before the tree is there to be measured.
 */
export class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #nodes = 0
  #nesting = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get current(): Token {
    // the last token is the end, and nothing steps over it
    return this.#tokens[this.#next] ?? fail('SYNTAX', 0, 'there is nothing to read')
  }

  lookAhead(): Token | undefined {
    return this.#tokens[this.#next + 1]
  }

  isAtEnd(): boolean {
    return this.current.kind === 'end'
  }

  /** Whether the token is this word or symbol; a text that reads the same is neither. */
  isAt(value: string): boolean {
    const { kind, value: found } = this.current
    return (kind === 'symbol' || kind === 'name') && found === value
  }

  /** Steps over the token if it is this word or symbol. */
  take(value: string): boolean {
    const isIt = this.isAt(value)
    if (isIt) this.#next += 1
    return isIt
  }

  expect(value: string): void {
    if (!this.take(value))
      fail('SYNTAX', this.current.at, `${value} is missing before ${shown(this.current)}`)
  }

  advance(): Token {
    const token = this.current
    if (token.kind !== 'end') this.#next += 1
    return token
  }

  /** A whole expression; each has its own count of parts. */
  expression(): Part {
    this.#nodes = 0
    return this.#choice()
  }

  /** What stands before a closing bracket that was opened already, as the words of a `print`. */
  arguments(): Part[] {
    this.#nodes = 0
    return this.#deeper(() => this.#list(')'))
  }

  #list(close: string): Part[] {
    const items: Part[] = []
    while (!this.take(close)) {
      if (items.length > 0) {
        this.expect(',')
        if (this.take(close)) return items
      }
      items.push(this.#choice())
    }
    return items
  }

  #choice(): Part {
    const then = this.#logic('or')
    const { at } = this.current
    if (!this.take('if')) return then
    const condition = this.#logic('or')
    this.expect('else')
    const otherwise = this.#deeper(() => this.#choice())
    return this.#part({ kind: 'choice', at, condition, then, otherwise }, [condition, then, otherwise])
  }

  #logic(operator: 'or' | 'and'): Part {
    const below = () => (operator === 'or' ? this.#logic('and') : this.#not())
    const items = [below()]
    const { at } = this.current
    while (this.take(operator)) items.push(below())
    const [only] = items
    return items.length === 1 && only !== undefined
      ? only
      : this.#part({ kind: 'logic', at, operator, items }, items)
  }

  #not(): Part {
    const { at } = this.current
    if (!this.take('not')) return this.#comparison()
    const operand = this.#deeper(() => this.#not())
    return this.#part({ kind: 'not', at, operand }, [operand])
  }

  #comparison(): Part {
    const left = this.#sum()
    const { at } = this.current
    const operator = this.#takeOne(COMPARISONS)
    if (operator === undefined) return left
    const right = this.#sum()
    if (COMPARISONS.some((one) => this.isAt(one))) {
      fail('SYNTAX', this.current.at, 'comparisons do not chain: write a < b and b < c')
    }
    return this.#part({ kind: 'compare', at, operator, left, right }, [left, right])
  }

  #sum(): Part {
    return this.#row(['+', '-'], () => this.#row(['*', '//', '/', '%'], () => this.#sign()))
  }

  #row(operators: readonly ArithmeticOperator[], below: () => Part): Part {
    const first = below()
    const rest: Operation[] = []
    for (;;) {
      const { at } = this.current
      const operator = this.#takeOne(operators)
      if (operator === undefined) break
      rest.push({ operator, at, operand: below() })
    }
    if (rest.length === 0) return first
    this.#count(rest.length - 1, first.at) // a row stands for as many operations as it has
    return this.#part({ kind: 'row', at: rest[0]?.at ?? first.at, first, rest }, [
      first,
      ...rest.map(({ operand }) => operand),
    ])
  }

  #takeOne<T extends string>(values: readonly T[]): T | undefined {
    return values.find((value) => this.take(value))
  }

  #sign(): Part {
    const { at } = this.current
    const isMinus = this.take('-')
    if (!isMinus && !this.take('+')) return this.#power()
    const operand = this.#deeper(() => this.#sign())
    return this.#part({ kind: 'sign', at, isMinus, operand }, [operand])
  }

  /** Binds tighter than a sign before it, looser than one after it: -2 ** -2 is -(2 ** (-2)). */
  #power(): Part {
    const base = this.#atom()
    const { at } = this.current
    if (!this.take('**')) return base
    const exponent = this.#deeper(() => this.#sign())
    return this.#part({ kind: 'power', at, base, exponent }, [base, exponent])
  }

  #atom(): Part {
    const token = this.advance()
    const { at } = token
    const part = this.#atomOf(token, at)
    if (this.isAt('[')) fail('SYNTAX', this.current.at, 'items are not read by index')
    if (this.isAt('(')) fail('SYNTAX', this.current.at, 'only a function is called, by its name')
    return part
  }

  #atomOf(token: Token, at: number): Part {
    if (token.kind === 'number' || token.kind === 'text')
      return this.#part({ kind: 'literal', at, value: token.value }, [])
    if (token.kind === 'name') return this.#named(token.value, at)
    if (token.value === '(' && token.kind === 'symbol') {
      const inner = this.#deeper(() => this.#choice())
      this.expect(')')
      return inner
    }
    if (token.value === '[' && token.kind === 'symbol') {
      const items = this.#deeper(() => this.#list(']'))
      return this.#part({ kind: 'list', at, items }, items)
    }
    return fail('SYNTAX', at, `a value is missing before ${shown(token)}`)
  }

  #named(name: string, at: number): Part {
    const constant = CONSTANTS.get(name)
    if (constant !== undefined) return this.#part({ kind: 'literal', at, value: constant }, [])
    if (KEYWORDS.has(name)) fail('SYNTAX', at, `a value is missing before ${name}`)
    if (!this.take('(')) {
      if (isReserved(name)) fail('NAME', at, `${name} is a function, not a value`)
      return this.#part({ kind: 'name', at, name }, [])
    }
    if (!FUNCTIONS.has(name))
      fail('NAME', at, `there is no function ${name.slice(0, 40)}; there are ${FUNCTION_NAMES.join(', ')}`)
    const items = this.#deeper(() => this.#list(')'))
    return this.#part({ kind: 'call', at, name: name as FunctionName, items }, items)
  }

  #part(draft: Draft<Part>, children: readonly Part[]): Part {
    this.#count(1, draft.at)
    const depth = 1 + Math.max(0, ...children.map((child) => child.depth))
    if (depth > EXPRESSION_LIMITS.depth) tooDeep(draft.at)
    return { ...draft, depth }
  }

  #count(parts: number, at: number): void {
    this.#nodes += parts
    if (this.#nodes > EXPRESSION_LIMITS.nodes)
      fail('TOO_MANY_NODES', at, `an expression has at most ${EXPRESSION_LIMITS.nodes} parts`)
  }

  #deeper<T>(read: () => T): T {
    this.#nesting += 1
    if (this.#nesting > EXPRESSION_LIMITS.depth) tooDeep(this.current.at)
    const result = read()
    this.#nesting -= 1
    return result
  }
}

export function shown({ kind, value }: Token): string {
  return kind === 'text' ? 'the text' : value === '\n' ? 'the end of the line' : String(value).slice(0, 40)
}

function tooDeep(at: number): never {
  return fail('TOO_DEEP', at, `an expression nests at most ${EXPRESSION_LIMITS.depth} deep`)
}
