import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventReader, eventOf, KEEP_ALIVE, StreamTooLarge } from './sse.ts'

function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end))
}

test('messages come out as they went in, however the stream is cut', () => {
  const message = fc.jsonValue().map((value) => JSON.stringify(value, undefined, 1))
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat()), (messages, cuts) => {
      const stream = Buffer.from(messages.map((each) => KEEP_ALIVE + eventOf(each)).join(''))
      const reader = new EventReader(1_000_000)
      const events = pieces(stream, cuts).flatMap((piece) => reader.push(piece))
      assert.deepEqual(
        events.map(({ data }) => JSON.parse(data) as unknown),
        messages.map((each) => JSON.parse(each) as unknown),
      )
    }),
  )
})

test('each end of a line counts as one, and other events and fields are passed over', () => {
  const reader = new EventReader(1000)
  const events = reader.push(
    Buffer.from(
      'id: 1\r\ndata: a\r\ndata:b\r\n\r\nevent: ping\ndata: x\n\nretry: 5\nid: 2\rdata: c\r\r: note\n\ndata: cut',
    ),
  )
  assert.deepEqual(events, [
    { data: 'a\nb', id: '1' },
    { data: 'c', id: '2' },
  ])
})

test('an event larger than allowed ends the stream, in one line or in many', () => {
  for (const stream of [`data: ${'x'.repeat(200)}`, 'data: xxxxxxxx\n'.repeat(20), `${'x'.repeat(200)}`])
    assert.throws(() => new EventReader(100).push(Buffer.from(stream)), StreamTooLarge)
  const reader = new EventReader(100)
  for (let times = 0; times < 100; times += 1)
    reader.push(Buffer.from('data: 1234567890\n\n: still there\n\n'))
})
