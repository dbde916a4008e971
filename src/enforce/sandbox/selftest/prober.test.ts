import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderBytes, readAnswers } from './prober.ts'

test('orders are fields that end with NUL, and end with an empty one', () => {
  assert.equal(
    orderBytes([
      ['a', 'read', '/x y\n'],
      ['b', 'core'],
    ]).toString(),
    'a\0read\0/x y\n\0\0b\0core\0\0',
  )
})

test('a field that would end an order early is refused', () => {
  for (const field of ['', 'a\0b']) assert.throws(() => orderBytes([['a', field]]), /empty field/)
})

test('answers are read line by line, the first word counts, and other output is none', () => {
  const said = readAnswers(
    [
      'noise from somebody else',
      '{"id":"a","did":true,"errno":0,"note":"x"}',
      '{"id":"a","did":false,"errno":1,"note":"later"}',
      '{"id":"b","did":"yes","errno":0,"note":""}',
      '{"id":"c","did":false,"errno":1,"note":"","more":1}',
      '{"id":"d","did":false,"errno":13,"note":""}',
      '{"id":"e","did":fal',
    ].join('\n'),
  )
  assert.deepEqual(
    [...said],
    [
      ['a', { did: true, errno: 0, note: 'x' }],
      ['d', { did: false, errno: 13, note: '' }],
    ],
  )
})
