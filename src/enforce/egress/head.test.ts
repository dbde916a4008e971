import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LARGEST_HEAD_BYTES, MOST_HEADERS, readHead } from './head.ts'

const read = (text: string) => readHead(Buffer.from(text, 'latin1'))
const CONNECT = 'CONNECT example.org:443 HTTP/1.1\r\n'

test('a head is read with its headers as they were sent, and says where it ends', () => {
  const text = `${CONNECT}Host: example.org:443\r\nUser-Agent:  x y \r\nX-Empty:\r\n\r\nrest`
  const found = read(text)
  assert.ok(found.kind === 'head')
  assert.deepEqual(found.head, {
    method: 'CONNECT',
    target: 'example.org:443',
    version: '1.1',
    headers: [
      ['Host', 'example.org:443'],
      ['User-Agent', 'x y'],
      ['X-Empty', ''],
    ],
  })
  assert.equal(text.slice(found.sizeBytes), 'rest')
})

const MALFORMED: Readonly<Record<string, string>> = {
  'a bare line feed': 'CONNECT a:1 HTTP/1.1\nHost: a:1\n\r\n\r\n',
  'a bare line feed between headers': `${CONNECT}Host: a\nX: y\r\n\r\n`,
  'a bare carriage return': `${CONNECT}Host: a\rX: y\r\n\r\n`,
  'a folded header': `${CONNECT}Host: a\r\n b\r\n\r\n`,
  'a header folded with a tab': `${CONNECT}X: a\r\n\tb\r\n\r\n`,
  'a blank before the colon': `${CONNECT}Host : a\r\n\r\n`,
  'a header without a colon': `${CONNECT}Host\r\n\r\n`,
  'a header without a name': `${CONNECT}: a\r\n\r\n`,
  'a NUL in a value': `${CONNECT}Host: a\0b\r\n\r\n`,
  'a control character in a value': `${CONNECT}Host: a\x0bb\r\n\r\n`,
  'two Hosts': `${CONNECT}Host: a\r\nhost: a\r\n\r\n`,
  'two lengths': `${CONNECT}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`,
  'a list of lengths': `${CONNECT}Content-Length: 1, 1\r\n\r\n`,
  'a length with a sign': `${CONNECT}Content-Length: +1\r\n\r\n`,
  'a length in another base': `${CONNECT}Content-Length: 0x10\r\n\r\n`,
  'a length and a coding': `${CONNECT}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
  'an unknown coding': `${CONNECT}Transfer-Encoding: xchunked\r\n\r\n`,
  'a coding before chunked': `${CONNECT}Transfer-Encoding: gzip, chunked\r\n\r\n`,
  'two codings': `${CONNECT}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
  'two blanks in the request line': 'CONNECT  a:1 HTTP/1.1\r\n\r\n',
  'a blank in the target': 'CONNECT a:1 b:2 HTTP/1.1\r\n\r\n',
  'a tab in the request line': 'CONNECT\ta:1\tHTTP/1.1\r\n\r\n',
  'a byte above ASCII in the target': 'CONNECT a\xe9:1 HTTP/1.1\r\n\r\n',
  'no version': 'CONNECT a:1\r\n\r\n',
  'another version': 'CONNECT a:1 HTTP/2.0\r\n\r\n',
  'a method in lower case': 'connect a:1 HTTP/1.1\r\n\r\n',
  'nothing before the head': '\r\nCONNECT a:1 HTTP/1.1\r\n\r\n',
  'too many headers': `${CONNECT}${'X: y\r\n'.repeat(MOST_HEADERS + 1)}\r\n`,
  'too large a head': `${CONNECT}X: ${'y'.repeat(LARGEST_HEAD_BYTES)}`,
}

test('what one reader could read otherwise is not read at all', () => {
  for (const [name, text] of Object.entries(MALFORMED)) assert.equal(read(text).kind, 'malformed', name)
})

test('however its bytes arrive, a head is complete when its last byte is there and not before', () => {
  const whole = Buffer.from(`${CONNECT}Host: example.org:443\r\nX: y\r\n\r\n`)
  for (let length = 0; length < whole.length; length += 1) {
    assert.equal(readHead(whole.subarray(0, length)).kind, 'more', `${length} bytes`)
  }
  assert.equal(readHead(whole).kind, 'head')
})

test('no bytes make it throw, and what it reads holds no line end', () => {
  const piece = fc.constantFrom(
    '\r\n',
    '\n',
    '\r',
    ': ',
    'Host',
    'CONNECT ',
    'a:1',
    ' HTTP/1.1',
    '\0',
    '\t',
    ' ',
    'x',
    '\r\n\r\n',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const found = read(`${pieces.join('')}\r\n\r\n`)
      if (found.kind !== 'head') return
      for (const text of [found.head.target, ...found.head.headers.flat()])
        assert.doesNotMatch(text, /[\r\n\0]/)
    }),
    { numRuns: 2000 },
  )
})
