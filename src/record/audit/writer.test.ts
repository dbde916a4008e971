import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStamp, GENESIS, type Entry } from './entry.ts'
import { READ } from './example.ts'
import { bodyOf, hashOf, parseEntry, write } from './serialise.ts'
import { MemoryStore } from './store.memory.ts'
import { Writer, type WriterNews } from './writer.ts'

/** A writer on a store in memory, with a clock. */
function makeWriter(maxSegmentBytes = 1_000_000, store = new MemoryStore()) {
  const news: WriterNews[] = []
  const time = { ms: Date.UTC(2026, 0, 31, 23, 59, 59, 999) }
  const stamp = createStamp(() => time.ms)
  const text = (): string => write(stamp(READ)).text
  const writer = new Writer({ store, maxSegmentBytes, tell: (one) => news.push(one) })
  const entries = (): Entry[] => store.read(0, 1e6).map(({ body, hash }) => parseEntry(body, hash))
  return { writer, store, news, time, text, entries }
}

test('entries are numbered from 1 without gaps, and each carries the hash of the one before', () => {
  const { writer, text, entries, store } = makeWriter()
  writer.append([text(), text()])
  writer.append([text()])
  let prev = GENESIS
  for (const [at, { seq, prev_hash, hash }] of entries().entries()) {
    assert.equal(seq, at + 1)
    assert.equal(prev_hash, prev)
    assert.equal(hash, hashOf(store.read(at, 1)[0]!.body))
    prev = hash
  }
  assert.equal(entries().length, 4) // the first opens the segment
})

test('an acknowledgement says exactly what was stored', () => {
  const { writer, news, text, entries } = makeWriter()
  const batch = [text(), text(), text()]
  writer.append(batch)
  const [ack] = news
  assert.ok(ack?.kind === 'ack')
  assert.equal(ack.first, 2)
  assert.equal(ack.prev, entries()[0]!.hash)
  assert.equal(ack.hashes.slice(0, 64), hashOf(bodyOf(batch[0]!, ack.prev, 2)))
  assert.equal(ack.hashes.slice(-64), writer.head.hash)
})

test('a segment ends at UTC midnight, also at the end of a month, and the next repeats the last hash', () => {
  const { writer, time, text, entries, store, news } = makeWriter()
  const before = text()
  time.ms += 1
  const after = text()
  writer.append([before, after])
  assert.equal(store.segment, 2)
  const [, last, opening, first] = entries()
  assert.equal(last!.timestamp, '2026-01-31T23:59:59.999Z')
  assert.equal(first!.timestamp, '2026-02-01T00:00:00.000Z')
  assert.equal(opening!.action, 'ledger:segment')
  assert.deepEqual(opening!.details, { previous_hash: last!.hash, previous_seq: 2, segment: 2 })
  const rotated = news.find(({ kind }) => kind === 'rotated')
  assert.deepEqual(rotated, { kind: 'rotated', closed: { seq: 2, hash: last!.hash }, segment: 1 })
})

test('the day is the UTC day: local midnight and daylight saving end nothing', () => {
  const { writer, time, text, store } = makeWriter()
  for (const hour of [0, 1, 2, 3, 22, 23]) {
    time.ms = Date.UTC(2026, 2, 29, hour, 30) // clocks change that night in Europe
    writer.append([text()])
  }
  assert.equal(store.segment, 1)
})

test('a clock that jumps back does not begin a segment', () => {
  const { writer, time, text, store } = makeWriter()
  writer.append([text()])
  time.ms -= 40 * 86_400_000
  writer.append([text()])
  assert.equal(store.segment, 1)
})

test('a segment ends at its size, in the middle of a batch too', () => {
  const { writer, text, store, entries } = makeWriter(4000)
  writer.append(Array.from({ length: 40 }, text))
  assert.ok(store.segment > 3)
  assert.deepEqual(
    entries().map(({ seq }) => seq),
    Array.from({ length: 40 + store.segment }, (_, at) => at + 1),
  )
})

test('when writing fails the whole batch is refused, and the next one finds the chain where it was', () => {
  class FailingStore extends MemoryStore {
    fails = false
    override append(rows: Parameters<MemoryStore['append']>[0]): void {
      if (this.fails) throw new Error('database or disk is full')
      super.append(rows)
    }
  }
  const store = new FailingStore()
  const { writer, news, text, entries } = makeWriter(1_000_000, store)
  writer.append([text()])
  store.fails = true
  writer.append([text(), text()])
  assert.deepEqual(news.at(-1), { kind: 'refused', count: 2, why: 'database or disk is full' })
  store.fails = false
  writer.append([text()])
  assert.equal(news.at(-1)?.kind, 'ack')
  assert.equal(entries().at(-1)!.seq, 3)
})

test('entries that became durable although the commit failed stay in the chain', () => {
  class LateStore extends MemoryStore {
    fails = false
    override append(rows: Parameters<MemoryStore['append']>[0]): void {
      super.append(rows)
      if (this.fails) throw new Error('disk I/O error')
    }
  }
  const store = new LateStore()
  const { writer, news, text, entries } = makeWriter(1_000_000, store)
  writer.append([text()])
  store.fails = true
  writer.append([text()])
  store.fails = false
  writer.append([text()])
  assert.deepEqual(
    news.map(({ kind }) => kind),
    ['ack', 'refused', 'ack'],
  )
  assert.deepEqual(
    entries().map(({ seq }) => seq),
    [1, 2, 3, 4],
  )
  assert.equal(entries()[3]!.prev_hash, entries()[2]!.hash)
})

test('a writer whose store was changed behind its back refuses to go on', () => {
  class ChangingStore extends MemoryStore {
    swapped = false
    override append(rows: Parameters<MemoryStore['append']>[0]): void {
      if (this.swapped) throw new Error('disk I/O error')
      super.append(rows)
    }
    override last() {
      const last = super.last()
      return this.swapped && last !== undefined ? { ...last, hash: 'f'.repeat(64) } : last
    }
  }
  const store = new ChangingStore()
  const { writer, news, text } = makeWriter(1_000_000, store)
  writer.append([text()])
  store.swapped = true
  writer.append([text()])
  writer.append([text()])
  assert.deepEqual(news.at(-1), { kind: 'refused', count: 1, why: 'the ledger changed under its writer' })
})
