import { isLuhn } from './digits.ts'
import type { NumberForm } from './number.ts'

/** The numbers that begin a card's, and the lengths it then has: from the issuers' public tables. */
const ISSUERS: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [13, 16, 19]], // Visa
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]], // Mastercard
  [/^3[47]/, [15]], // American Express
  [/^(?:30[0-5]|3095|36|3[89])/, [14, 16]], // Diners Club
  [/^(?:6011|64[4-9]|65)/, [16, 19]], // Discover
  [/^35(?:2[89]|[3-8])/, [16]], // JCB
  [/^(?:62|81)/, [16, 17, 18, 19]], // UnionPay
  [/^(?:50(?:18|20|38)|5[68]|6304|67(?:59|6[1-3]))/, [16, 18, 19]], // Maestro
  [/^220[0-4]/, [16]], // Mir
  [/^(?:60|652[12])/, [16]], // RuPay
]

/** Numbers that processors print for tests: they check, and are nobody's. */
const FOR_TESTS = new Set(
  (
    '4111111111111111 4242424242424242 4012888888881881 4000056655665556 4000000000000002 4000000000000077 5555555555554444 ' +
    '5105105105105100 5200828282828210 2223003122003222 378282246310005 371449635398431 378734493671000 6011111111111117 ' +
    '6011000990139424 6011000400000000 30569309025904 38520000023237 36227206271667 3530111333300000 3566002020360505 4222222222222'
  ).split(' '),
)

export const CARD_FORMS: readonly NumberForm[] = [
  {
    rule: 'card',
    of: 'a payment card’s',
    groups: [4, 13, 14, 15, 16, 17, 18, 19],
    pattern:
      /(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}|\d{13,19})(?!\w|[.,-]\d| [0-9A-F]{4}(?![a-z]))/y,
    isRight: (number) =>
      ISSUERS.some(([start, lengths]) => start.test(number) && lengths.includes(number.length)) &&
      isLuhn(number),
    // a plain number of another length than sixteen is too often something else
    risk: (number, written) =>
      FOR_TESTS.has(number) || (written === number && number.length > 16) ? 'medium' : 'high',
  },
]
