import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { editsBetween, nearest } from './nearest.ts'

test('a slip of one or two letters finds the word that was meant', () => {
  const words = ['grant add', 'grant list', 'audit verify']
  assert.equal(nearest('grnat add', words), 'grant add')
  assert.equal(nearest('audit verfy', words), 'audit verify')
})

test('what is like nothing finds nothing', () => {
  assert.equal(nearest('xyzzy', ['grant add', 'status']), undefined)
  assert.equal(nearest('', []), undefined)
})

test('edits are symmetric, none for the same word, and never more than the longer word has letters', () => {
  const word = fc.string({ maxLength: 8 })
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(editsBetween(a, b), editsBetween(b, a))
      assert.equal(editsBetween(a, b) === 0, a === b)
      assert.ok(editsBetween(a, b) <= Math.max(a.length, b.length))
    }),
  )
})

test('two swapped neighbours are one edit', () => {
  assert.equal(editsBetween('ab', 'ba'), 1)
  assert.equal(editsBetween('status', 'sattus'), 1)
})
