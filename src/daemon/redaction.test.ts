import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactorOfProcess, redactorWith } from './redaction.ts'

const redact = redactorWith(Buffer.alloc(32, 3))

const SECRETS = [
  ['Authorization: Bearer abcdefghijklmnop.qrst', 'abcdefghijklmnop'],
  ['postgres://user:hunter2secret@db:5432/x', 'hunter2secret'],
  [`key ${'sk-'}ant-api03-${'a1'.repeat(20)}`, 'a1a1a1'],
  [`${'gh'}p_${'b2'.repeat(18)} pushed`, 'b2b2b2'],
  [`${'gh'}p_${'b2'.repeat(12)} pushed`, 'b2b2b2'],
  [`${'AK'}IA${'C3D4'.repeat(4)}`, 'C3D4C3D4'],
  [`${'xox'}b-1234567890-abcdef`, '1234567890-abcdef'],
  [`${'AI'}za${'e5'.repeat(18)}`, 'e5e5e5'],
  ['password=correct-horse', 'correct-horse'],
  ['{"api_key": "zzzz-yyyy"}', 'zzzz-yyyy'],
  ['curl --token tttt-uuuu https://x', 'tttt-uuuu'],
  ['secret = swordfish', 'swordfish'],
  ['secret: swordfish', 'swordfish'],
  ['DB_PASSWORD=hunter2', 'hunter2'],
  ['-----BEGIN PRIVATE' + ' KEY-----\nMIIabc\n-----END PRIVATE KEY-----', 'MIIabc'],
  ['-----BEGIN OPENSSH PRIVATE' + ' KEY-----\nb3BlbnNzaC1rZXk', 'b3BlbnNzaC1rZXk'],
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
  'the account 4111 1111 1111 1111 is not ours to hide',
  'fs:read:/home/dev/.ssh/id_ed25519',
  'rule risk.critical, entry 4711, permit 01JD3Z8Q4S7N0V5X2C9B6M1K8H',
]

test('secrets of every known shape are masked, down to what only might be one', () => {
  for (const [text, secret] of SECRETS) {
    const masked = redact(text)
    assert.ok(!masked.includes(secret), text)
    assert.match(masked, /\[redacted [a-z0-9-]+ [0-9a-f]{8}\]/, text)
    assert.equal(redact(masked), masked, 'masking twice changes nothing more')
  }
})

test('what only sounds like a secret stays readable', () => {
  for (const text of HARMLESS) assert.equal(redact(text), text)
})

test('before the keys are open the tags are of this process, and nothing is let through', () => {
  const [first, second] = [redactorOfProcess(), redactorOfProcess()]
  assert.notEqual(first('password=correct-horse'), second('password=correct-horse'))
  assert.ok(!first('password=correct-horse').includes('correct'))
})
