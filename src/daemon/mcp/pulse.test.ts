import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pulse } from './pulse.ts'

function pulse() {
  const it = { nowMs: 0, asked: [] as number[], lost: 0 }
  const of = new Pulse({
    ask: (ping) => void it.asked.push(ping),
    lost: () => void (it.lost += 1),
    monotonicMs: () => it.nowMs,
    ...{ everyMs: 1_000_000, patienceMs: 60_000 },
  })
  return { it, of }
}

test('a process that answers is asked again and never given up', () => {
  const { it, of } = pulse()
  for (let i = 0; i < 100; i++) {
    of.look()
    of.heard(it.asked.at(-1)!)
    it.nowMs += 70_000
  }
  assert.deepEqual([it.asked.length, it.lost], [100, 0])
  of.stop()
})

test('one that does not answer for long is lost, but not for an answer that lay unread meanwhile', () => {
  const { it, of } = pulse()
  of.look()
  it.nowMs += 70_000
  of.look()
  assert.equal(it.lost, 0, 'we may have been held up ourselves')
  of.heard(1)
  of.look()
  of.heard(1) // an old answer is none to a new question
  it.nowMs += 59_000
  of.look()
  assert.equal(it.lost, 0)
  it.nowMs += 2000
  of.look()
  of.look()
  assert.deepEqual([it.asked, it.lost], [[1, 2], 1])
})
