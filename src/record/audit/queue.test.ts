import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createStamp, GENESIS } from './entry.ts'
import { READ, START } from './example.ts'
import { AppendQueue } from './queue.ts'
import { write } from './serialise.ts'

const stamp = createStamp(() => START)

/** A queue whose writer answers only when told to; entries are numbered from 1. */
function makeQueue(bound = 8192) {
  const sent: string[] = []
  const queue = new AppendQueue((text) => sent.push(text), bound)
  const woken: string[] = []
  let seq = 0
  const append = (name: string) => {
    const appended = queue.append(write(stamp({ ...READ, target: name })))
    return appended.then(
      (entry) => woken.push(`${entry.seq} ${entry.target} ${entry.prev_hash[0]}${entry.hash[0]}`),
      () => woken.push(`refused ${name}`),
    )
  }
  const acknowledge = (count: number) => {
    const digits = Array.from({ length: count }, (_, at) => ((seq + at + 1) % 16).toString(16).repeat(64))
    const prev = seq === 0 ? GENESIS : (seq % 16).toString(16).repeat(64)
    queue.acknowledge({ kind: 'ack', count, first: seq + 1, prev, hashes: digits.join('') })
    seq += count
  }
  return { queue, sent, woken, append, acknowledge }
}

test('however many are acknowledged at once, the event loop turns between those that are woken', async () => {
  const { woken, append, acknowledge } = makeQueue()
  const all = Array.from({ length: 1000 }, (_, at) => append(String(at)))
  await nextTurn()
  acknowledge(700)
  acknowledge(300)
  let turns = 0
  for (let before = -1; woken.length < 1000; turns++) {
    assert.ok(woken.length - before <= 150, `${woken.length - before} were woken in one turn`)
    before = woken.length
    await nextTurn()
  }
  assert.ok(turns >= 5, `${turns} turns`)
  await Promise.all(all)
  for (const [at, line] of woken.entries()) {
    const [before, own] = [at % 16, (at + 1) % 16].map((digit) => digit.toString(16))
    assert.equal(line, `${at + 1} ${at} ${before}${own}`)
  }
})

test('answers keep the order of the entries, whatever they are', async () => {
  const { queue, woken, append, acknowledge } = makeQueue()
  const all = Array.from({ length: 600 }, (_, at) => append(String(at)))
  await nextTurn()
  acknowledge(400)
  queue.refuse({ kind: 'refused', count: 150, why: 'the disk is full' })
  acknowledge(50)
  await Promise.all(all)
  assert.equal(woken.length, 600)
  assert.ok(woken.slice(0, 400).every((line, at) => line.startsWith(`${at + 1} ${at} `)))
  assert.deepEqual(
    woken.slice(400, 550),
    Array.from({ length: 150 }, (_, at) => `refused ${400 + at}`),
  )
  assert.ok(woken.slice(550).every((line, at) => line.startsWith(`${401 + at} ${550 + at} `)))
  assert.equal(queue.underWay, 0)
})

test('when the writer dies, what it had acknowledged is told so and only the rest is refused', async () => {
  const { queue, woken, append, acknowledge } = makeQueue(500)
  const all = Array.from({ length: 700 }, (_, at) => append(String(at)))
  await nextTurn()
  assert.deepEqual([queue.underWay, queue.waiting], [500, 200])
  acknowledge(450)
  queue.close('its thread ended')
  await Promise.all(all)
  assert.equal(woken.filter((line) => line.startsWith('refused')).length, 250)
  assert.ok(woken.includes('450 449 12'))
  assert.ok(woken.includes('refused 450'))
  await queue.drained()
})

test('what one turn appends goes out in few messages, and past the bound it waits', async () => {
  const { queue, sent, append, acknowledge } = makeQueue(300)
  const all = Array.from({ length: 400 }, (_, at) => append(String(at)))
  await nextTurn()
  assert.ok(sent.length < 10, `${sent.length} messages`)
  assert.equal(sent.join('').split('\n').length - 1, 300)
  acknowledge(300)
  while (queue.waiting > 0) await nextTurn()
  assert.equal(sent.join('').split('\n').length - 1, 400)
  acknowledge(100)
  await Promise.all(all)
})

test('an answer for an entry nobody sent is a bug and shows as one', () => {
  const { queue } = makeQueue()
  assert.throws(() => queue.refuse({ kind: 'refused', count: 1, why: 'x' }), /nobody sent/)
})
