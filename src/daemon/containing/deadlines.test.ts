import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stepsOf, type Incident } from '../../contain/incident/index.ts'
import type { Finding } from '../../core/incident.ts'
import { Deadlines, type DeadlineOptions } from './deadlines.ts'

/** A case and its first step that has to be done by a certain time, and who raises alerts about it. */
function room(told: readonly { rule: string; details: object }[] = []) {
  const raised: Finding[] = []
  const clock = { ms: 0 }
  const incident = {
    ...{ id: 'INC-1', class: 'credential_compromise', severity: 'high', state: 'contained' },
    ...{ openedAt: 0, steps: [], actions: [] },
  } as unknown as Incident
  const step = stepsOf(incident).find(({ dueAt }) => dueAt !== undefined) ?? assert.fail()
  const deadlines = new Deadlines({
    book: { active: () => [incident] },
    raise: (finding: Finding) => void raised.push(finding),
    ledger: { query: () => told },
    clock: { now: () => clock.ms },
    lost: (error: unknown) => assert.fail(String(error)),
  } as unknown as DeadlineOptions)
  return { deadlines, raised, clock, id: step.id, dueAt: step.dueAt ?? 0 }
}

test('a step is told of when it should have been done, not before, and once', () => {
  const { deadlines, raised, clock, id, dueAt } = room()
  clock.ms = dueAt - 1
  deadlines.look()
  assert.deepEqual(raised, [])
  clock.ms = dueAt
  deadlines.look()
  deadlines.look()
  assert.deepEqual(
    raised.map(({ rule, severity, key }) => [rule, severity, key]),
    [['playbook.overdue', 'high', `playbook.overdue:INC-1:${id}`]],
  )
})

test('what an earlier daemon told is not told again, and another step is', () => {
  const before = (step: string) => ({ rule: 'playbook.overdue', details: { incident: 'INC-1', step } })
  for (const [step, count] of [
    [room().id, 0],
    ['another', 1],
  ] as const) {
    const { deadlines, raised, clock, dueAt } = room([before(step)])
    clock.ms = dueAt
    deadlines.look()
    assert.equal(raised.length, count)
  }
})
