import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checksText, type Check } from './checks.ts'

const FIX =
  'systemctl enable --now serial-getty@ttyS0.service, and look again after the next start of the machine'
const CHECKS: readonly Check[] = [
  { check: 'node', state: 'ok', why: 'v24' },
  {
    check: '  serial console',
    state: 'warn',
    why: 'the kernel speaks on ttyS0, and nobody can log in',
    fix: FIX,
  },
]

test('a fix is never cut: on a narrow terminal it goes on below, in a pipe it stays on its line', () => {
  const narrow = checksText(CHECKS, 60, (state) => state)
  assert.ok(narrow.split('\n').every((line) => line.length <= 60))
  assert.ok(narrow.replaceAll(/\s+/g, ' ').includes(`fix: ${FIX}`), narrow)
  const piped = checksText(CHECKS, undefined, (state) => state).split('\n')
  assert.equal(piped[0], 'ok    node              v24')
  assert.equal(piped[1], 'warn    serial console  the kernel speaks on ttyS0, and nobody can log in')
  assert.equal(piped[2]?.trim(), `fix: ${FIX}`)
})

test('what a check found cannot move the cursor', () => {
  const shown = checksText(
    [{ check: 'x', state: 'fail', why: 'a\u001b[2Jb', fix: 'c\u001b[1Ad' }],
    80,
    String,
  )
  assert.ok(!shown.includes('\u001b'))
})
