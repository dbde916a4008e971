import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { evaluate } from '../../src/core/expression/expression.ts'
import { EXPRESSION_CODES } from '../../src/core/expression/fault.ts'
import { runScript } from '../../src/core/expression/script.ts'

// Text from nobody knows where that wants to be more than arithmetic: to reach objects, to run for ever, to eat memory.

type Answer = ReturnType<typeof evaluate> | ReturnType<typeof runScript>

function check(answer: Answer, steps: number, source: string): void {
  if (answer.ok) {
    assert.ok(answer.steps <= steps)
    return
  }
  assert.ok(answer.code in EXPRESSION_CODES)
  assert.ok(
    Number.isInteger(answer.at) && answer.at >= 0 && answer.at <= source.length,
    `${answer.at} in ${source}`,
  )
}

const HOSTILE = [
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  '__proto__',
  '__defineGetter__',
  'prototype',
  'globalThis',
  'process',
  'require',
  'this',
  'arguments',
  'undefined',
  'NaN',
  'Infinity',
  'eval',
  'Function',
  'import',
]

test('no name reaches an object, a prototype or a global', () => {
  for (const name of HOSTILE) {
    for (const source of [
      name,
      `${name}()`,
      `${name}(1)`,
      `abs(${name})`,
      `[${name}]`,
      `n.${name}`,
      `"a".${name}`,
      `n["${name}"]`,
      `[1][${name}]`,
      `n?.${name}`,
      `abs.${name}`,
      `sum(${name}.call)`,
      `${name}\`x\``,
      `new ${name}`,
      `(${name})(1)`,
      `sum.${name}("return 1")()`,
    ]) {
      const answer = evaluate(source, { n: 1, s: 'text', l: [1] })
      assert.equal(answer.ok, false, source)
    }
    assert.equal(runScript(`${name}.x = 1`).ok, false)
  }
  const codeOf = (source: string, values = {}) => (evaluate(source, values) as { code?: string }).code
  for (const name of HOSTILE.filter((one) => !one.includes('__'))) assert.equal(codeOf(name), 'NAME', name)
  assert.equal(codeOf('inherited', Object.create({ inherited: 1 }) as Record<string, number>), 'NAME')
  for (const source of ['a__b', '"a__b"', '__proto__'])
    assert.equal(codeOf(source, { a__b: 1 }), 'CHARACTER', source)
})

test('a script that assigns to such a name changes its own table and nothing else', () => {
  for (const name of HOSTILE.filter((one) => !one.includes('__'))) {
    const answer = runScript(`${name} = 7\n${name} + 1`)
    assert.deepEqual(answer.ok && answer.value, 8, name)
  }
  assert.equal(typeof Object.prototype.toString, 'function')
  assert.equal(({} as Record<string, unknown>)['prototype'], undefined)
})

test('no other way to write code is an expression', () => {
  for (const source of [
    '() => 1',
    'function(){}',
    'class A {}',
    '[x for x in l]',
    'lambda: 1',
    'await 1',
    'yield 1',
    'import("fs")',
    '`${1}`',
    '{"a": 1}',
    '{}',
    'n++',
    'n = 1',
    'n := 1',
    '1; 2',
    '1, 2',
    '...l',
    'l[0]',
    'l[0:1]',
    'n & 1',
    'n ^ 1',
    '~n',
    '!b',
    'b && b',
    'n ?? 1',
    'b ? 1 : 2',
    '0x10',
    '0b1',
    '1_000',
    '1n',
    '/x/',
    '@n',
    '$n',
    'n#',
    "f'{n}'",
    '"\\u0041"',
    '"\\x41"',
  ]) {
    assert.equal(evaluate(source, { n: 1, l: [1], b: true }).ok, false, source)
  }
})

test('characters that only look right are refused: other digits, letters, spaces, NUL, halves of pairs', () => {
  for (const odd of [
    '٣',
    '３',
    '²',
    'Ⅷ',
    'а',
    'ａ',
    '\u00a0',
    '\u200b',
    '\ufeff',
    '\u2028',
    '\u202e',
    '\0',
    '\ud800',
    '\udc00',
    '−',
    '⁄',
    '‐',
  ]) {
    for (const source of [odd, `1${odd}`, `${odd}1`, `n${odd}`, `1 + ${odd}`]) {
      assert.equal(evaluate(source, { n: 1, [odd]: 1, [`n${odd}`]: 1 }).ok, false, JSON.stringify(source))
    }
  }
  assert.equal(evaluate('"\ud800"').ok, false)
  assert.equal(evaluate('"a\0b"').ok, false)
  assert.equal(evaluate('"naïve 🙂"').ok, true)
})

