import { isDay, isLuhn, isMod1110, isVerhoeff, remainder, weighted } from './digits.ts'
import type { NumberForm } from './number.ts'

/** Numbers that states give to people. The check of each is from the authority's own description. */
const END = '(?!\\w|[.,-]\\d|[ \\t]{1,3}[0-9A-F]{2,6}(?![a-z]))'
const form = (
  rule: string,
  of: string,
  groups: readonly number[],
  pattern: string,
  isRight: NumberForm['isRight'],
  near?: RegExp,
): NumberForm => ({
  rule,
  of,
  groups,
  pattern: new RegExp(pattern + END, 'y'),
  isRight,
  ...(near === undefined ? {} : { near }),
})

const LETTERS_ES = 'TRWAGMYFPDXBNJZSQVHLCKE'
const spanish = (number: string) =>
  LETTERS_ES[
    Number(number.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))) % 23
  ] === number.at(-1)

/** Two check digits by weights that fall to 2, the rest by eleven: Brazil. */
function brazilian(number: string): boolean {
  return [9, 10].every((length) => {
    const sum = weighted(
      number,
      Array.from({ length }, (_, at) => length + 1 - at),
    )
    return ((sum * 10) % 11) % 10 === Number(number[length])
  })
}

function norwegian(number: string): boolean {
  const first = 11 - (weighted(number, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)
  const second = 11 - (weighted(number, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)
  return (
    isDay(number.slice(2, 4), String(Number(number.slice(0, 2)) % 40)) &&
    first % 11 === Number(number[9]) &&
    second % 11 === Number(number[10])
  )
}

function polish(number: string): boolean {
  const month = String(Number(number.slice(2, 4)) % 20)
  return isDay(month, number.slice(4, 6)) && weighted(number, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0
}

function turkish(number: string): boolean {
  const digits = Array.from(number).map(Number)
  const odd = digits[0]! + digits[2]! + digits[4]! + digits[6]! + digits[8]!
  const even = digits[1]! + digits[3]! + digits[5]! + digits[7]!
  const all = digits.slice(0, 10).reduce((sum, digit) => sum + digit, 0)
  return digits[0] !== 0 && (((odd * 7 - even) % 10) + 10) % 10 === digits[9] && all % 10 === digits[10]
}

/** Of the first ten digits of a German tax number one comes two or three times, the others once or not at all. */
function german(number: string): boolean {
  const counts = Array.from('0123456789').map((digit) => number.slice(0, 10).split(digit).length - 1)
  const repeated = counts.filter((count) => count > 1)
  return number[0] !== '0' && repeated.length === 1 && repeated[0]! < 4 && isMod1110(number)
}

function french(number: string): boolean {
  const key = Number(number.slice(13))
  const month = Number(number.slice(3, 5))
  return (month <= 12 || month >= 20) && month > 0 && 97 - Number(BigInt(number.slice(0, 13)) % 97n) === key
}

function belgian(number: string): boolean {
  const [body, key] = [number.slice(0, 9), Number(number.slice(9))]
  return (
    [body, `2${body}`].some((digits) => 97 - (Number(digits) % 97) === key) &&
    isDay(number.slice(2, 4), number.slice(4, 6))
  )
}

function swiss(number: string): boolean {
  return weighted(number, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0
}

const ODD_IT = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
function italian(number: string): boolean {
  const place = (letter: string) => (/\d/.test(letter) ? Number(letter) : letter.charCodeAt(0) - 65)
  const sum = Array.from(number.slice(0, 15)).reduce(
    (total, letter, at) => total + (at % 2 === 0 ? ODD_IT[place(letter)]! : place(letter)),
    0,
  )
  return String.fromCharCode(65 + (sum % 26)) === number[15]
}

function chinese(number: string): boolean {
  const sum = weighted(number, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
  return isDay(number.slice(10, 12), number.slice(12, 14)) && '10X98765432'[sum % 11] === number[17]
}

function korean(number: string): boolean {
  const sum = weighted(number, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])
  return isDay(number.slice(2, 4), number.slice(4, 6)) && (11 - (sum % 11)) % 10 === Number(number[12])
}

function romanian(number: string): boolean {
  const rest = weighted(number, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
  return isDay(number.slice(3, 5), number.slice(5, 7)) && (rest === 10 ? 1 : rest) === Number(number[12])
}

function baltic(number: string): boolean {
  const first = weighted(number, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11
  const second = weighted(number, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11
  return (
    isDay(number.slice(3, 5), number.slice(5, 7)) && (first < 10 ? first : second % 10) === Number(number[10])
  )
}

function chilean(number: string): boolean {
  const body = number.slice(0, -1).padStart(8, '0')
  return '0K987654321'[weighted(body, [3, 2, 7, 6, 5, 4, 3, 2]) % 11] === number.at(-1)!.toUpperCase()
}

const CURP = '0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ'
function mexican(number: string): boolean {
  const sum = Array.from(number.slice(0, 17)).reduce(
    (total, letter, at) => total + CURP.indexOf(letter) * (18 - at),
    0,
  )
  return (10 - (sum % 10)) % 10 === Number(number[17])
}

function singaporean(number: string): boolean {
  const sum =
    weighted(number.slice(1), [2, 7, 6, 5, 4, 3, 2]) +
    (/[TG]/.test(number[0]!) ? 4 : number[0] === 'M' ? 3 : 0)
  const letters = /[ST]/.test(number[0]!) ? 'JZIHGFEDCBA' : number[0] === 'M' ? 'XWUTRQPNJLK' : 'XWUTRQPNMLK'
  return letters[sum % 11] === number[8]
}

const AREAS_TW = [
  10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33,
]
function taiwanese(number: string): boolean {
  const area = AREAS_TW[number.charCodeAt(0) - 65]!
  return (
    (Math.floor(area / 10) + (area % 10) * 9 + weighted(number.slice(1), [8, 7, 6, 5, 4, 3, 2, 1, 1])) %
      10 ===
    0
  )
}

const HEALTH = /nhs|health/i
const near = (words: string) => new RegExp(words, 'i')

export const NATIONAL_FORMS: readonly NumberForm[] = [
  form('id-es', 'a Spanish identity number', [8, -1], '(?:\\d{8}|[XYZ]\\d{7})-?[A-Z]', spanish),
  form('id-br', 'a Brazilian CPF', [3], '\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}', brazilian),
  form('id-ch', 'a Swiss AHV number', [3, 13], '756(?:\\.\\d{4}\\.\\d{4}\\.\\d{2}|\\d{10})', swiss),
  // where a number could be two, a word before it tells which
  form(
    'id-au',
    'an Australian tax file number',
    [3, 9],
    '\\d{3}( ?)\\d{3}\\1\\d{3}',
    (n) => weighted(n, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
    near('\\btfn\\b|tax file'),
  ),
  form('id-ca', 'a Canadian SIN', [3], '\\d{3}([ -])\\d{3}\\1\\d{3}', isLuhn),
  form('id-ca', 'a Canadian SIN', [9], '\\d{9}', isLuhn, near('\\bsin\\b|social insurance')),
  form('id-gb', 'a British NHS number', [3, 10], '\\d{3}([ -]?)\\d{3}\\1\\d{4}', british, HEALTH),
  form('id-in', 'an Indian Aadhaar number', [4], '[2-9]\\d{3}([ -])\\d{4}\\1\\d{4}', isVerhoeff),
  form('id-in', 'an Indian Aadhaar number', [12], '[2-9]\\d{11}', isVerhoeff, near('aadhaar|aadhar|uidai')),
  form('id-pl', 'a Polish PESEL', [11], '\\d{11}', polish),
  form('id-no', 'a Norwegian identity number', [11, 6], '\\d{6} ?\\d{5}', norwegian),
  form('id-de', 'a German tax number', [11, 2], '\\d{2}( ?)\\d{3}\\1\\d{3}\\1\\d{3}', german),
  form('id-tr', 'a Turkish identity number', [11], '\\d{11}', turkish),
  form('id-br', 'a Brazilian CPF', [11], '\\d{11}', brazilian),
  form('id-baltic', 'an Estonian or Lithuanian personal code', [11], '[1-6]\\d{10}', baltic),
  form(
    'id-be',
    'a Belgian national number',
    [2, 11],
    '\\d{2}\\.?\\d{2}\\.?\\d{2}[-.]?\\d{3}[-.]?\\d{2}',
    belgian,
  ),
  form('id-hr', 'a Croatian OIB', [11], '\\d{11}', isMod1110, near('\\boib\\b')),
  form(
    'id-fr',
    'a French social security number',
    [1, 15],
    '[12] ?\\d{2} ?\\d{2} ?\\d{2} ?\\d{3} ?\\d{3} ?\\d{2}',
    french,
  ),
  form('id-se', 'a Swedish personal number', [6, 8], '(?:\\d{2})?\\d{6}[-+]\\d{4}', swedish),
  form('id-fi', 'a Finnish personal code', [6], '\\d{6}[-+A]\\d{3}[0-9A-Y]', finnish),
  form('id-kr', 'a Korean resident number', [6], '\\d{6}-[1-8]\\d{6}', korean),
  form(
    'id-cz',
    'a Czech or Slovak birth number',
    [6],
    '\\d{6}/\\d{4}',
    (n) => isDay(String((Number(n.slice(2, 4)) % 50) % 20), n.slice(4, 6)) && Number(n) % 11 === 0,
  ),
  form('id-cn', 'a Chinese resident number', [17, 18], '[1-9]\\d{5}(?:19|20)\\d{9}[0-9X]', chinese),
  form('id-ro', 'a Romanian CNP', [13], '[1-8]\\d{12}', romanian),
  form(
    'id-za',
    'a South African identity number',
    [13],
    '\\d{10}[01]\\d{2}',
    (n) => isDay(n.slice(2, 4), n.slice(4, 6)) && isLuhn(n),
  ),
  form('id-cl', 'a Chilean RUT', [1, 2], '\\d{1,2}\\.\\d{3}\\.\\d{3}-[\\dkK]', chilean),
  form('id-it', 'an Italian tax code', [-6], '[A-Z]{6}\\d{2}[A-EHLMPRST]\\d{2}[A-Z]\\d{3}[A-Z]', italian),
  form('id-mx', 'a Mexican CURP', [-4], '[A-Z]{4}\\d{6}[HMX][A-Z]{5}[A-Z0-9]\\d', mexican),
  form('id-sg', 'a Singaporean NRIC', [-1], '[STFGM]\\d{7}[A-Z]', singaporean),
  form('id-tw', 'a Taiwanese identity number', [-1], '[A-Z][1289]\\d{8}', taiwanese),
  form(
    'id-nl',
    'a Dutch BSN',
    [9],
    '\\d{9}',
    (n) => (((weighted(n, [9, 8, 7, 6, 5, 4, 3, 2]) - Number(n[8])) % 11) + 11) % 11 === 0,
    near('\\bbsn\\b|burgerservice|sofinummer'),
  ),
  form(
    'id-pt',
    'a Portuguese tax number',
    [9],
    '[1-3]\\d{8}',
    (n) => ((11 - (weighted(n, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11) % 10 === Number(n[8]),
    near('\\bnif\\b|contribuinte'),
  ),
  form('id-il', 'an Israeli identity number', [9], '\\d{9}', isLuhn, near('teudat|israeli id|\\btz\\b')),
  form(
    'id-jp',
    'a Japanese individual number',
    [12],
    '\\d{12}',
    japanese,
    near('my ?number|individual number'),
  ),
  form(
    'id-bg',
    'a Bulgarian EGN',
    [10],
    '\\d{10}',
    (n) => (weighted(n, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === Number(n[9]),
    near('\\begn\\b'),
  ),
  // it has no check digit: the shape and a word before it are all there is
  {
    ...form(
      'id-us',
      'a US social security number',
      [3],
      '(?!000|666|9)\\d{3}-(?!00)\\d{2}-(?!0000)\\d{4}',
      (n) => n !== '078051120' && n !== '219099999',
      near('\\bssn\\b|social security'),
    ),
    risk: () => 'medium',
  },
]

function british(number: string): boolean {
  return (11 - (weighted(number, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(number[9])
}

function swedish(number: string): boolean {
  const digits = number.replace('+', '').slice(-10)
  return isDay(digits.slice(2, 4), String(Number(digits.slice(4, 6)) % 60)) && isLuhn(digits)
}

function finnish(number: string): boolean {
  const digits = number.replace(/[+A]/, '')
  return (
    isDay(number.slice(2, 4), number.slice(0, 2)) &&
    '0123456789ABCDEFHJKLMNPRSTUVWXY'[remainder(digits.slice(0, 9), 31)] === number.at(-1)
  )
}

function japanese(number: string): boolean {
  const rest = weighted(number, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
  return (rest < 2 ? 0 : 11 - rest) === Number(number[11])
}
