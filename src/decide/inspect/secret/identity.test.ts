import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diceOf } from './fixture.test-kit.ts'
import { createSecretScanner } from './index.ts'

const KEY = Buffer.alloc(32, 7)
const scanner = createSecretScanner({ key: KEY, families: ['identity'] })
const told = (text: string) => scanner.scan(text).map(({ rule, risk }) => `${rule} ${risk}`)

/** Examples from the authorities' own descriptions and their like; none belongs to anybody we know of. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ['id-es', '12345678Z'],
  ['id-es', 'X1234567L'],
  ['id-br', '529.982.247-25'],
  ['id-ch', '756.9217.0769.85'],
  ['id-ca', '046 454 286'],
  ['id-gb', 'NHS number 943 476 5919'],
  ['id-in', '2341 2341 2346'],
  ['id-pl', '44051401359'],
  ['id-de', '86095742719'],
  ['id-tr', '10000000146'],
  ['id-baltic', '37605030299'],
  ['id-be', '85.07.30-033.28'],
  ['id-fr', '2 55 08 14 168 025 38'],
  ['id-se', '811228-9874'],
  ['id-fi', '131052-308T'],
  ['id-cz', '710319/2745'],
  ['id-cn', '11010519491231002X'],
  ['id-ro', '1630615123457'],
  ['id-za', '9202204720083'],
  ['id-cl', '76.086.428-5'],
  ['id-it', 'RSSMRA85T10A562S'],
  ['id-mx', 'BOXW310820HNERXN09'],
  ['id-sg', 'S1234567D'],
  ['id-tw', 'F131104093'],
  ['id-nl', 'BSN: 111222333'],
  ['id-au', 'TFN 123 456 782'],
  ['iban', 'GB33BUKB20201555555555'],
  ['iban', 'FR76 3000 6000 0112 3456 7890 189'],
  ['iban', 'MT84MALT011000012345MTLCAST001S'],
  ['card', '4539 1488 0343 6467'],
  ['card', '5425233430109903'],
  ['card', '3742-454554-00126'],
  ['card', '6011 0009 9013 9432'],
]

test('numbers with right check digits are found in a sentence, and with a wrong one are not', () => {
  for (const [rule, number] of NUMBERS) {
    assert.deepEqual(told(`Mr X gave us ${number}, which we keep.`), [`${rule} high`], number)
    const at = number.search(/\d\D*$/)
    const wrong = `${number.slice(0, at)}${(Number(number[at]) + 1) % 10}${number.slice(at + 1)}`
    assert.deepEqual(
      told(`Mr X gave us ${wrong}, which we keep.`).filter((what) => what === `${rule} high`),
      [],
      wrong,
    )
  }
})

test('of random numbers written like cards, the checks pass hardly any', () => {
  const dice = diceOf(21)
  const texts = Array.from({ length: 2000 }, () => `it is ${dice.text('0123456789', 16)}, they say`)
  assert.ok(texts.filter((text) => told(text).includes('card high')).length < 80)
})

test('tables, times, addresses and the numbers processors print for tests are not people’s', () => {
  for (const text of [
    '2026-11-21 20:14:18.123456 1763756058123',
    '255 140 105 255 140 105 255 140 105',
    '8743 8789 8834 8879 8925 8970 9016 9062 9108',
    '192.168.100.254:8443',
    'https://x.org/testcase-detail/4539148803436467',
    'sha 0a1b2c3d4e5f67890123456789012345678',
    '00000000000 11111111111 123456789012',
  ])
    assert.deepEqual(told(text), [], text)
  assert.deepEqual(told('pay with 4242 4242 4242 4242'), ['card medium'])
  assert.deepEqual(told('12345678901 and ssn 078-05-1120'), [])
})

test('addresses of people and hosts are low, and told of only on request', () => {
  const text = 'write to jo@corp.example.org or call +49 30 1234567 from 10.20.30.40'
  assert.deepEqual(createSecretScanner({ key: KEY, minimum: 'low' }).scan(text), [])
  const asked = createSecretScanner({ key: KEY, minimum: 'low', families: ['contact'] })
  assert.deepEqual(
    asked.scan(text).map(({ rule, risk }) => `${rule} ${risk}`),
    ['email low', 'phone low', 'ipv4 low'],
  )
})
