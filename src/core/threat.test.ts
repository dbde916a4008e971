import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTROLS } from './control.ts'
import { NOT_PROTECTED } from './guarded.ts'
import { ATTACKERS, THREATS } from './threat.ts'

test('every threat is met by at least one control, and by none that does not exist', () => {
  const known = new Set(CONTROLS.map(({ id }) => id))
  for (const { id, controls } of THREATS) {
    assert.ok(controls.length > 0, `${id} has no control`)
    assert.deepEqual(
      controls.filter((control) => !known.has(control)),
      [],
      id,
    )
  }
})

test('every control meets a threat, and every attacker has one', () => {
  const used = new Set(THREATS.flatMap(({ controls }) => controls))
  assert.deepEqual(
    CONTROLS.filter(({ id }) => !used.has(id)).map(({ id }) => id),
    [],
  )
  const attackers = new Set(THREATS.map(({ attacker }) => attacker))
  assert.deepEqual(
    Object.keys(ATTACKERS).filter((id) => !attackers.has(id as keyof typeof ATTACKERS)),
    [],
  )
})

test('threat ids are unique, and what is left is said for each', () => {
  assert.equal(new Set(THREATS.map(({ id }) => id)).size, THREATS.length)
  for (const { id, left } of THREATS) assert.match(left, /^\S.*\.$/, id)
  for (const { what, instead } of NOT_PROTECTED) assert.ok(what.length > 0 && instead.length > 0)
})
