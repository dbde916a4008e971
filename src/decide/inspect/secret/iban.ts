import { remainder } from './digits.ts'
import type { Match } from './family.ts'

/** The length an account number has in each country. @see ISO 13616, IBAN registry */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 ' +
    'FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 ' +
    'LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 ' +
    'SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)
const WRITTEN = /[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,34}/y
/** The number that every text about IBAN shows. */
const SAMPLES = new Set([
  'GB82WEST12345698765432',
  'DE89370400440532013000',
  'GB29NWBK60161331926819',
  'FR1420041010050500013M02606',
])

export function ibanAt(text: string, start: number): Match | undefined {
  const length = LENGTHS.get(text.slice(start, start + 2))
  if (length === undefined) return undefined
  WRITTEN.lastIndex = start
  const written = WRITTEN.exec(text)?.[0]
  if (written === undefined) return undefined
  const end = endOf(written, length)
  if (end === undefined || /^[A-Za-z0-9]/.test(text.slice(start + end, start + end + 1))) return undefined
  const number = written.slice(0, end).replaceAll(/[ -]/g, '')
  if (remainder(number.slice(4) + number.slice(0, 4), 97) !== 1) return undefined
  const risk = SAMPLES.has(number) ? 'medium' : 'high'
  return {
    rule: 'iban',
    family: 'identity',
    risk,
    start,
    end: start + end,
    note: 'a number that checks as a bank account’s',
  }
}

/** Where the number's last character stands, its separators skipped. */
function endOf(written: string, length: number): number | undefined {
  let count = 0
  for (let at = 0; at < written.length; at++) {
    if (written[at] !== ' ' && written[at] !== '-') count++
    if (count === length) return at + 1
  }
  return undefined
}
