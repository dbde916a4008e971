import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { edited, placeOf, replaced } from './splice.ts'

const spaced = fc.constantFrom('', ' ', '\n', '\t ')

test('a value is found wherever it stands, and only it is changed', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
      fc.jsonValue(),
      spaced,
      (rest, id, blank) => {
        const message = { ...rest, id, last: rest }
        const text = JSON.stringify(message, undefined, blank)
        assert.deepEqual(
          JSON.parse(edited(text, replaced(text, 7, 'id'))),
          JSON.parse(JSON.stringify({ ...message, id: 7 })),
        )
      },
    ),
  )
})

test('a value in an object in an object is found, and one that is not there is not', () => {
  const text = '{ "params" : {"a":[{"_meta":1}],"_meta":{"x":"}\\"","progressToken" : 5}}, "id":1.0e2 }'
  const change = [...replaced(text, 'p', 'params', '_meta', 'progressToken'), ...replaced(text, 'i', 'id')]
  assert.equal(
    edited(text, change),
    '{ "params" : {"a":[{"_meta":1}],"_meta":{"x":"}\\"","progressToken" : "p"}}, "id":"i" }',
  )
  assert.equal(placeOf(text, 'params', 'b'), undefined)
  assert.equal(placeOf(text, 'id', 'x'), undefined)
  assert.equal(placeOf('{}', 'id'), undefined)
  assert.deepEqual(replaced(text, 1, 'nothing'), [])
  assert.equal(edited(text, []), text)
})

test('a key is known however it is written', () => {
  const text = String.raw`{"\u0069d":12345678901234567890,"n":12345678901234567890}`
  assert.equal(edited(text, replaced(text, 1, 'id')), String.raw`{"\u0069d":1,"n":12345678901234567890}`)
})
