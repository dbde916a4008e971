import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cleared, desk, head, HOME, PLACEHOLDER, REAL } from '../broker/broker.test-kit.ts'
import { isRefusal } from '../broker/index.ts'
import { FrameFilter } from './frames.ts'

/** A frame as RFC 6455, 5.2, writes it. */
function frame(opcode: number, isLast: boolean, payload: Buffer, mask?: Buffer): Buffer {
  const size = payload.length
  const length =
    size < 126
      ? [size]
      : size < 65_536
        ? [126, size >> 8, size & 255]
        : [127, 0, 0, 0, 0, 0, size >> 16, (size >> 8) & 255, size & 255]
  length[0]! |= mask === undefined ? 0 : 128
  const bytes = mask === undefined ? payload : Buffer.from(payload.map((byte, i) => byte ^ mask[i & 3]!))
  return Buffer.concat([Buffer.of((isLast ? 128 : 0) | opcode, ...length), mask ?? Buffer.alloc(0), bytes])
}

/** All messages in frames, and what came between them. */
function read(bytes: Buffer): { messages: string[]; controls: string[] } {
  const [messages, controls] = [[] as string[], [] as string[]]
  let open = ''
  for (let at = 0; at < bytes.length;) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!]
    const short = second & 127
    const size =
      short === 126
        ? bytes.readUInt16BE(at + 2)
        : short === 127
          ? Number(bytes.readBigUInt64BE(at + 2))
          : short
    at += 2 + (short === 126 ? 2 : short === 127 ? 8 : 0)
    const mask = second >= 128 ? bytes.subarray(at, at + 4) : undefined
    at += mask === undefined ? 0 : 4
    const text = Buffer.from(
      bytes.subarray(at, at + size).map((byte, i) => byte ^ (mask?.[i & 3] ?? 0)),
    ).toString('latin1')
    at += size
    if ((first & 15) >= 8) controls.push(text)
    else open += text
    if ((first & 15) < 8 && first >= 128) {
      messages.push(open)
      open = ''
    }
  }
  return { messages, controls }
}

const { broker } = desk()
const out = () => {
  const made = cleared(broker.request(head('/', [], 'GET'), HOME))
  return new FrameFilter(true, [made.body], [made.control])
}
const back = () => new FrameFilter(false, [broker.answer([], HOME).body], [broker.answer([], HOME).body])

function through(filter: FrameFilter, bytes: Buffer, cuts: readonly number[]): Buffer | string {
  const made: Buffer[] = []
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  for (const [i, from] of at.slice(0, -1).entries()) {
    const one = filter.push(bytes.subarray(from, at[i + 1]))
    if (isRefusal(one)) return one.rule
    made.push(one)
  }
  return Buffer.concat(made)
}

test('messages go through whole, with the value put in and taken out, however they are framed and cut', () => {
  const word = fc.oneof(
    fc.constant(PLACEHOLDER),
    fc.string({ maxLength: 40 }),
    fc.constant('x'.repeat(70_000)),
  )
  const message = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => Buffer.from(words.join(' ')))
  const cuts = fc.array(fc.nat(), { maxLength: 6 })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 3 }), cuts, cuts, (messages, parts, places) => {
      const mask = Buffer.from([1, 200, 3, 77])
      const frames = messages.flatMap((text) => {
        const at = [
          0,
          ...parts.map((part) => part % (text.length + 1)).toSorted((a, b) => a - b),
          text.length,
        ]
        return at
          .slice(1)
          .map((end, i) => frame(i === 0 ? 1 : 0, i === at.length - 2, text.subarray(at[i], end), mask))
      })
      const sent = through(out(), Buffer.concat(frames), places)
      assert.ok(Buffer.isBuffer(sent))
      const texts = messages.map((text) => text.toString('latin1'))
      assert.deepEqual(
        read(sent).messages,
        texts.map((text) => text.replaceAll(PLACEHOLDER, REAL)),
      )
      const echoed = read(sent).messages.map((text) => frame(2, true, Buffer.from(text, 'latin1')))
      const heard = through(back(), Buffer.concat(echoed), places)
      assert.ok(Buffer.isBuffer(heard))
      assert.deepEqual(read(heard).messages, texts)
    }),
    { numRuns: 30 },
  )
})

test('control frames pass between the parts of a message, and carry no secret', () => {
  const mask = Buffer.from([9, 9, 9, 9])
  const parts = [
    frame(1, false, Buffer.from('a'), mask),
    frame(9, true, Buffer.from('ping'), mask),
    frame(0, true, Buffer.from('b'), mask),
  ]
  const sent = through(out(), Buffer.concat(parts), [])
  assert.ok(Buffer.isBuffer(sent))
  assert.deepEqual(read(sent), { messages: ['ab'], controls: ['ping'] })
  assert.equal(through(out(), frame(9, true, Buffer.from(PLACEHOLDER), mask), []), 'secret-astray')
})

test('frames nobody agreed on are refused', () => {
  const mask = Buffer.from([1, 2, 3, 4])
  const packed = frame(1, true, Buffer.from('x'), mask)
  packed[0]! |= 0x40
  const wrong = {
    'a bit of an extension': packed,
    'without a mask': frame(1, true, Buffer.from('x')),
    'an unknown kind': frame(3, true, Buffer.from('x'), mask),
    'a long ping': frame(9, true, Buffer.alloc(126), mask),
    'a ping in parts': frame(9, false, Buffer.from('x'), mask),
  }
  for (const [how, bytes] of Object.entries(wrong))
    assert.equal(through(out(), bytes, []), 'egress.websocket', how)
  assert.equal(
    through(back(), frame(1, true, Buffer.from('x'), mask), []),
    'egress.websocket',
    'a mask from a server',
  )
})

test('a message does not wait for the next one', () => {
  const filter = back()
  const bytes = frame(1, true, Buffer.from(REAL.slice(0, 30)))
  const made = filter.push(bytes)
  assert.ok(Buffer.isBuffer(made))
  assert.equal(read(made).messages.length, 1)
})

test('a placeholder in two messages is not one: nothing of the value is put in', () => {
  const mask = Buffer.from([1, 2, 3, 4])
  const halves = [PLACEHOLDER.slice(0, 30), PLACEHOLDER.slice(30)].map((half) =>
    frame(1, true, Buffer.from(half), mask),
  )
  const sent = through(out(), Buffer.concat(halves), [])
  assert.ok(Buffer.isBuffer(sent))
  assert.deepEqual(read(sent).messages, [PLACEHOLDER.slice(0, 30), PLACEHOLDER.slice(30)])
})
