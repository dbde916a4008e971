import assert from 'node:assert/strict'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import { createStamp, GENESIS } from './entry.ts'
import { anyEvent, READ, START } from './example.ts'
import { linkOf } from './link.ts'
import { bodyOf, hashOf, MAX_BODY_BYTES, parseEntry, unhashed, write } from './serialise.ts'

const stamp = createStamp(() => START)
const HASH = 'ab'.repeat(32)

test('a body is byte for byte what RFC 8785 asks, for any event', () => {
  fc.assert(
    fc.property(anyEvent, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (event, seq) => {
      const body = bodyOf(write(stamp(event)).text, HASH, seq)
      const value = JSON.parse(body) as Json
      assert.equal(body, canonicalJson(value))
      assert.equal(body, canonicalize(value))
    }),
    { numRuns: 2000 },
  )
})

test('what is read back from a body is what was written', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const { event: written, text } = write(stamp(event))
      const body = bodyOf(text, HASH, 7)
      const entry = parseEntry(body, hashOf(body))
      const expected = JSON.parse(JSON.stringify({ ...written, prev_hash: HASH, seq: 7 })) as Json
      assert.equal(canonicalJson(unhashed(entry)), canonicalJson(expected))
    }),
  )
})

test('no text of an event holds a line break, so that a batch can cross to the thread as one text', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      assert.ok(!write(stamp(event)).text.includes('\n'))
    }),
  )
})

test('the link is found in any body, whatever its texts and details pretend', () => {
  fc.assert(
    fc.property(anyEvent, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (event, seq) => {
      assert.deepEqual(linkOf(bodyOf(write(stamp(event)).text, HASH, seq)), { prevHash: HASH, seq })
    }),
  )
})

test('a text that is not ours has no link', () => {
  for (const body of ['', '{}', '{"seq":1}', '{"a":1,"prev_hash":"ab","seq":1}', '{"a":1,"seq":x,"b":2}']) {
    assert.equal(linkOf(body), undefined)
  }
})

test('a lone surrogate is recorded as the replacement character instead of refusing the event', () => {
  const { event } = write(stamp({ ...READ, target: 'x\ud800y', details: { '\udc00': 'z\udfff' } }))
  assert.equal(event.target, 'x\ufffdy')
  assert.deepEqual(event.details, { '\ufffd': 'z\ufffd' })
})

test('details that are too large give way to their digest, and the entry says so', () => {
  const { event, text } = write(stamp({ ...READ, details: { blob: 'x'.repeat(70_000) } }))
  assert.deepEqual(Object.keys(event.details), ['details_bytes', 'details_sha256', 'truncated'])
  assert.equal(event.details.details_sha256, hashOf(`{"blob":"${'x'.repeat(70_000)}"}`))
  assert.equal(event.reason, READ.reason)
  assert.ok(Buffer.byteLength(bodyOf(text, GENESIS, 1)) < MAX_BODY_BYTES)
})

test('an entry never exceeds 65,535 bytes, whichever fields are large', () => {
  const large = '\u0001'.repeat(70_000)
  const event = {
    ...READ,
    agent: large,
    action: large,
    target: large,
    reason: large,
    rule: large,
    layer: large,
  }
  const ids = { permit_id: large, decision_id: large, request_id: large }
  const written = write(
    stamp({ ...event, ...ids, capabilities_used: Array.from({ length: 50 }, () => large) }),
  )
  assert.ok(Buffer.byteLength(bodyOf(written.text, GENESIS, Number.MAX_SAFE_INTEGER)) <= MAX_BODY_BYTES)
  assert.match(written.event.target, /sha256 [0-9a-f]{64}\]$/)
})

test('ids made within one millisecond differ', () => {
  const ids = new Set(Array.from({ length: 5000 }, () => stamp(READ).id))
  assert.equal(ids.size, 5000)
  for (const id of ids) assert.match(id, /^audit-20260131-120000000-[0-9a-f]{6}$/)
})
