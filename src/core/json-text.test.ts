import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasHalfCharacter, JsonTextError, memberOf, plainOf, readJsonText } from './json-text.ts'

test('what JSON.stringify writes is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      assert.deepEqual(JSON.stringify(plainOf(readJsonText(text))), JSON.stringify(JSON.parse(text)))
    }),
  )
})

test('a text JSON.parse refuses is refused, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\u01e-+. tnf/*\n'.split('')) }), (text) => {
      const isJson = parses(text)
      if (!isJson) assert.throws(() => readJsonText(text), JsonTextError)
    }),
    { numRuns: 2000 },
  )
})

test('a key that stands twice is refused, however it is written', () => {
  assert.throws(() => readJsonText('{"a":1,"a":2}'), /"a" stands twice at character 8/)
  assert.throws(() => readJsonText('{"x":{"tool":1,"too\\u006c":2}}'), /"tool" stands twice/)
  assert.deepEqual(plainOf(readJsonText('[{"a":1},{"a":2}]')), [{ a: 1 }, { a: 2 }])
})

test('__proto__ is a key like others and changes no prototype', () => {
  const value = plainOf(readJsonText('{"__proto__":{"x":1}}')) as Record<string, unknown>
  assert.deepEqual(Object.keys(value), ['__proto__'])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('what is nested too deep is refused without running out of stack', () => {
  assert.throws(() => readJsonText('['.repeat(1_000_000)), /nested deeper than 100 levels/)
})

test('comments and a trailing comma are read only where they were asked for', () => {
  const text = '// top\n{ "a": [1, /* two */ 2,], // end\n}'
  assert.throws(() => readJsonText(text), JsonTextError)
  const node = readJsonText(text, { isLenient: true })
  assert.deepEqual(plainOf(node), { a: [1, 2] })
  const member = memberOf(node, 'a')
  assert.equal(text.slice(member?.value.start, member?.value.end), '[1, /* two */ 2,]')
})

test('half a character is found in texts and keys, however deep, and a whole one is none', () => {
  const has = (text: string) => hasHalfCharacter(JSON.parse(text), text)
  for (const text of ['"\\ud800"', '{"a":["\\uDC00"]}', '{"\\udfff":1}', '["\\ud83d\\ud83d\\ude00"]'])
    assert.ok(has(text), text)
  for (const text of ['"\\ud83d\\ude00"', '{"a":"\\\\ud800"}', '1', '"\u{1f600}"'])
    assert.ok(!has(text), text)
  assert.ok(has(`${'['.repeat(100_000)}"\\ud800"${']'.repeat(100_000)}`), 'without running out of stack')
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
