import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident, Order } from '../../contain/incident/index.ts'
import type { Ended } from '../ways-out-run.ts'
import { closeEgressPort } from './egress.ts'

const ORDER: Order = { action: 'close_egress', target: 'builder' }
const INCIDENT = { id: 'INC-1' } as Incident

/** The ways out of one agent, which end as the test says. */
function portOver(...ends: readonly Ended[]) {
  const left = [...ends]
  const ways = { endWhere: async () => left.shift() ?? assert.fail(), list: async () => [] }
  return closeEgressPort({ out: { ways } as never })
}

test('of ways whose connections nobody could tell of, the receipt says so, over several attempts', async () => {
  const whole = portOver({ ways: 2, untold: 0, open: [] })
  await whole.act(ORDER, INCIDENT)
  assert.deepEqual(await whole.look(ORDER, INCIDENT), {
    state: 'done',
    evidence: '2 ways out ended, no connection was open; none is open',
  })
  const port = portOver({ ways: 2, untold: 1, open: [] }, { ways: 1, untold: 1, open: [] })
  await port.act(ORDER, INCIDENT)
  await port.act(ORDER, INCIDENT)
  assert.equal(
    (await port.look(ORDER, INCIDENT)).evidence,
    '3 ways out ended, no connection was open, as far as was told: of 2 nobody could say; none is open',
  )
})
