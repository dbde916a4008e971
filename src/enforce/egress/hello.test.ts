import assert from 'node:assert/strict'
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'

import fc from 'fast-check'
import { LARGEST_HELLO_BYTES, readHello } from './hello.ts'

/** The first bytes a real TLS client sends. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const [ours, theirs] = duplexPair()
  const client = connect({ socket: theirs, ...options })
  client.on('error', () => undefined)
  const [bytes] = (await once(ours, 'data')) as [Buffer]
  client.destroy()
  ours.destroy()
  return bytes
}

function extension(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type)
  head.writeUInt16BE(body.length, 2)
  return Buffer.concat([head, body])
}

function sized(widthBytes: number, body: Buffer): Buffer {
  const size = Buffer.alloc(widthBytes)
  size.writeUIntBE(body.length, 0, widthBytes)
  return Buffer.concat([size, body])
}

const named = (name: string) =>
  extension(0, sized(2, Buffer.concat([Buffer.of(0), sized(2, Buffer.from(name, 'latin1'))])))

function handmade(extensions: Buffer, recordBytes = 16_384): Buffer {
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    sized(1, Buffer.alloc(0)),
    sized(2, Buffer.of(0x13, 1)),
    sized(1, Buffer.of(0)),
    sized(2, extensions),
  ])
  const message = Buffer.concat([Buffer.of(1), sized(3, body)])
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += recordBytes) {
    records.push(Buffer.of(22, 3, 1), sized(2, message.subarray(at, at + recordBytes)))
  }
  return Buffer.concat(records)
}

function read(bytes: Buffer): string {
  const found = readHello(bytes)
  return found.kind === 'hello' ? `${found.hello.serverName} ${found.hello.hidesName}` : found.kind
}

test('the name a real client sends is found, in TLS 1.2 and 1.3', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    assert.equal(read(await helloOf({ servername: 'api.example.org', maxVersion })), 'api.example.org false')
  }
  assert.equal(read(await helloOf({ servername: '' })), 'undefined false')
})

test('it is found across records, and only when all of it is there', async () => {
  for (const recordBytes of [1, 5, 40, 16_384]) {
    const bytes = handmade(named('a.example.org'), recordBytes)
    assert.equal(read(bytes), 'a.example.org false')
    for (let length = 1; length < bytes.length; length += 1)
      assert.equal(read(bytes.subarray(0, length)), 'more')
  }
})

test('a hidden name is told as hidden', () => {
  for (const type of [0xfe0d, 0xffce]) {
    assert.equal(
      read(handmade(Buffer.concat([named('outer.example'), extension(type, Buffer.of(0))]))),
      'outer.example true',
    )
  }
})

test('what is not TLS, or says two things, is told apart', () => {
  for (const text of [
    'GET / HTTP/1.1\r\n',
    'SSH-2.0-x',
    '\x80\x2e\x01\x03\x01',
    '\x16\x02\x00\x00\x05',
    '\x17\x03\x03\x00\x05',
  ]) {
    assert.equal(read(Buffer.from(text, 'latin1')), 'not-tls', JSON.stringify(text))
  }
  const list = (...names: Buffer[]) => extension(0, sized(2, Buffer.concat(names)))
  const one = (name: string, kind = 0) =>
    Buffer.concat([Buffer.of(kind), sized(2, Buffer.from(name, 'latin1'))])
  const malformed = {
    'two names in one list': list(one('a.example'), one('b.example')),
    'two lists': Buffer.concat([named('a.example'), named('b.example')]),
    'a name of another kind': list(one('a.example', 1)),
    'an empty name': list(one('')),
    'an empty list': list(),
    'a name with a NUL': named('a.example\0.evil.test'),
    'a name with a blank': named('a .example'),
    'a name longer than its list': extension(0, Buffer.of(0, 3, 0, 0, 9, 97)),
  }
  for (const [name, extensions] of Object.entries(malformed))
    assert.equal(read(handmade(extensions)), 'malformed', name)
  const hello = handmade(named('a.example'))
  assert.equal(read(Buffer.concat([Buffer.of(22, 3, 1, 0, 0), hello])), 'malformed', 'an empty record')
  assert.equal(
    read(Buffer.concat([hello.subarray(0, 5), Buffer.of(2), hello.subarray(6)])),
    'malformed',
    'another message',
  )
  assert.equal(read(handmade(extension(21, Buffer.alloc(LARGEST_HELLO_BYTES)))), 'malformed', 'too large')
})

test('no bytes make it throw, and none make it wait for more than it keeps', () => {
  const hello = handmade(Buffer.concat([named('a.example.org'), extension(16, Buffer.of(0, 0))]))
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), fc.nat(hello.length), (at, byte, length) => {
      const bytes = Buffer.from(hello)
      bytes[at] = byte
      assert.ok(['hello', 'more', 'malformed', 'not-tls'].includes(readHello(bytes.subarray(0, length)).kind))
    }),
    { numRuns: 3000 },
  )
  assert.equal(read(handmade(Buffer.alloc(0), 1).subarray(0, 10)), 'more')
  const endless = Buffer.concat(Array.from({ length: 4000 }, () => Buffer.of(22, 3, 1, 0, 1, 1)))
  assert.notEqual(read(endless), 'more')
})
