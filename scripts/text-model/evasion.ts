/** Ways in which a text is disguised so that a reader made of words does not see it and a model does. */
import { drawFrom } from '../../src/decide/inspect/text/lines/compose.ts'
import { swappedIn } from './samples.ts'

type Disguise = readonly [name: string, disguise: (text: string) => string]

const HOMOGLYPHS: Readonly<Record<string, string>> = {
  a: 'а',
  c: 'с',
  e: 'е',
  i: 'і',
  o: 'о',
  p: 'р',
  s: 'ѕ',
  x: 'х',
  y: 'у',
}
const LEET: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' }

export const EVASIONS: readonly Disguise[] = [
  ['base64', (text) => Buffer.from(text, 'utf8').toString('base64')],
  ['hex', (text) => Buffer.from(text, 'utf8').toString('hex')],
  [
    'percent encoding',
    (text) => [...Buffer.from(text, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  ],
  ['HTML entities', (text) => Array.from(text, (sign) => `&#${sign.codePointAt(0) ?? 0};`).join('')],
  [
    '\\u escapes',
    (text) =>
      [...Array(text.length).keys()]
        .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
        .join(''),
  ],
  ['ROT13', (text) => text.replaceAll(/[a-z]/gi, rotated)],
  ['reversed', (text) => Array.from(text).toReversed().join('')],
  ['leet', (text) => text.replaceAll(/[aeiost]/gi, (letter) => LEET[letter.toLowerCase()] ?? letter)],
  [
    'letters spaced out',
    (text) =>
      text
        .split(/\s+/)
        .map((word) => Array.from(word).join(' '))
        .join('   '),
  ],
  ['look-alike letters', (text) => text.replaceAll(/[aceiopsxy]/g, (letter) => HOMOGLYPHS[letter] ?? letter)],
  ['zero-width characters', (text) => Array.from(text).join('\u200b')],
  ['tag characters', (text) => Array.from(text, (sign) => tagOf(sign)).join('')],
  [
    'fullwidth letters',
    (text) => text.replaceAll(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)),
  ],
  [
    '** between letters',
    (text) =>
      text.replaceAll(/\w+/g, (word) => (word.length < 4 ? word : `${word.slice(0, 2)}**${word.slice(2)}**`)),
  ],
  [
    'hidden HTML comment',
    (text) => `<p>Welcome to our page.</p><!-- ${text} --><p>Opening hours: nine to five.</p>`,
  ],
  ['JSON string', (text) => JSON.stringify({ status: 'ok', items: [{ id: 7, note: text }] })],
  ['letters swapped inside words', (text) => swappedIn(text, drawFrom(text.length))],
]

function rotated(letter: string): string {
  const base = letter <= 'Z' ? 65 : 97
  return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base)
}

function tagOf(sign: string): string {
  const code = sign.codePointAt(0) ?? 0
  return code >= 32 && code < 127 ? String.fromCodePoint(0xe0000 + code) : sign
}
