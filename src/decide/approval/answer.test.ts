import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role } from '../../core/principal.ts'
import { RISK_LEVELS, type RiskLevel } from '../../core/risk.ts'
import { checkAnswerer } from './answer.ts'
import { action } from './fixture.test-kit.ts'
import { isTwoPhase, type Kind, type Question } from './question.ts'

function question(risk: RiskLevel, kind: Kind, principal = 'builder'): Question {
  const twoPhase = isTwoPhase(kind, risk)
  return {
    ...{
      id: 'q',
      kind,
      state: 'pending',
      principal,
      role: 'agent',
      action: action(risk),
      rule: 'r',
      reason: '',
    },
    ...{ payload: 'p', twoPhase, choices: ['once', 'deny'], askedAt: 0, expiresAt: 1 },
  }
}

const ownerAlone = (role: Role): boolean => role === 'owner'

function may(role: Role, of: Question, isFresh = false, mayGrant = ownerAlone, id = `${role}:x`): boolean {
  try {
    checkAnswerer({ id, role }, of, isFresh, mayGrant)
    return true
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'APPROVAL_FORBIDDEN')
    return false
  }
}

test('a device or a channel answers what is not dangerous; with the passphrase beside it, what is', () => {
  for (const kind of ['command', 'tool', 'trust_change', 'export_data', 'other'] as const) {
    for (const risk of RISK_LEVELS) {
      const asked = question(risk, kind)
      assert.equal(may('owner', asked), true)
      assert.equal(may('operator', asked), !asked.twoPhase, `${kind} ${risk}`)
      assert.equal(may('operator', asked, true), true)
      for (const role of ['agent', 'guest', 'anonymous'] as const) {
        assert.equal(may(role, asked) || may(role, asked, true), false, role)
      }
    }
  }
})

test('a capability is given by the roles policy names, whoever is asked', () => {
  const asked = question('medium', 'capability')
  assert.deepEqual(
    [may('operator', asked), may('operator', asked, true), may('owner', asked)],
    [false, false, true],
  )
  assert.equal(
    may('operator', asked, false, () => true),
    true,
  )
})

test('nobody answers what they asked, passphrase or not', () => {
  const own = question('low', 'tool', 'device:phone')
  assert.equal(
    may('operator', own, true, () => true, 'device:phone'),
    false,
  )
  assert.equal(
    may('operator', own, false, () => true, 'device:tablet'),
    true,
  )
})
