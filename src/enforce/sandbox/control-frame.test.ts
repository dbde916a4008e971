import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ANSWER,
  BODY_BYTES,
  DATA_BYTES,
  encodeExec,
  encodeFrame,
  encodeSetup,
  FrameReader,
  HEADER_BYTES,
  numbers,
  ORDER,
  STDIO,
} from './control-frame.ts'

const EXEC = {
  stdio: STDIO.pipes,
  columns: 0,
  rows: 0,
  umask: 0o22,
  windowBytes: 1024,
  cwd: '/',
  argv: ['true'],
  env: {},
}

/** Frames as process 1 writes them, which are laid out like ours. */
function answer(type: number, id: number, body: Uint8Array): Buffer {
  const frame = encodeFrame(ORDER.ping, id, body)
  frame.writeUInt16LE(type, 4)
  return frame
}

test('frames come out as they went in, however the stream is cut', () => {
  const frame = fc.record({
    type: fc.constantFrom(...Object.values(ANSWER)),
    id: fc.nat(0xffff_ffff),
    body: fc.uint8Array({ maxLength: 200 }),
  })
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), fc.array(fc.nat(400)), (frames, cuts) => {
      const stream = Buffer.concat(frames.map(({ type, id, body }) => answer(type, id, body)))
      const reader = new FrameReader()
      const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
      const read = places.slice(1).flatMap((end, i) => reader.take(stream.subarray(places[i], end)))
      assert.deepEqual(
        read.map(({ type, id, body }) => ({ type, id, body: [...body] })),
        frames.map(({ type, id, body }) => ({ type, id, body: [...body] })),
      )
    }),
  )
})

test('a stream that lost its place, or promises too much, is not read any further', () => {
  const crooked = answer(ANSWER.pong, 1, Buffer.alloc(0))
  crooked.writeUInt16LE(1, 6)
  assert.throws(() => new FrameReader().take(crooked), RangeError)
  const huge = answer(ANSWER.output, 1, Buffer.alloc(0))
  huge.writeUInt32LE(DATA_BYTES + 1, 0)
  assert.throws(() => new FrameReader().take(huge), RangeError)
})

test('what the other end would not take is not sent', () => {
  assert.throws(() => encodeFrame(ORDER.input, 1, Buffer.alloc(DATA_BYTES + 1)), RangeError)
  assert.throws(() => encodeExec(1, { ...EXEC, argv: ['x'.repeat(BODY_BYTES)] }), RangeError)
  assert.throws(() => encodeExec(1, { ...EXEC, argv: Array.from({ length: 20_000 }, () => 'x') }), RangeError)
  assert.throws(() => encodeExec(1, { ...EXEC, env: { A: 'b\0C=d' } }), RangeError)
})

test('an order has the layout native/frame.c reads', () => {
  const exec = encodeExec(7, { ...EXEC, argv: ['ä'], env: { A: 'b' }, columns: 80, rows: 24 })
  assert.equal(exec.readUInt32LE(0), exec.length - HEADER_BYTES)
  assert.deepEqual([exec.readUInt16LE(4), exec.readUInt16LE(6), exec.readUInt32LE(8)], [ORDER.exec, 0, 7])
  const words = Buffer.concat([
    Buffer.of(1, 80, 0, 24, 0),
    numbers(0o22, 1024),
    ...[numbers(1), Buffer.from('/\0')],
    ...[numbers(1), numbers(2), Buffer.from('ä\0')],
    ...[numbers(1), numbers(3), Buffer.from('A=b\0')],
  ])
  assert.deepEqual(exec.subarray(HEADER_BYTES), words)
  const bridge = { port: 3128, socket: '/s' }
  const setup = encodeSetup(1, {
    processes: 5,
    openFiles: 6,
    fileBytes: 2 ** 40,
    bridge,
    filter: Buffer.alloc(16),
  })
  const at = setup.subarray(HEADER_BYTES)
  assert.deepEqual(
    [at.readBigUInt64LE(0), at.readBigUInt64LE(8), at.readBigUInt64LE(16)],
    [5n, 6n, 2n ** 40n],
  )
  assert.deepEqual([at.readUInt16LE(24), at.toString('latin1', 30, 32), at.readUInt32LE(33)], [3128, '/s', 2])
  assert.equal(at.length, 37 + 16)
})
