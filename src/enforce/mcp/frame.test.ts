import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readMessage } from './frame.ts'
import { LineReader } from './lines.ts'

const LIMITS = { messageBytes: 100_000 }
const rule = (text: string | Uint8Array): string | undefined => {
  const read = readMessage(text, LIMITS)
  return read.kind === 'unreadable' ? read.rule : undefined
}

test('messages of each kind are read, and keep their text', () => {
  const kinds = [
    ['request', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'],
    [
      'request',
      '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x","arguments":{"k\\"}:":"{"}}}',
    ],
    ['notification', '{"jsonrpc":"2.0","method":"notifications/initialized"}'],
    ['result', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['error', '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}'],
  ] as const
  for (const [kind, text] of kinds) {
    const read = readMessage(text, LIMITS)
    assert.equal(read.kind, kind)
    assert.equal('text' in read ? read.text : '', text)
  }
})

test('what two readers would read differently is refused', () => {
  const refused = [
    ['frame.duplicate-key', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'],
    ['frame.duplicate-key', '{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":{"y":1,"\\u0079":2}}}'],
    ['frame.duplicate-key', '{"jsonrpc":"2.0","method":"a","params":{"__proto__":1,"__proto__":2}}'],
    ['frame.surrogate', '{"jsonrpc":"2.0","id":1,"result":{"a":"\\ud83d"}}'],
    ['frame.utf8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['frame.json', '\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}'],
    ['frame.json', '{"jsonrpc":"2.0","id":1,"method":"ping"} {}'],
    ['frame.json', "{'jsonrpc':'2.0'}"],
    ['frame.batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]'],
    ['frame.batch', '[]'],
    ['frame.depth', `{"jsonrpc":"2.0","id":1,"result":${'{"a":'.repeat(80)}1${'}'.repeat(80)}}`],
    ['frame.size', `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(100_000)}"}`],
  ] as const
  for (const [wanted, text] of refused) assert.equal(rule(text), wanted, String(text).slice(0, 60))
})

test('what is JSON and no message is refused', () => {
  const shapes = [
    '1',
    '{"jsonrpc":"1.0","id":1,"method":"ping"}',
    '{"id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
    '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","result":{}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}}',
  ]
  for (const text of shapes) assert.equal(rule(text), 'frame.shape', text)
})

test('a key that stands twice is found in any JSON, and nowhere else', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const once = `{"jsonrpc":"2.0","id":1,"result":{"v":${JSON.stringify(value)}}}`
      assert.ok(['result', 'unreadable'].includes(readMessage(once, LIMITS).kind))
      assert.notEqual(rule(once), 'frame.duplicate-key')
      const twice = `{"jsonrpc":"2.0","id":1,"result":{"v":${JSON.stringify(value)},"v":1}}`
      assert.equal(rule(twice), rule(once) ?? 'frame.duplicate-key')
    }),
  )
})

test('any text whatever is answered', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.ok(readMessage(text, LIMITS).kind.length > 0)
    }),
  )
})

test('lines are cut whatever the pieces, and one that is too long is told and dropped', () => {
  const text = Buffer.from('{"a":1}\r\n\n{"b":"é"}\n' + 'x'.repeat(50) + '\n{"c":3}\nrest')
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
      const [lines, long]: [string[], number[]] = [[], []]
      const reader = new LineReader({
        most: 40,
        line: (bytes) => lines.push(bytes.toString()),
        tooLong: (size) => long.push(size),
      })
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length]
      for (let i = 1; i < at.length; i++) reader.push(text.subarray(at[i - 1], at[i]))
      assert.deepEqual(lines, ['{"a":1}', '{"b":"é"}', '{"c":3}'])
      assert.deepEqual([long, reader.rest], [[50], 4])
    }),
  )
})
