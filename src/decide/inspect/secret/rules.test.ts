import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { diceOf, letters, sampleOf } from './fixture.test-kit.ts'
import { createSecretScanner } from './index.ts'
import { BACK, REACH } from './family.ts'
import { TOKEN_ROWS } from './rules/index.ts'

const scanner = createSecretScanner({ key: new Uint8Array(32), families: ['token', 'jwt', 'key'] })
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

test('there are some hundred types of token, each with an id and an owner', () => {
  assert.ok(new Set(TOKEN_ROWS.map(({ id }) => id)).size >= 120)
  for (const { id, of } of TOKEN_ROWS) assert.match(`${id} ${of}`, /^[a-z0-9-]+ \S/)
})

test('every type of token is found in a sentence, for every one of its signs', () => {
  const dice = diceOf(11)
  for (const row of TOKEN_ROWS) {
    if (row.risk === 'low') continue
    for (const sign of row.signs.split(' ')) {
      const found = Array.from({ length: 10 }, () => {
        const token = `${sampleOf(row.lead ?? '', dice)}${sign}${sampleOf(row.body, dice)}`
        const text = `the value is "${token}", as said`
        return scanner.scan(text).some(({ start, end }) => start <= 14 && end >= 14 + token.length)
      })
      // a row that asks for capitals, small letters and digits misses the few samples that happen to lack one
      const hits = found.filter(Boolean).length
      assert.ok(hits >= 6, `${row.id} ${sign}: ${hits} of 10`)
    }
  }
})

test('no expression can look further than its row says, nor repeat without end', () => {
  for (const { id, body, lead = '', reach = REACH, signs } of TOKEN_ROWS) {
    const plain = `${lead}${body}`.replaceAll(/\[[^\]]*\]/g, 'x').replaceAll(/\\./g, 'x')
    assert.doesNotMatch(plain, /[*+]|\{\d+,\}/, id)
    const longest = (text: string) =>
      [...text.matchAll(/\{(?:\d+,)?(\d+)\}/g)].reduce((sum, [, n]) => sum + Number(n), 0)
    assert.ok(longest(plain.replaceAll(lead, '')) + signs.length <= reach + signs.length, id)
    assert.ok(longest(lead) < BACK, id)
  }
})

test('a wrong check digit makes a token one that may have been edited', () => {
  const dice = diceOf(5)
  for (const sign of ['ghp_', 'npm_']) {
    const body = letters(dice, 30)
    let sum = crc32(body)
    let digits = ''
    for (let i = 0; i < 6; i++) [digits, sum] = [BASE62[sum % 62]! + digits, Math.floor(sum / 62)]
    assert.equal(scanner.scan(`${sign}${body}${digits}`)[0]?.risk, 'high')
    const wrong = digits.startsWith('a') ? `b${digits.slice(1)}` : `a${digits.slice(1)}`
    assert.equal(scanner.scan(`${sign}${body}${wrong}`)[0]?.risk, 'medium')
  }
})

test('a placeholder is no more than low, a longer word is nothing', () => {
  const all = createSecretScanner({ key: new Uint8Array(32), minimum: 'low', families: ['token'] })
  const dice = diceOf(9)
  const token = `${'gh'}p_${letters(dice, 36)}`
  for (const text of [
    `gh${'p_'}${'x'.repeat(36)}`,
    `${'AK'}IAIOSFODNN7EXAMPLE`,
    `${token}...`,
    `sk_${'live_'}1234567890abcdefghij`,
  ])
    assert.deepEqual(
      all.scan(text).map(({ risk }) => risk),
      ['low'],
      text,
    )
  for (const text of [`x${token}`, `${token}y`]) assert.deepEqual(scanner.scan(text), [], text)
  assert.equal(scanner.scan(`a\\n${token}`).length, 1, 'behind an escape')
  assert.equal(scanner.scan(`q=%3D${token}`).length, 1, 'behind a percent sign')
})
