import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScript } from './script.ts'

function run(source: string) {
  const outcome = runScript(source, { given: 4 })
  if (!outcome.ok) assert.fail(`${outcome.code} at ${outcome.at}: ${outcome.message}`)
  return outcome
}

function code(source: string): string {
  const outcome = runScript(source, { given: 4 })
  return outcome.ok ? 'a value' : outcome.code
}

test('a script assigns, prints and ends with its last expression', () => {
  const { value, values, output } = run(`
    # areas
    side = given; area = side ** 2
    print("area", area, [1, "a", null], true)
    given = 5   # its own, the caller's stays
    print(); [
      area,
      given,
    ]
  `)
  assert.deepEqual(value, [16, 5])
  assert.deepEqual(output, ['area 16 [1, "a", null] true', ''])
  assert.deepEqual(Object.fromEntries(values), { side: 4, area: 16, given: 5 })
})

test('an empty script has no value, and a name may hold null', () => {
  assert.equal(run('').value, null)
  assert.equal(run('# nothing\n;;\n').value, null)
  assert.equal(run('given = null; given == null').value, true)
})

test('words of the language are not assigned to, and print is a statement alone', () => {
  for (const source of ['print = 1', 'sum = 1', 'true = 1', 'x = print(1)', '1 + print(1)'])
    assert.equal(code(source), 'NAME', source)
  for (const source of ['1 = 2', 'x = ', 'x y', 'x = 1 = 2', 'print(1', 'for x', 'print(1) 2']) {
    assert.match(code(source), /^(?:SYNTAX|NAME)$/, source)
  }
  assert.equal(code('"="\n"\\n"'), 'a value') // a text that reads like a sign is none
})

test('a script has 128 statements and 16,384 characters', () => {
  assert.equal(code('1\n'.repeat(128)), 'a value')
  assert.equal(code('1\n'.repeat(129)), 'TOO_MANY_STATEMENTS')
  assert.equal(code(`1${' '.repeat(16_383)}`), 'a value')
  assert.equal(code(`1${' '.repeat(16_384)}`), 'TOO_LONG')
})

test('lists that hold each other cannot grow past the budget, however small the script', () => {
  const doubling = `a = range(100)\n${'a = a + a\n'.repeat(20)}`
  assert.equal(code(doubling), 'SIZE')
  assert.equal(code(`a = [1]\n${'a = [a, a]\n'.repeat(20)}`), 'TOO_DEEP')
  const wide = `a = range(900)\n${'a = [a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a]\n'.repeat(3)}`
  assert.equal(code(wide), 'MEMORY')
  assert.equal(code(`t = "${'x'.repeat(4000)}"\n${'print(t, t)\n'.repeat(120)}`), 'MEMORY')
})
