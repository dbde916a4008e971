import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { targetName } from './host.ts'
import { readGreeting, readSocksRequest, socksReply } from './socks.ts'

const named = (name: string, port = [1, 187], command = 1) =>
  Buffer.concat([Buffer.of(5, command, 0, 3, name.length), Buffer.from(name, 'latin1'), Buffer.from(port)])

function read(bytes: Buffer): string {
  const found = readSocksRequest(bytes)
  return found.kind === 'read' ? targetName(found.value) : found.kind
}

test('a greeting is accepted when it would go on without a password', () => {
  assert.deepEqual(readGreeting(Buffer.of(5, 2, 2, 0, 9)), { kind: 'read', value: true, sizeBytes: 4 })
  assert.deepEqual(readGreeting(Buffer.of(5, 1, 2)), { kind: 'read', value: false, sizeBytes: 3 })
  assert.equal(readGreeting(Buffer.of(5, 3, 0)).kind, 'more')
})

test('names and addresses of every kind become one target', () => {
  assert.equal(read(named('Example.ORG.')), 'example.org:443')
  assert.equal(read(Buffer.of(5, 1, 0, 1, 127, 0, 0, 1, 0, 80)), '127.0.0.1:80')
  assert.equal(
    read(Buffer.concat([Buffer.of(5, 1, 0, 4), Buffer.alloc(15), Buffer.of(1, 0, 80)])),
    '[::1]:80',
  )
  const mapped = Buffer.concat([
    Buffer.of(5, 1, 0, 4),
    Buffer.alloc(10),
    Buffer.of(255, 255, 10, 0, 0, 1, 0, 80),
  ])
  assert.equal(read(mapped), '10.0.0.1:80')
  assert.equal(read(named('0x7f.1')), '127.0.0.1:443')
  assert.equal(read(named('::1')), '[::1]:443')
})

test('what is no place, or another command, is refused', () => {
  const wrong = [
    named('a b'),
    named('a@b'),
    named('a\0b'),
    named('a\r\nb'),
    named('a/b'),
    named('\xe9.example'),
    named(''),
    named('a', [0, 0]),
  ]
  for (const bytes of [
    ...wrong,
    named('a', [1, 187], 2),
    named('a', [1, 187], 3),
    Buffer.of(5, 1, 1, 1, 1, 1, 1, 1, 0, 1),
    Buffer.of(5, 1, 0, 2, 0, 0),
    Buffer.of(4, 1, 0, 80),
  ]) {
    assert.equal(read(bytes), 'malformed', bytes.toString('hex'))
  }
})

test('it waits for the last byte, and no bytes make it throw', () => {
  const whole = named('example.org')
  for (let length = 0; length < whole.length; length += 1)
    assert.equal(read(whole.subarray(0, length)), 'more')
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (bytes) => void readSocksRequest(Buffer.from([5, 1, 0, ...bytes])),
    ),
  )
  assert.deepEqual([...socksReply('notAllowed')], [5, 2, 0, 1, 0, 0, 0, 0, 0, 0])
})
