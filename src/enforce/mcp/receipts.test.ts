import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkReceipts, ReceiptChain, receiptKey, type CallFacts } from './receipts.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const { id, key } = receiptKey(String(publicKey.export({ format: 'pem', type: 'spki' })))
const KEYS = new Map([[id, key]])
const signer = { keyId: id, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) }

const FACTS: CallFacts = {
  ...{ at: '2026-11-22T00:00:00.000Z', method: 'tools/call', name: 'echo', outcome: 'success' },
  ...{ rule: 'rule.x', decision: 'd', arguments: 'a'.repeat(64), result: 'b'.repeat(64), ms: 1.5 },
  ...{ labels: ['external-data'], redacted: 0 },
}

function chain(count: number): { text: string; head: { count: number; digest: string } } {
  const receipts = new ReceiptChain({ session: 's1', server: 'box', agent: 'tester', signer })
  const text = Array.from({ length: count }, (_, i) => receipts.add({ ...FACTS, name: `tool${i}` })).join('')
  return { text, head: receipts.head }
}

test('receipts verify, and their head is the digest of the last', () => {
  const { text, head } = chain(5)
  const checked = checkReceipts(text, KEYS)
  assert.deepEqual(checked, { isGood: true, session: 's1', ...head })
})

test('any byte that is changed, any line that is gone, put in or moved is found', () => {
  const { text } = chain(4)
  const lines = text.trimEnd().split('\n')
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 33, max: 126 }), (at, code) => {
      const one = String.fromCharCode(code)
      fc.pre(text[at] !== one && text[at] !== '\n')
      const changed = text.slice(0, at) + one + text.slice(at + 1)
      const checked = checkReceipts(changed, KEYS)
      assert.equal(checked.isGood, false, `${at}: ${text[at]} to ${one}`)
    }),
  )
  const moved = [
    [lines[1], lines[0], lines[2], lines[3]],
    [lines[0], lines[2], lines[3]],
    [lines[1], lines[2], lines[3]],
    [lines[0], lines[0], lines[1]],
    [...lines, chain(5).text.split('\n')[3]],
  ]
  for (const each of moved) assert.equal(checkReceipts(`${each.join('\n')}\n`, KEYS).isGood, false)
})

test('a key that was not given, an empty file and a cut line do not verify', () => {
  const { text } = chain(2)
  assert.deepEqual(checkReceipts(text, new Map()), {
    isGood: false,
    line: 1,
    reason: 'it is signed by a key that was not given',
  })
  for (const bad of ['', '\n', '{}\n', 'x', text.slice(0, -1)])
    assert.equal(checkReceipts(bad, KEYS).isGood, false, bad)
})
