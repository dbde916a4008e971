import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { bytesFromHex, hexFromBytes, keepSecret } from './locked-memory-secret.ts'

test('a secret works where it lies, and the source it came from is zero', () => {
  const source = randomBytes(32)
  const expected = createHmac('sha256', Buffer.from(source)).update('a token').digest()
  const secret = keepSecret(source)
  assert.ok(source.every((byte) => byte === 0))
  assert.deepEqual(secret.mac('a token'), expected)
  assert.notDeepEqual(secret.mac('another'), expected)
  if (process.platform === 'linux') assert.ok(['secret', 'locked'].includes(secret.kind), secret.kind)
  assert.doesNotMatch(JSON.stringify(secret), /\d{2}/)
  secret.close()
  assert.throws(() => secret.mac('a token'), { code: 'LOCKED_MEMORY_CLOSED' })
})

test('hexadecimal goes to bytes and back, and anything else is refused', () => {
  const bytes = randomBytes(32)
  const text = hexFromBytes(bytes)
  assert.equal(Buffer.from(text).toString(), `${bytes.toString('hex')}\n`)
  assert.deepEqual(bytesFromHex(text, 32), Uint8Array.from(bytes))
  const good = `${bytes.toString('hex')}\n`
  for (const bad of [
    '',
    good.slice(1),
    good.slice(0, -1),
    `${good}\n`,
    `g${good.slice(1)}`,
    `A${good.slice(1)}`,
  ])
    assert.equal(bytesFromHex(Buffer.from(bad), 32), undefined, bad)
})
