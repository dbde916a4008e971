import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formsOf, base32 } from './forms.ts'
import { Search, type Needle } from './search.ts'

const SECRET = Buffer.from('q7Rk2vXw9LmZt4NbYc8HsJd3')
const needles = (...values: readonly Buffer[]): Needle<string>[] =>
  values.flatMap((value) =>
    formsOf(value).map(({ how, bytes, pieceBytes }) => ({ bytes, pieceBytes, tag: how })),
  )

test('a secret is found in every form, wherever it stands', () => {
  const search = new Search(needles(SECRET))
  const anyText = fc.uint8Array({ maxLength: 200 })
  const anyForm = fc.constantFrom(...formsOf(SECRET))
  fc.assert(
    fc.property(anyText, anyForm, anyText, (before, { bytes }, after) => {
      const hits = search.find(Buffer.concat([before, bytes, after]))
      return hits.some(({ start, end }) => start <= before.length && end >= before.length + bytes.length)
    }),
  )
})

test('a secret inside packed text is found at all three places of base64', () => {
  const search = new Search(needles(SECRET))
  for (const lead of ['', 'a', 'ab', 'abc', 'user:']) {
    for (const coding of ['base64', 'base64url'] as const) {
      const packed = Buffer.from(`${lead}${SECRET.toString()} and more`).toString(coding)
      assert.equal(search.find(Buffer.from(packed)).length, 1, `${lead} ${coding}`)
    }
  }
})

test('what is found is what a plain search finds', () => {
  const short = fc.array(fc.constantFrom(1, 2, 3), { maxLength: 60 }).map((bytes) => Buffer.from(bytes))
  const needle = fc
    .array(fc.constantFrom(1, 2, 3), { minLength: 8, maxLength: 12 })
    .map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(short, fc.array(needle, { minLength: 1, maxLength: 4 }), (text, wanted) => {
      const search = new Search(wanted.map((bytes) => ({ bytes, tag: undefined })))
      const expected = wanted.map((bytes) => text.indexOf(bytes)).filter((at) => at !== -1)
      const first = search.find(text)[0]?.start
      return first === (expected.length === 0 ? undefined : Math.min(...expected))
    }),
  )
})

test('a piece of twelve characters is found, one of eleven is not', () => {
  const search = new Search(needles(SECRET))
  const piece = (from: number, size: number) =>
    search.find(Buffer.from(`--- ${SECRET.toString().slice(from, from + size)} ---`))
  for (let from = 0; from + 12 <= SECRET.length; from += 1) {
    assert.equal(piece(from, 12).length, 1, `from ${from}`)
    assert.equal(piece(from, 11).length, 0, `from ${from}`)
  }
})

test('the end of a text is open exactly where a needle may begin', () => {
  const search = new Search([{ bytes: SECRET, tag: 'x' }])
  for (let size = 1; size < SECRET.length; size += 1) {
    const text = Buffer.concat([Buffer.from('some text '), SECRET.subarray(0, size)])
    assert.equal(search.openFrom(text), 10, `${size}`)
  }
  assert.equal(search.openFrom(Buffer.from('some text')), 9)
})

test('nothing is left of the needles after the search is closed', () => {
  const bytes = Buffer.from(SECRET)
  const search = new Search([{ bytes, tag: 'x' }])
  search.close()
  assert.ok(bytes.every((byte) => byte === 0))
})

test('base32 is written as RFC 4648 writes it', () => {
  const examples = {
    f: 'my',
    fo: 'mzxq',
    foo: 'mzxw6',
    foob: 'mzxw6yq',
    fooba: 'mzxw6ytb',
    foobar: 'mzxw6ytboi',
  }
  for (const [text, written] of Object.entries(examples)) assert.equal(base32(Buffer.from(text)), written)
})
