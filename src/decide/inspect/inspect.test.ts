import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Action } from '../../core/action.ts'
import { inspect } from './index.ts'

const ACTION: Action = { namespace: 'fs', verb: 'read', resource: '/a', risk: 'low', bytes: '' }

test('an action whose labels are known words stays as it is', () => {
  assert.deepEqual(inspect(ACTION), { ...ACTION, findings: [] })
})

test('an unknown risk counts as high, and an unknown sensitivity as the highest', () => {
  const odd = { ...ACTION, risk: 'harmless', sensitivity: 'none' } as unknown as Action
  const seen = inspect(odd)
  assert.deepEqual([seen.risk, seen.sensitivity], ['high', 'high'])
  assert.equal(seen.findings?.[0]?.rule, 'inspect.risk')
})

test('a resource that is no proper text is found, and the action cannot be changed afterwards', () => {
  const seen = inspect({ ...ACTION, resource: '/a\ud800' })
  assert.equal(seen.findings?.[0]?.rule, 'inspect.resource')
  assert.throws(() => Object.assign(seen, { risk: 'low' }), TypeError)
})
