import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { evaluate, evaluateExpression, readExpression, type Values } from './expression.ts'
import { anyTree, print, slowValue } from './expression.example.ts'
import type { Value } from './value.ts'

function value(source: string, values: Values = {}): Value {
  const outcome = evaluate(source, values)
  if (!outcome.ok) assert.fail(`${source}: ${outcome.code} at ${outcome.at}: ${outcome.message}`)
  return outcome.value
}

function code(source: string, values: Values = {}): string {
  const outcome = evaluate(source, values)
  return outcome.ok ? `a value: ${JSON.stringify(outcome.value)}` : outcome.code
}

test('operators bind as in Python', () => {
  const expected: readonly (readonly [string, Value])[] = [
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['2 - 3 - 4', -5],
    ['100 / 5 / 2', 10],
    ['-2 ** 2', -4],
    ['2 ** -1', 0.5],
    ['2 ** 3 ** 2', 512],
    ['7 // 2', 3],
    ['-7 // 2', -4],
    ['-7 % 3', 2],
    ['7 % -3', -2],
    ['not 1 == 2', true],
    ['true or false and false', true],
    ['not true or true', true],
    ['1 if false else 2 if false else 3', 3],
    ['1 + 1 if 2 > 1 else 0', 2],
    ['"a" + \'b\' == "ab"', true],
    ['"it\\\'s" + "\\n"', "it's\n"],
    ['[1, [2, "x"], ] == [1] + [[2, "x"]]', true],
    ['1 == true', false],
    ['null == None', true],
    ['"a" < "b"', true],
    ['0.5 + 5e-1 == 1', true],
  ]
  for (const [source, wanted] of expected) assert.deepEqual(value(source), wanted, source)
  assert.equal(code('.5'), 'CHARACTER') // a number begins with a digit
})

test('the functions there are, and what they take', () => {
  assert.equal(value('abs(-3) + min(4, 2) + max([1, 9, 3]) + sum([1, 2.5]) + len("añ🙂") + len([])'), 20.5)
  assert.deepEqual(value('range(3) + range(1, 3) + range(5, 0, -2)'), [0, 1, 2, 1, 2, 5, 3, 1])
  assert.deepEqual(value('[round(2.5), round(-2.5), round(1.2345, 2), round(-0.4)]'), [3, -3, 1.23, 0])
  assert.equal(value('max("b", "a")'), 'b')
  for (const source of [
    'abs()',
    'abs("1")',
    'min()',
    'min([])',
    'min(1, "a")',
    'sum(1)',
    'sum(["a"])',
    'len(5)',
  ]) {
    assert.equal(code(source), 'TYPE', source)
  }
  for (const source of [
    'range(1.5)',
    'range(1, null)',
    'range()',
    'round()',
    'round(1, 2, 3)',
    'max(true)',
  ]) {
    assert.equal(code(source), 'TYPE', source)
  }
  assert.equal(code('range(0, 10, 0)'), 'RANGE')
  assert.equal(code('round(1, 13)'), 'RANGE')
})

test('only true and false decide, and nothing is converted', () => {
  for (const source of [
    'not 0',
    '1 and true',
    '"" or true',
    '1 if 1 else 2',
    '1 + "1"',
    '"a" * 3',
    '-true',
    '[1] < [2]',
  ]) {
    assert.equal(code(source), 'TYPE', source)
  }
  assert.equal(value('false and 1 / 0 == 1'), false) // what is not reached is not computed
})

test('names stand for the values given, copied and checked when used', () => {
  assert.equal(value('size < 10 * limit and kind == "csv"', { size: 5, limit: 1, kind: 'csv' }), true)
  assert.equal(code('size', {}), 'NAME')
  const list = [1, 2]
  const outcome = evaluate('given', { given: list })
  list.push(3)
  assert.deepEqual(outcome.ok && outcome.value, [1, 2])
  const strange: Record<string, unknown> = {
    f: () => 1,
    o: { a: 1 },
    big: 1e13,
    nan: Number.NaN,
    n: 1n,
    none: undefined,
    surrogate: '\ud800',
    long: 'x'.repeat(10_001),
    holes: Array.from({ length: 1001 }, () => 0),
  }
  for (const name of Object.keys(strange))
    assert.match(code(name, strange as Values), /^(?:TYPE|RANGE|SIZE)$/, name)
})

test('an expression that was read can be evaluated often', () => {
  const expression = readExpression('n * 2')
  assert.ok(expression.ok)
  for (const n of [1, 2, 3]) {
    const outcome = evaluateExpression(expression, { n })
    assert.deepEqual(outcome.ok && outcome.value, n * 2)
  }
})

test('a failure says what is wrong and where', () => {
  const outcome = evaluate('1 + size.length', { size: 1 })
  assert.deepEqual(outcome, {
    ok: false,
    code: 'CHARACTER',
    at: 8,
    message: 'attributes are not read: names stand alone, and a number begins with a digit',
  })
  assert.deepEqual(
    ['1 <  2 < 3', 'a = 1', '(1', '1 2', '"open', '', 'if', '1 if true'].map((source) => code(source)),
    ['SYNTAX', 'CHARACTER', 'SYNTAX', 'SYNTAX', 'SYNTAX', 'SYNTAX', 'SYNTAX', 'SYNTAX'],
  )
})

test('any tree has the value a slow and simple evaluator gives it', () => {
  let agreed = 0
  fc.assert(
    fc.property(anyTree, (tree) => {
      const slow = slowValue(tree)
      const outcome = evaluate(print(tree), { n: 7, t: 'text', l: [1, 2, 3], b: true })
      if (!outcome.ok && (outcome.code === 'TOO_DEEP' || outcome.code === 'TOO_MANY_NODES')) return
      assert.deepEqual(outcome.ok ? { value: outcome.value } : {}, slow, print(tree))
      if (outcome.ok) agreed += 1
    }),
    { numRuns: 3000 },
  )
  assert.ok(agreed > 500, `only ${agreed} trees had a value, so little was compared`)
})
