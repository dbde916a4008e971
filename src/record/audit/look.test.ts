import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createStamp } from './entry.ts'
import { anyEvent, READ, START } from './example.ts'
import { ESCAPED, look, lookAtEvent, PLAIN, SIGNS, SUSPECT } from './look.ts'
import { recorded } from './record.ts'
import { isSecretName } from './redact.ts'
import { write, writePlain } from './serialise.ts'

const stamp = createStamp(() => START)

test('a sign is seen wherever it stands, in either case, whatever is around it', () => {
  const around = fc.string({ unit: 'binary', maxLength: 9 })
  fc.assert(
    fc.property(around, fc.constantFrom(...SIGNS), fc.boolean(), around, (before, sign, isUpper, after) => {
      const text = `${before}${isUpper ? sign.toUpperCase() : sign}${after}`
      assert.equal(look(text) & SUSPECT, SUSPECT, JSON.stringify(text))
    }),
    { numRuns: 3000 },
  )
})

test('nothing else is suspected', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 60 }), (text) => {
      const isSuspect = SIGNS.some((sign) => text.toLowerCase().includes(sign))
      assert.equal((look(text) & SUSPECT) !== 0, isSuspect)
    }),
    { numRuns: 3000 },
  )
})

test('signs have three characters or more and nothing in them that JSON escapes, as the looking relies on both', () => {
  for (const sign of SIGNS) {
    assert.ok(sign.length >= 3, sign)
    assert.equal(JSON.stringify(sign), `"${sign}"`)
    assert.equal(sign, sign.toLowerCase())
  }
})

test('every name that holds a secret by itself has a sign', () => {
  const names =
    'password passwd pwd passphrase token secret api_key access-key private_key authorization cookie'
  for (const name of names.split(' ')) {
    assert.ok(isSecretName(name), name)
    assert.equal(look(name), SUSPECT, name)
    const { event } = recorded(stamp({ ...READ, details: { [name]: 'tulip' } }))
    assert.equal(event.details[name], '[redacted]', name)
  }
})

test('a plain text is one that JSON leaves as it is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      if ((look(text) & ESCAPED) === 0) assert.equal(JSON.stringify(text), `"${text}"`)
    }),
    { numRuns: 3000 },
  )
  assert.equal(look(''), PLAIN)
  assert.equal(look('a plain text'), PLAIN)
  for (const text of ['"', 'a"', '\\', 'ab\n', 'é', 'ab\u2028', '\ud800'])
    assert.equal(look(text), ESCAPED, text)
})

test('a plain event is written by hand exactly as it is written otherwise', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'b', 'z', '0', '1', '9', '-', '_', '/', '.', '*', '[', ' '),
    maxLength: 12,
  })
  const plain = fc.record({
    action: word.map((text) => `a${text}`),
    agent: word,
    target: word,
    reason: word,
    capabilities_used: fc.array(word, { maxLength: 3 }),
    details: fc.dictionary(
      fc.oneof(word, fc.constantFrom('10', '9', '__proto__')),
      fc.oneof(word, fc.maxSafeInteger(), fc.boolean(), fc.constant(-0)),
      { maxKeys: 5 },
    ),
  })
  let byHand = 0
  fc.assert(
    fc.property(fc.oneof(plain, anyEvent), (change) => {
      const event = stamp({ ...READ, ...change })
      if (lookAtEvent(event) !== PLAIN) return
      byHand++
      assert.equal(writePlain(event).text, write(event).text)
      assert.equal(recorded(event).text, write(event).text)
    }),
    { numRuns: 3000 },
  )
  assert.ok(byHand > 500, `only ${byHand} events were plain`)
})

test('a plain event that is too large is shortened like any other', () => {
  const event = stamp({ ...READ, details: { blob: 'x'.repeat(70_000) } })
  assert.equal(lookAtEvent(event), PLAIN)
  assert.equal(writePlain(event).text, write(event).text)
})
