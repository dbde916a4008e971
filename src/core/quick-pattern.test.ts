import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isQuickPattern, patternOf } from './quick-pattern.ts'

test('patterns that end soon are taken, those that could take for ever are not', () => {
  const quick = [
    '^[a-z]+$',
    '^\\d{1,3}(\\.\\d{1,3}){3}$',
    '(?:ab)+',
    '^(https?|ftp)://',
    '[(]+',
    '(?<y>\\d+)-x',
    'a\\(b',
  ]
  const slow = [
    '(a+)+$',
    '^(a|a)*$',
    '(\\w+)\\1',
    '^(?=x)',
    '([a-z]+-)*x',
    '((a{2,}){2,})',
    '(',
    'a)',
    'x\\',
    '(?<=a)b',
  ]
  assert.deepEqual(
    quick.filter((each) => !isQuickPattern(each)),
    [],
  )
  assert.deepEqual(
    slow.filter((each) => isQuickPattern(each)),
    [],
  )
})

test('a text on which a pattern could take long is not held against it', () => {
  const pattern = patternOf('^a*b*c*$')
  assert.equal(pattern?.matches('aaabbbccc'), true)
  assert.equal(pattern?.matches('aaax'), false)
  assert.equal(pattern?.matches('a'.repeat(100_000)), undefined)
  assert.equal(patternOf('(a+)+$'), undefined)
})
