import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GateEvent } from '../gate/index.ts'
import { Outcomes } from './outcomes.ts'

const named = (reason: string) => ({ reason }) as GateEvent

test('an outcome that cannot be written is no error, and is written once, in order, when it can be', async () => {
  const ledger = { isFull: true, written: [] as string[], late: 0 }
  const outcomes = new Outcomes({
    append: async ({ reason }) => {
      if (ledger.isFull) throw new Error('ENOSPC')
      ledger.written.push(reason)
    },
    late: () => (ledger.late += 1),
  })
  assert.equal(await outcomes.write(named('one')), false)
  await outcomes.write(named('two'))
  await assert.rejects(outcomes.writeLate(), /ENOSPC/)
  ledger.isFull = false
  await Promise.all([outcomes.writeLate(), outcomes.writeLate()])
  await outcomes.writeLate()
  assert.equal(await outcomes.write(named('three')), true)
  assert.deepEqual(ledger, { isFull: false, written: ['one', 'two', 'three'], late: 2 })
})
