import assert from 'node:assert/strict'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { canonicalJson, digestOf, type Json } from './canonical.ts'

const anyJson = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>

test('canonical JSON says the same value after a round trip, and the same text again', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      const text = canonicalJson(value)
      assert.equal(canonicalJson(JSON.parse(text) as Json), text)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('canonical JSON agrees with another implementation of RFC 8785', () => {
  fc.assert(fc.property(anyJson, (value) => assert.equal(canonicalJson(value), canonicalize(value))))
})

test('the order of keys does not change a digest, and any change of a value does', () => {
  assert.equal(digestOf({ a: 1, b: [2, 'x'] }), digestOf({ b: [2, 'x'], a: 1 }))
  assert.notEqual(digestOf({ a: 1 }), digestOf({ a: '1' }))
})

test('keys are sorted by UTF-16 code units, as RFC 8785 section 3.2.3 shows', () => {
  const text = canonicalJson({
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\u{1f600}': 5,
    '\u0080': 6,
    '\u00f6': 7,
  })
  assert.deepEqual(
    Object.values(JSON.parse(text) as Record<string, number>).sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7],
  )
  assert.equal(text, '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}')
})

test('what JSON cannot say is refused, not rounded', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800', undefined, () => 1, 1n]) {
    assert.throws(() => canonicalJson(value as unknown as Json), TypeError)
  }
})
