import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACTION_NAMES, IncidentBook, Outbox, type ActionPort, type ActionPorts, type Seen } from './index.ts'
import { memoryIncidentStore } from './store.memory.ts'

const DONE: Seen = { state: 'done', evidence: 'seen' }

function room(port: Partial<ActionPort>, pausesMs: readonly number[] = [1]) {
  const store = memoryIncidentStore()
  const book = new IncidentBook({ store, now: Date.now, groupMs: 60_000, isOwn: () => false })
  const whole: ActionPort = { act: async () => undefined, look: async () => DONE, ...port }
  const ports = Object.fromEntries(ACTION_NAMES.map((name) => [name, whole])) as unknown as ActionPorts
  const outbox = new Outbox({
    ...{ book, ports, pausesMs, now: Date.now, monotonicMs: () => performance.now() },
    lost: (error) => assert.fail(String(error)),
  })
  const report = () =>
    book.report({
      ...{
        class: 'prompt_injection',
        rule: 'r',
        source: 's',
        severity: 'low',
        summary: 'w',
        at: 1,
        key: 'k',
      },
      ...{ agent: 'builder', evidence: {} },
    }).id
  return { store, book, outbox, report }
}

test('an action stands in the book before it is tried, and its attempt before it is looked at', async (t) => {
  const order: string[] = []
  const { store, outbox, report } = room({
    act: async () => void order.push(store.all.map(({ what }) => what).join(' ')),
  })
  t.after(() => outbox.close())
  const { actions, state } = await outbox.settled(report())
  assert.equal(state, 'contained')
  assert.deepEqual(
    actions.map((each) => [each.action, each.state, each.attempts]),
    [
      ['freeze_agent', 'done', 1],
      ['log_alert', 'done', 1],
    ],
  )
  assert.equal(order[0], 'opened moved began')
})

test('what was done in spite of an error is done, and what nobody sees is not, whatever the action says', async (t) => {
  const thrown = room({ act: async () => Promise.reject(new Error('late')) })
  const unseen = room({ look: async () => ({ state: 'failed', evidence: 'still there' }) }, [60_000])
  t.after(() => Promise.all([thrown.outbox.close(), unseen.outbox.close()]))
  assert.equal((await thrown.outbox.settled(thrown.report())).state, 'contained')
  const failed = await unseen.outbox.settled(unseen.report())
  assert.equal(failed.state, 'containment_failed')
  assert.ok(
    failed.actions.every(({ evidence, nextAt }) => evidence === 'still there' && nextAt !== undefined),
  )
})

test('one that fails holds up no other, is tried again, and makes the incident contained when it works', async (t) => {
  const tries = { freeze: 0 }
  const { book, outbox, report } = room({
    look: async ({ action }) =>
      action === 'freeze_agent' && (tries.freeze += 1) < 3 ? { state: 'failed', evidence: 'not yet' } : DONE,
  })
  t.after(() => outbox.close())
  const id = report()
  const first = await outbox.settled(id)
  assert.equal(first.actions[1]?.state, 'done')
  while (book.get(id).state !== 'contained') await new Promise((done) => setTimeout(done, 5))
  assert.equal(book.get(id).actions[0]?.attempts, 3)
})

test('one that hangs is not confirmed, and does not hold up the others for ever', async (t) => {
  const { outbox, report } = room(
    {
      mostMs: 20,
      act: async (order) =>
        order.action === 'freeze_agent' ? await new Promise(() => undefined) : undefined,
    },
    [60_000],
  )
  t.after(() => outbox.close())
  const { actions } = await outbox.settled(report())
  assert.deepEqual(
    actions.map(({ state }) => state),
    ['failed', 'done'],
  )
  assert.match(actions[0]?.evidence ?? '', /not confirmed within/)
})

test('an order without a receipt is done by whoever opens the book next', async (t) => {
  const { store, report } = room({})
  const id = report() // and nobody did it
  const again = new IncidentBook({
    store: memoryIncidentStore(store.all),
    now: Date.now,
    groupMs: 1,
    isOwn: () => false,
  })
  const seen: string[] = []
  const port: ActionPort = { act: async ({ action }) => void seen.push(action), look: async () => DONE }
  const ports = Object.fromEntries(ACTION_NAMES.map((name) => [name, port])) as unknown as ActionPorts
  const outbox = new Outbox({
    book: again,
    ports,
    now: Date.now,
    monotonicMs: () => performance.now(),
    lost: (error) => assert.fail(String(error)),
  })
  t.after(() => outbox.close())
  assert.equal((await outbox.settled(id)).state, 'contained')
  assert.deepEqual(seen, ['freeze_agent', 'log_alert'])
})

test('a contained incident that is reported again is looked at again, and done again where it does not hold', async (t) => {
  const world = { holds: true }
  const { book, outbox, report } = room({
    act: async () => void (world.holds = true),
    look: async () => (world.holds ? DONE : { state: 'failed', evidence: 'undone' }),
  })
  t.after(() => outbox.close())
  const id = report()
  await outbox.settled(id)
  outbox.again(report())
  await new Promise((done) => setTimeout(done, 20))
  assert.equal(book.get(id).actions[0]?.attempts, 1, 'it holds: nothing is done')
  world.holds = false
  outbox.again(report())
  while (book.get(id).actions[0]?.attempts !== 2) await new Promise((done) => setTimeout(done, 5))
  assert.equal((await outbox.settled(id)).state, 'contained')
})
