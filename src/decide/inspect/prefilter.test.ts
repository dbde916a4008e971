import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Prefilter, RULE_LIMIT, type Sign } from './prefilter.ts'

const SIGNS: readonly Sign[] = [
  'SK',
  '://',
  'eyJ',
  'ghp_',
  '-----BEGIN ',
  's.',
  '|',
  'key',
  'secret',
  'AAAA',
].map((text, rule) => ({ text, rule, isFolded: text === 'key' || text === 'secret' }))

test('it finds every sign at every place, and nothing else', () => {
  const prefilter = new Prefilter(SIGNS)
  const piece = fc.oneof(
    fc.constantFrom(...SIGNS.map(({ text }) => text), 'KEY', 'Secret', 'SECRE', 'gHp_', '::', '漢字', '\0'),
    fc.string({ maxLength: 4 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(9), (pieces, from) => {
      const text = pieces.join('')
      const expected: number[] = []
      for (let at = from; at < text.length; at++)
        for (const { text: sign, rule, isFolded } of SIGNS) {
          const there = text.slice(at, at + sign.length)
          const plain = isFolded ? there.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) : there
          if (plain === sign) expected.push(at * RULE_LIMIT + rule)
        }
      assert.deepEqual(prefilter.find(text, from), expected)
    }),
    { numRuns: 1500 },
  )
})
