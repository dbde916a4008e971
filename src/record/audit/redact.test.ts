import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStamp } from './entry.ts'
import { READ, START } from './example.ts'
import { recorded } from './record.ts'
import { redactSecrets } from './redact.ts'

const SECRETS = [
  ['Authorization: Bearer abcdefghijklmnop.qrst', 'abcdefghijklmnop'],
  ['postgres://user:hunter2secret@db:5432/x', 'hunter2secret'],
  [`key ${'sk-'}ant-api03-${'a1'.repeat(20)}`, 'a1a1a1'],
  [`${'gh'}p_${'b2'.repeat(18)} pushed`, 'b2b2b2'],
  [`${'AK'}IA${'C3D4'.repeat(4)}`, 'C3D4C3D4'],
  [`${'xox'}b-1234567890-abcdef`, '1234567890-abcdef'],
  [`${'AI'}za${'e5'.repeat(18)}`, 'e5e5e5'],
  ['password=correct-horse', 'correct-horse'],
  ['{"api_key": "zzzz-yyyy"}', 'zzzz-yyyy'],
  ['curl --token tttt-uuuu https://x', 'tttt-uuuu'],
  ['secret = swordfish', 'swordfish'],
  ['-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----', 'MIIabc'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk', 'b3BlbnNzaC1rZXk'],
  [`${'eyJ'}hbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl`, 'c2lnbmF0dXJl'],
] as const

const HARMLESS = [
  'secret:use:github',
  'the token expired yesterday',
  'https://example.com/path',
  '/srv/data/passwords.txt',
  'no rule allows it',
  'exclusion.private-keys',
  'ab12'.repeat(16),
]

test('secrets of every known shape are masked', () => {
  for (const [text, secret] of SECRETS) {
    const masked = redactSecrets(text)
    assert.ok(!masked.includes(secret), text)
    assert.ok(masked.includes('[redacted]'), text)
  }
})

test('what only sounds like a secret stays readable', () => {
  for (const text of HARMLESS) assert.equal(redactSecrets(text), text)
})

test('masking twice changes nothing more', () => {
  for (const [text] of SECRETS) assert.equal(redactSecrets(redactSecrets(text)), redactSecrets(text))
})

test('every text of an event is masked before it is serialised', () => {
  const stamp = createStamp(() => START)
  for (const [secretText, secret] of SECRETS) {
    for (const field of [
      'agent',
      'action',
      'target',
      'reason',
      'rule',
      'layer',
      'permit_id',
      'request_id',
    ] as const) {
      const { text } = recorded(stamp({ ...READ, [field]: secretText }))
      assert.ok(!text.includes(secret), `${field}: ${secretText}`)
    }
    const event = { ...READ, capabilities_used: [secretText], details: { note: secretText, [secretText]: 1 } }
    assert.ok(!recorded(stamp(event)).text.includes(secret), secretText)
  }
})

test('a member named like a secret is masked whatever its value looks like', () => {
  const stamp = createStamp(() => START)
  const { event } = recorded(stamp({ ...READ, details: { db_password: 'tulip', token: 'rose', tokens: 4 } }))
  assert.deepEqual(event.details, { db_password: '[redacted]', token: '[redacted]', tokens: 4 })
})

test('a redactor that is handed in sees every text but the names of acts', () => {
  const stamp = createStamp(() => START)
  const { event } = recorded(stamp(READ), (text) => text.toUpperCase())
  assert.equal(event.agent, 'CODER')
  // `secret:rotate` would look like a secret being told
  assert.equal(event.action, READ.action)
  assert.deepEqual(event.capabilities_used, ['fs:read:/SRV/DATA/**'])
  assert.deepEqual(event.details, { BYTES: 'AB12', EPOCH: 3, TAINTED: false })
})

test('masking takes linear time on text made to be slow', () => {
  const hostile = ['a://', 'password', '-----BEGIN ', 'bearer ', 'secret: '].map((part) =>
    part.repeat(20_000),
  )
  for (const text of hostile) assert.equal(typeof redactSecrets(text), 'string')
})
