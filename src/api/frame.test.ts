import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  encodeFrame,
  encodeJsonFrame,
  FRAME_KINDS,
  FrameDecoder,
  FrameError,
  frameJson,
  MAX_PAYLOAD_BYTES,
  writeFrames,
  type Frame,
  type FrameKind,
} from './frame.ts'

const anyFrame = fc
  .tuple(fc.constantFrom(...(Object.keys(FRAME_KINDS) as FrameKind[])), fc.uint8Array({ maxLength: 300 }))
  .map(([kind, bytes]) => ({
    kind,
    payload: Buffer.from(kind === 'ping' || kind === 'stdin-end' ? [] : bytes),
  }))

test('frames come out as they went in, wherever the bytes are split', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(2000)), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(({ kind, payload }) => encodeFrame(kind, payload)))
      const points = [0, ...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length]
      const decoder = new FrameDecoder()
      const decoded = points
        .slice(1)
        .flatMap((end, index) => decoder.push(bytes.subarray(points[index], end)))
      decoder.end()
      assert.deepEqual(decoded, frames)
    }),
  )
})

test('a frame may come byte by byte', () => {
  const decoder = new FrameDecoder()
  const frames = [...encodeFrame('stdout', Buffer.from('hello'))].flatMap((byte) =>
    decoder.push(Buffer.of(byte)),
  )
  assert.deepEqual(frames, [{ kind: 'stdout', payload: Buffer.from('hello') }])
})

test('an unknown kind is refused at its header', () => {
  for (const kind of [0, 11, 255]) {
    assert.throws(() => new FrameDecoder().push(Buffer.from([kind, 0, 0, 0, 9])), FrameError)
  }
})

test('a payload beyond the limit is refused before it is waited for', () => {
  const header = Buffer.from([FRAME_KINDS.stdin, 0, 0, 0, 0])
  header.writeUInt32BE(MAX_PAYLOAD_BYTES + 1, 1)
  assert.throws(() => new FrameDecoder().push(header), FrameError)
  header.writeUInt32BE(MAX_PAYLOAD_BYTES, 1)
  assert.deepEqual(new FrameDecoder().push(header), [])
  assert.throws(() => encodeFrame('stdin', Buffer.alloc(MAX_PAYLOAD_BYTES + 1)), FrameError)
})

test('a payload where none belongs is refused', () => {
  assert.throws(() => new FrameDecoder().push(Buffer.from([FRAME_KINDS.ping, 0, 0, 0, 1])), FrameError)
})

test('a stream that ends inside a frame was cut', () => {
  const decoder = new FrameDecoder()
  decoder.push(encodeFrame('stdout', Buffer.from('hello')).subarray(0, 7))
  assert.throws(() => decoder.end(), FrameError)
})

test('a JSON frame holds an object and nothing else', () => {
  const [frame] = new FrameDecoder().push(encodeJsonFrame('exit', { code: 3 }))
  assert.deepEqual(frameJson(frame!), { code: 3 })
  for (const text of ['', '[1]', '3', 'null', '{']) {
    const wrong: Frame = { kind: 'exit', payload: Buffer.from(text) }
    assert.throws(() => frameJson(wrong), FrameError)
  }
})

test('bytes of any length are written as frames of the allowed size', async () => {
  const stream = new PassThrough({ highWaterMark: 1 })
  const decoder = new FrameDecoder()
  const frames: Frame[] = []
  stream.on('data', (chunk: Buffer) => frames.push(...decoder.push(chunk)))
  const bytes = Buffer.alloc(MAX_PAYLOAD_BYTES * 2 + 5, 'x')
  await writeFrames(stream, 'stdout', bytes)
  assert.deepEqual(
    frames.map(({ payload }) => payload.length),
    [MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES, 5],
  )
  assert.ok(Buffer.concat(frames.map(({ payload }) => payload)).equals(bytes))
})

test('writing waits for a slow reader, and ends with an error when the reader goes', async () => {
  const held: (() => void)[] = []
  const slow = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void held.push(done) })
  let isDone = false
  const writing = writeFrames(slow, 'stdout', Buffer.from('a')).then(() => (isDone = true))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isDone, false)
  held[0]?.()
  await writing
  const cut = writeFrames(slow, 'stdout', Buffer.from('b'))
  slow.destroy()
  await assert.rejects(cut)
  await assert.rejects(writeFrames(slow, 'stdout', Buffer.from('c')), /closed/)
})
