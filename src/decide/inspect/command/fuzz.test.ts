import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RISK_LEVELS } from '../../../core/risk.ts'
import { fuzzed } from './fuzz.test-kit.ts'
import { parseCommand, rateCommand } from './index.ts'

const INPUTS = 20_000

test('no text makes it throw, and every answer is whole', () => {
  let unparsable = 0
  for (const text of fuzzed(INPUTS, 7)) {
    const rating = rateCommand(text, { home: '/home/dev', cwd: '/w', workspace: '/w' })
    assert.ok(RISK_LEVELS.includes(rating.risk), JSON.stringify(text))
    const failed = rating.reasons.find(({ rule }) => rule === 'shape.failed')
    assert.equal(failed, undefined, `rating it failed: ${JSON.stringify(text)}`)
    for (const { start, end, note } of rating.reasons) {
      assert.ok(
        start >= 0 && start <= end && end <= text.length,
        `${start}-${end} in ${JSON.stringify(text)}`,
      )
      assert.ok(note.length < 400, note)
    }
    if (rating.unparsable !== undefined) {
      unparsable++
      assert.notEqual(rating.risk, 'low', JSON.stringify(text))
    }
    const parsed = parseCommand(text)
    if (rating.unparsable !== undefined) assert.equal(parsed.parsable, false, JSON.stringify(text))
  }
  assert.ok(unparsable > INPUTS / 100 && unparsable < INPUTS, `${unparsable} could not be read`)
})

test('a deep, long or repeated text is answered as well', () => {
  const hostile = [
    '('.repeat(5000),
    '$('.repeat(5000),
    '`'.repeat(9999),
    `${'{a,'.repeat(200)}b${'}'.repeat(200)}`,
    `echo ${'{1..999999999}'.repeat(50)}`,
    `x=${'a'.repeat(60_000)}; \${x//a*a*a*b/c}`,
    `${'x=$x$x$x$x;'.repeat(2000)} $x`,
    `${'sh -c '.repeat(5000)} ls`,
    `f() { f | f; }; ${'f;'.repeat(500)}`,
    `${'for i in 1 2 3 4 5 6 7 8; do '.repeat(20)} ls ${'; done'.repeat(20)}`,
    `${'if x; then '.repeat(40)} ls ${'; fi'.repeat(40)}`,
    `sed '${'s/a/b/;'.repeat(5000)}'`,
    `find ${'-exec '.repeat(5000)} ls`,
    `grep -r ${'password '.repeat(5000)}`,
    `tar ${'-I '.repeat(3000)} x`,
    `git -c ${'core.'.repeat(5000)}x`,
    `python -c '${'os.system("'.repeat(2000)}'`,
    `awk '${'"\\'.repeat(9000)}'`,
  ]
  for (const text of hostile) {
    const { risk } = rateCommand(text)
    assert.ok(RISK_LEVELS.includes(risk), text.slice(0, 40))
  }
})