test('depth is refused before it is reached', () => {
  for (const [open, close] of [
    ['(', ')'],
    ['[', ']'],
    ['abs(', ')'],
    ['-', ''],
    ['not ', ''],
    ['2 ** ', '2'],
    ['1 if true else ', ''],
  ] as const) {
    const of = (times: number) => evaluate(`${open.repeat(times)}1${close.repeat(times)}`)
    for (const times of [9, 100, 300]) assert.equal(of(times).ok, false, `${open} ${times} times`)
    assert.notEqual((of(6) as { code?: string }).code, 'TOO_DEEP', open)
  }
  // few brackets, many levels: it is the tree that is measured
  const levels = (times: number) => evaluate(`${'(1 + 2 * '.repeat(times)}1${')'.repeat(times)}`)
  assert.equal((levels(4) as { code?: string }).code, 'TOO_DEEP')
  assert.ok(levels(3).ok)
  assert.equal((evaluate('('.repeat(9)) as { code?: string }).code, 'TOO_DEEP')
})

test('powers, factorials by hand, and long lists end at the limits', () => {
  const codeOf = (source: string) => (evaluate(source, { big: 999_999_999_999 }) as { code?: string }).code
  for (const source of [
    '9 ** 9 ** 9',
    '2 ** 17',
    '10 ** 13',
    '10 ** 16',
    'big * 2',
    'big + big',
    '0 ** -1',
    '(-8) ** 0.5',
    '1 / 0',
    '1 % 0',
    '1e300',
    '1e999',
    '1 // 0',
    'sum([big, big])',
  ]) {
    assert.equal(codeOf(source), 'RANGE', source)
  }
  assert.equal(codeOf('range(1001)'), 'SIZE')
  assert.equal(codeOf('range(0 - 1e12, 1e12)'), 'SIZE')
  assert.equal(codeOf('range(1000) + range(1)'), 'SIZE')
  assert.equal(codeOf(`[${'1,'.repeat(300)}]`), 'TOO_MANY_NODES')
  assert.equal(codeOf(`1${'+1'.repeat(255)}`), 'TOO_MANY_NODES')
  assert.equal(codeOf(`1${'+1'.repeat(130)}`), 'TOO_MANY_NODES') // operations count like values
  assert.equal(codeOf(`1${'+1'.repeat(127)}`), undefined)
  assert.equal(codeOf('1 '.repeat(2049)), 'TOO_LONG')
})

test('each budget ends the work: steps, memory, time', () => {
  const list = Array.from({ length: 1000 }, (_, index) => index)
  const many = Array.from({ length: 20 }, () => 'sum(l)').join('+')
  const codeOf = (budget: Parameters<typeof evaluate>[2]) =>
    (evaluate(many, { l: list }, budget) as { code?: string }).code
  assert.equal(codeOf({}), undefined)
  assert.equal(codeOf({ steps: 500 }), 'STEPS')
  assert.equal(codeOf({ steps: Number.NaN }), 'STEPS')
  assert.equal(codeOf({ memoryBytes: 20_000 }), 'MEMORY')
  let now = 0
  assert.equal(codeOf({ time: { budgetMs: 5, monotonicMs: () => (now += 1) } }), 'TIME')
  assert.equal(codeOf({ time: { budgetMs: Number.NaN, monotonicMs: () => 0 } }), 'TIME')
  assert.equal(codeOf({ time: { budgetMs: 5, monotonicMs: () => 0 } }), undefined)
})

const WORDS = [
  '(',
  ')',
  '[',
  ']',
  ',',
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '**',
  '==',
  '<',
  '>=',
  'and',
  'or',
  'not',
  'if',
  'else',
  'true',
  'null',
  'abs',
  'min',
  'max',
  'sum',
  'len',
  'range',
  'round',
  'n',
  'l',
  't',
  '0',
  '1',
  '16',
  '1e12',
  '0.5',
  '"a"',
  "'",
  '"',
  '\\',
  '.',
  '=',
  '==',
  'print',
  ';',
  '\n',
  '#',
  '__',
  'constructor',
  '\0',
  '\ud83d',
  '٣',
]
const VALUES = { n: 3, l: [1, [2, 'x']], t: 'text' }

test('whatever the text, there is an answer, within the step budget and never by throwing', () => {
  const anyText = fc.oneof(
    fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(' ')),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join('')),
    fc.string({ maxLength: 200, unit: 'binary' }),
    fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 })
      .map((units) => String.fromCharCode(...units)),
  )
  let values = 0
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 2000 }), (source, steps) => {
      const answer = evaluate(source, VALUES, { steps })
      if (answer.ok) values += 1
      check(answer, steps, source)
      check(runScript(source, VALUES, { steps }), steps, source)
    }),
    { numRuns: 5000 },
  )
  assert.ok(values > 0, 'no text had a value, so the fuzzer is blind')
})

test('a text cut anywhere, or with one character changed, has an answer too', () => {
  const whole =
    'round(sum(range(1, 10)) / len(l), 2) if not (n ** 2 >= 9 and t == "te\\"xt") else max([1, -2, n // 2])'
  assert.ok(evaluate(whole, VALUES).ok)
  for (let at = 0; at <= whole.length; at += 1) {
    check(evaluate(whole.slice(0, at), VALUES), 100_000, whole)
    for (const odd of ['(', '"', '*', '\0', '9', '_']) {
      check(evaluate(`${whole.slice(0, at)}${odd}${whole.slice(at)}`, VALUES), 100_000, `${whole} `)
    }
  }
})
