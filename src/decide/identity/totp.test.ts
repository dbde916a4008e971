import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base32, totpAddress, totpCode, totpStepOf } from './totp.ts'

const SECRET = Buffer.from('12345678901234567890')

test('the codes are those of RFC 6238, appendix B, and RFC 4226, appendix D', () => {
  const last6: readonly (readonly [number, string])[] = [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ]
  for (const [seconds, code] of last6) assert.equal(totpCode(SECRET, Math.floor(seconds / 30)), code)
  assert.deepEqual(
    [0, 1, 2, 3].map((counter) => totpCode(SECRET, counter)),
    ['755224', '287082', '359152', '969429'],
  )
})

test('a code is good for its step and one beside it, and only while it is newer than the last that was used', () => {
  const now = 1_111_111_109_000
  const step = Math.floor(now / 30_000)
  assert.equal(totpStepOf(SECRET, '081804', now, 0), step)
  assert.equal(totpStepOf(SECRET, '081 804', now, 0), step, 'as apps show it')
  assert.equal(totpStepOf(SECRET, '081804', now + 30_000, 0), step)
  assert.equal(totpStepOf(SECRET, '081804', now - 30_000, 0), step)
  assert.equal(totpStepOf(SECRET, '081804', now + 60_000, 0), undefined)
  assert.equal(totpStepOf(SECRET, '081804', now - 60_000, 0), undefined)
  assert.equal(totpStepOf(SECRET, '081804', now, step), undefined, 'a second time')
  assert.equal(
    totpStepOf(SECRET, totpCode(SECRET, step - 1), now, step),
    undefined,
    'an older one afterwards',
  )
  for (const wrong of ['', '81804', '0818040', '081805', 'abcdef']) {
    assert.equal(totpStepOf(SECRET, wrong, now, 0), undefined, wrong)
  }
})

test('the secret is written as apps take it', () => {
  assert.equal(base32(Buffer.from('foobar')), 'MZXW6YTBOI')
  assert.equal(base32(Buffer.from('f')), 'MY')
  assert.equal(
    totpAddress(Buffer.from('foobar'), 'owner'),
    'otpauth://totp/Warder%3Aowner?secret=MZXW6YTBOI&issuer=Warder',
  )
})
