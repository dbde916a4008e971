import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Allowances, endOf } from './allowance.ts'
import { ApprovalBook, type LineFields } from './book.ts'
import { digest, subject, testSigner } from './fixture.test-kit.ts'
import { narrowest, withHoles } from './pattern.ts'
import { memoryBookStore } from './store.memory.ts'
import type { SignedLine } from './store.ts'

const DAY_MS = 24 * 3_600_000
const NOW = 1_800_000_000_000
const MAKE = subject('/usr/bin/make', ['test'])
const signer = testSigner()

function opened(lines: SignedLine[] = [], atLeast = 0) {
  const book = new ApprovalBook(memoryBookStore(lines), signer)
  const reading = book.read(atLeast)
  const ids = { next: lines.length }
  const append = (fields: LineFields) => book.append(fields)
  return {
    lines,
    reading,
    all: new Allowances({ append, newId: () => `allowance-${ids.next++}` }, reading.lines),
  }
}

test('an allowance covers its agent, its command, for its time', () => {
  const { all } = opened()
  const made = all.add('builder', narrowest(MAKE)!, 'owner', NOW)
  assert.equal(made.expiresAt - NOW, 30 * DAY_MS)
  assert.equal(all.match('builder', MAKE, NOW)?.id, made.id)
  assert.equal(all.match('other', MAKE, NOW), undefined)
  assert.equal(all.match('builder', subject('/usr/bin/make', ['install']), NOW), undefined)
  assert.equal(all.match('builder', MAKE, NOW + 30 * DAY_MS), undefined)
  assert.throws(() => all.add('builder', narrowest(MAKE)!, 'owner', NOW, 91 * DAY_MS), {
    code: 'ALLOWANCE_INVALID',
  })
})

test('a changed binary, and one of the same name elsewhere, asks again', () => {
  const { all } = opened()
  all.add('builder', narrowest(MAKE)!, 'owner', NOW)
  const changed = MAKE.segments.map((each) => ({
    ...each,
    seals: [{ path: each.program, sha256: digest('evil') }],
  }))
  assert.equal(all.match('builder', { ...MAKE, segments: changed }, NOW), undefined)
  assert.equal(all.match('builder', subject('/work/bin/make', ['test']), NOW), undefined)
})

test('what nobody used for ninety days is gone, and use keeps it only until its time', () => {
  const { all } = opened()
  const made = all.add('builder', narrowest(MAKE)!, 'owner', NOW, 90 * DAY_MS)
  assert.equal(endOf(made), NOW + 90 * DAY_MS)
  all.match('builder', MAKE, NOW + 10 * DAY_MS)
  assert.equal(endOf(all.list()[0]!), NOW + 90 * DAY_MS)
  assert.equal(all.sweep(NOW + 90 * DAY_MS).length, 1)
  assert.deepEqual(all.list(), [])
})

test('holes are found beside exact ones, and taking one back ends it at once', () => {
  const { all } = opened()
  const holed = withHoles(narrowest(MAKE)!, [{ segment: 0, argument: 0, hole: 'word' }], false)
  const made = all.add('builder', holed, 'owner', NOW)
  assert.equal(all.match('builder', subject('/usr/bin/make', ['lint']), NOW)?.id, made.id)
  all.revoke(made.id, 'owner', NOW)
  assert.equal(all.match('builder', subject('/usr/bin/make', ['lint']), NOW), undefined)
  assert.throws(() => all.revoke(made.id, 'owner', NOW), { code: 'ALLOWANCE_UNKNOWN' })
})

test('the book tells the next start what holds, what was used and what was taken back', () => {
  const first = opened()
  const kept = first.all.add('builder', narrowest(MAKE)!, 'owner', NOW)
  const gone = first.all.add('builder', narrowest(subject('/usr/bin/id'))!, 'owner', NOW)
  first.all.match('builder', MAKE, NOW + 1)
  first.all.revoke(gone.id, 'owner', NOW + 2)
  const again = opened(first.lines)
  assert.deepEqual(again.reading.problems, [])
  assert.deepEqual(
    again.all.list().map(({ id, uses }) => [id, uses]),
    [[kept.id, 1]],
  )
  assert.equal(again.all.match('builder', MAKE, NOW + 3)?.id, kept.id)
})

test('a book somebody changed, shortened or reordered allows nothing of what stood before', () => {
  const make = (agent = 'builder') => {
    const { all, lines } = opened()
    all.add(agent, narrowest(MAKE)!, 'owner', NOW)
    all.add('builder', narrowest(subject('/usr/bin/id'))!, 'owner', NOW)
    all.revoke(all.list()[0]!.id, 'owner', NOW)
    return lines
  }
  const ways: readonly ((lines: SignedLine[]) => SignedLine[])[] = [
    (lines) => [{ ...lines[0]!, body: lines[0]!.body.replace('builder', 'buildex') }, ...lines.slice(1)],
    (lines) => [lines[0]!, { ...lines[1]!, signature: lines[0]!.signature }, lines[2]!],
    (lines) => [lines[0]!, lines[2]!],
    (lines) => [{ ...lines[1]!, seq: 1 }, { ...lines[0]!, seq: 2 }, lines[2]!],
    // signed by us, in another book
    (lines) => [make('other')[0]!, ...lines.slice(1, 2)],
  ]
  for (const way of ways) {
    const { reading, all } = opened(way(make()))
    assert.ok(reading.problems.length > 0)
    assert.equal(all.match('builder', MAKE, NOW), undefined)
  }
  const cut = opened(make().slice(0, 2), 3) // without the line that took it back
  assert.match(cut.reading.problems.join(), /ends at line 2, and the ledger knows of 3/)
  assert.deepEqual(cut.all.list(), [])
})
