import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision } from '../../core/decision.ts'
import { refuseUnanswered } from './index.ts'

test('while nobody can be asked, a question is a no that names the rule which asked', () => {
  const asked: Decision = {
    effect: 'ask',
    layer: 'policy',
    rule: 'rule.careful',
    reason: 'it is risky',
    capabilities: [],
    evidence: { domain: 'tool_access', policyDigest: 'd', inputHash: 'i', epoch: 1, microseconds: 1 },
  }
  const answer = refuseUnanswered(asked)
  assert.deepEqual([answer.effect, answer.layer, answer.rule], ['deny', 'approval', 'rule.careful'])
  assert.match(answer.reason, /it is risky; a human would have to say yes/)
  assert.equal(answer.evidence, asked.evidence)
})
