import { fail } from './fault.ts'
import { EXPRESSION_LIMITS } from './limits.ts'
import { checkedLength, checkedNumber } from './value.ts'

export type Token =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'text'; readonly value: string; readonly at: number }
  | { readonly kind: 'name'; readonly value: string; readonly at: number }
  | { readonly kind: 'symbol'; readonly value: string; readonly at: number }
  | { readonly kind: 'end'; readonly value: string; readonly at: number }

/** `script` also knows `=`, `;`, comments, and takes a line's end outside brackets for the end of a statement. */
export type Dialect = 'expression' | 'script'

const SPACE = /[ \t\r\n]+/y
const SCRIPT_SPACE = /(?:[ \t\r]|#[^\n]*)+/y
const NUMBER = /(?:\d{1,20})(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?/y // \d is 0-9 alone: no other script's digits
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const SYMBOL = /\*\*|\/\/|==|!=|<=|>=|[-+*/%<>()[\],]/y
const SCRIPT_SYMBOL = /\*\*|\/\/|==|!=|<=|>=|[-+*/%<>()[\],=;\n]/y
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
])

/** Cuts a source into tokens; the last one is `end`. Fails on the first character that belongs to none. */
export function tokenize(source: string, dialect: Dialect): Token[] {
  const most = dialect === 'script' ? EXPRESSION_LIMITS.scriptCharacters : EXPRESSION_LIMITS.characters
  if (source.length > most) fail('TOO_LONG', most, `at most ${most} characters are read`)
  // upstream names hide behind it: refused wherever it stands, so that nobody has to think about where it is harmless
  const hidden = source.indexOf('__')
  if (hidden >= 0) fail('CHARACTER', hidden, 'two underscores in a row are not allowed')
  const tokens: Token[] = []
  let at = 0
  let open = 0
  for (;;) {
    at += match(dialect === 'script' && open === 0 ? SCRIPT_SPACE : SPACE, source, at).length
    if (at >= source.length) return [...tokens, { kind: 'end', value: 'the end', at }]
    const { token, length } = nextToken(source, at, dialect)
    if (token.kind === 'symbol') open = Math.max(0, open + bracketStep(token.value))
    tokens.push(token)
    at += length
  }
}

function nextToken(source: string, at: number, dialect: Dialect): { token: Token; length: number } {
  const quote = source[at]
  if (quote === '"' || quote === "'") return readText(source, at, quote)
  const number = match(NUMBER, source, at)
  if (number !== '') {
    if (match(NAME, source, at + number.length) !== '' || source[at + number.length] === '.') {
      fail('SYNTAX', at, 'write numbers in decimal, such as 12, 0.5 or 3e4')
    }
    return { token: { kind: 'number', value: checkedNumber(Number(number), at), at }, length: number.length }
  }
  const name = match(NAME, source, at)
  if (name !== '') return { token: { kind: 'name', value: name, at }, length: name.length }
  const symbol = match(dialect === 'script' ? SCRIPT_SYMBOL : SYMBOL, source, at)
  if (symbol !== '') return { token: { kind: 'symbol', value: symbol, at }, length: symbol.length }
  return fail('CHARACTER', at, misplaced(source, at))
}

/** A text in single or double quotes, on one line, with the escapes \n \t \\ \' \". */
function readText(source: string, start: number, quote: string): { token: Token; length: number } {
  let value = ''
  for (let at = start + 1; at < source.length; at += 1) {
    const character = source[at] ?? ''
    if (character === quote) {
      checkedLength('text', value.length, start)
      if (!value.isWellFormed()) fail('CHARACTER', start, 'the text is not well-formed Unicode')
      return { token: { kind: 'text', value, at: start }, length: at + 1 - start }
    }
    if (character < ' ' || character === '\u007f')
      fail('CHARACTER', at, 'control characters have no place in a text')
    if (character !== '\\') value += character
    else {
      at += 1
      value += ESCAPES.get(source[at] ?? '') ?? fail('SYNTAX', at, `the escapes are \\n \\t \\\\ \\' \\"`)
    }
  }
  return fail('SYNTAX', start, 'the text is not closed')
}

function misplaced(source: string, at: number): string {
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0)
  if (character === '.') return 'attributes are not read: names stand alone, and a number begins with a digit'
  if (character === '=') return 'nothing is assigned in an expression; to compare, write =='
  const code = (source.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `${/[!-~]/.test(character) ? character : `U+${code}`} has no place in an expression`
}

function bracketStep(symbol: string): number {
  return symbol === '(' || symbol === '[' ? 1 : symbol === ')' || symbol === ']' ? -1 : 0
}

function match(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0] ?? ''
}
