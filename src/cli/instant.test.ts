import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownError } from '../core/error.ts'
import { instant } from './instant.ts'

test('a moment is a time back or a date; anything else is the caller’s mistake, and no bug', () => {
  const now = Date.parse('2026-03-02T12:00:00Z')
  assert.equal(instant('2h', now), '2026-03-02T10:00:00.000Z')
  assert.equal(instant('2026-01-31T12:00Z', now), '2026-01-31T12:00:00.000Z')
  for (const text of ['yesterday', '', '2', '3parsecs'])
    assert.throws(
      () => instant(text, now),
      (error: unknown) => error instanceof KnownError && error.kind === 'invalid',
      text,
    )
})
