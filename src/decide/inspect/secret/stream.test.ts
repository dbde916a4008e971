import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diceOf, letters, sampleOf, type Dice } from './fixture.test-kit.ts'
import { createSecretScanner, DEFAULT_FAMILIES, type SecretScanner } from './index.ts'
import { TOKEN_ROWS } from './rules/index.ts'

const KEY = Buffer.alloc(32, 7)
const scanner = createSecretScanner({ key: KEY, minimum: 'low', families: [...DEFAULT_FAMILIES, 'contact'] })

/** As logs are masked. */
const acting = createSecretScanner({ key: KEY, minimum: 'low' })
const FRAME = '-----BEGIN PRIVATE' + ' KEY-----'
const PIECES: readonly ((dice: Dice) => string)[] = [
  (dice) => `gh${'p_'}${letters(dice, 36)}`,
  (dice) => `password = "${letters(dice, 12)}!7"`,
  (dice) => `postgres://app:${letters(dice, 14)}@db.corp.net:5432/x`,
  (dice) => `${FRAME}\n${letters(dice, 64)}\n${letters(dice, 64)}\n-----END PRIVATE KEY-----`,
  (dice) => `${FRAME}\n${letters(dice, 64)}`,
  (dice) => `eyJ${'hbGciOiJIUzI1NiJ9'}.${letters(dice, 40)}.${letters(dice, 43)}`,
  (dice) => Buffer.from(`api_key=${letters(dice, 32)}; region=eu`).toString('base64'),
  (dice) => `xo${'xb'}-${'123456789012'}-${letters(dice, 24)}`,
  (dice) => letters(dice, 3000),
  () => '4539 5787 6362 1486',
  () => 'GB33BUKB20201555555555',
  () => 'mail someone@corp.example.org or +49 30 1234567, host 10.0.0.17',
  (dice) => `curl -u admin:${letters(dice, 11)} https://x.corp.net`,
  (dice) => `token=${letters(dice, 900)}`,
  () => 'eyJ eyJ key= secret: Bearer -----BEGIN :// "kty" password',
  (dice) => ' '.repeat(dice.below(400)),
  () => 'naïve çédille 漢字 🙂 ',
  (dice) =>
    `${letters(dice, dice.below(9))}${dice.pick([' ', '\n', '"', "'", ',', '=', ':', '-', '\\n', ''])}`,
]

function textOf(dice: Dice): Buffer {
  const parts = Array.from(
    { length: 1 + dice.below(12) },
    () => dice.pick(PIECES)(dice) + dice.pick([' ', '\n', '', '; ']),
  )
  return Buffer.from(parts.join(''))
}

function inPieces(bytes: Buffer, dice: Dice, most: number): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = 1 + dice.below(most)
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

function redacted(by: SecretScanner, chunks: readonly Buffer[]): string {
  const stream = by.redactStream()
  return Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.end()]).toString('latin1')
}

test('however a stream is cut, what comes out is what the whole gives', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(7, 61, 400, 5000), (seed, most) => {
      const dice = diceOf(seed)
      const bytes = textOf(dice)
      const whole = scanner.redact(bytes.toString('latin1'))
      assert.equal(redacted(scanner, inPieces(bytes, dice, most)), whole)
    }),
    { numRuns: 100 },
  )
})

test('one byte at a time, too, and the findings have the same places', () => {
  for (let seed = 1; seed < 7; seed++) {
    const bytes = textOf(diceOf(seed))
    const text = bytes.toString('latin1')
    const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
    const stream = scanner.scanStream()
    assert.deepEqual([...single.flatMap((chunk) => stream.push(chunk)), ...stream.end()], scanner.scan(text))
    assert.equal(redacted(scanner, single.slice(0, 3000)), scanner.redact(text.slice(0, 3000)))
  }
})

test('a token whose sign stands in its middle is found wherever it is cut', () => {
  const dice = diceOf(31)
  // alone, and in words without a sign: else more would be held back
  const tokens = createSecretScanner({ key: KEY, minimum: 'low', families: ['token'] })
  for (const { id, lead, signs, body } of TOKEN_ROWS) {
    if (lead === undefined) continue
    const token = `${sampleOf(lead, dice)}${signs.split(' ')[0]}${sampleOf(body, dice)}`
    const bytes = Buffer.from(`${'words and '.repeat(70)}"${token}"${' and so on'.repeat(70)}`)
    const whole = tokens.redact(bytes.toString('latin1'))
    assert.ok(!whole.includes(token), id)
    for (let at = 690; at < 720 + token.length + 200; at += 3)
      assert.equal(redacted(tokens, [bytes.subarray(0, at), bytes.subarray(at)]), whole, `${id} at ${at}`)
  }
})

test('plain text is let go of but for its end, and nothing is lost', () => {
  const stream = scanner.redactStream()
  const plain = Buffer.from('the quick brown fox jumps over the lazy dog. '.repeat(2000))
  const out = stream.push(plain)
  assert.ok(plain.length - out.length < 1024, `${plain.length - out.length} bytes are held back`)
  assert.deepEqual(Buffer.concat([out, stream.end()]), plain)
  assert.equal(stream.found, 0)
})

test('no eight characters of a value are left in what is redacted', () => {
  const dice = diceOf(77)
  for (let round = 0; round < 300; round++) {
    const value = `${letters(dice, 10)}7${letters(dice, 10 + dice.below(80))}`
    for (const text of [
      `Authorization: Bearer ${value}`,
      `{"client_secret":"${value}","a":1}`,
      `https://user:${value}@host.corp.net/path`,
      `export GITHUB_TOKEN=gh${'p_'}${`${value}${letters(dice, 36)}`.slice(0, 36)}`,
      Buffer.from(`{"password": "${value}#1"}`).toString('base64'),
    ]) {
      const shown = acting.redact(text)
      assert.match(shown, /\[redacted [a-z0-9-]+ [0-9a-f]{8}\]/, text)
      for (let at = 0; at + 8 <= value.length; at++) assert.ok(!shown.includes(value.slice(at, at + 8)), text)
    }
  }
})
