import { hasControl, refuse, type Checked } from './form.ts'

/** A word a program cannot take for an option: no hyphen first, not empty, no control character. */
export type ArgumentWord = Checked<string, 'ArgumentWord'>

/** The kernel's limit for one argument, with its NUL (MAX_ARG_STRLEN). */
const LONGEST_WORD_BYTES = 131_071

/** Whether a word may stand in an argument list at all; it may still be an option. */
export function isPassable(word: unknown): word is string {
  // half a surrogate pair would reach the child as another character than was checked
  return typeof word === 'string' && !hasControl(word) && Buffer.byteLength(word) <= LONGEST_WORD_BYTES
}

export function isArgumentWord(value: unknown): value is ArgumentWord {
  return isPassable(value) && value !== '' && !value.startsWith('-')
}

/** @throws FormError `FORM_INVALID` */
export function parseArgumentWord(text: string): ArgumentWord {
  return isArgumentWord(text)
    ? text
    : refuse(
        'a plain argument',
        undefined,
        'give a word that does not begin with a hyphen and has no control characters; for a file write ./-name',
      )
}

/** Words nobody checked: behind `--`, where they cannot be options. */
export interface Operands {
  readonly words: readonly string[]
}

/**
 * Puts `--` before words from outside. They may then begin with a hyphen; the program must know `--`, as nearly all do
 * that follow POSIX (XBD 12.2, guideline 10).
 *
 * @throws FormError `FORM_INVALID` for a word with a control character, NUL, half a surrogate pair, or too long
 */
export function operands(words: readonly string[]): Operands {
  return { words: Object.freeze(words.map((word) => checkedWord(word))) }
}

/** @throws FormError `FORM_INVALID` */
export function checkedWord(word: string): string {
  return isPassable(word)
    ? word
    : refuse('an argument', undefined, 'give text without control characters, of at most 128 KiB')
}

const PLAIN = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/

/**
 * A word as one would type it in a POSIX shell, **to show it to a person**. Never build a command from it: programs are
 * run by argument lists. What could move a cursor or hide is shown as an escape, in `$'…'`.
 */
export function quoteForShow(word: string): string {
  if (PLAIN.test(word)) return word
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`
  const shown = word.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\']/gu, (one) => {
    const code = one.codePointAt(0) ?? 0
    if (one === '\\' || one === "'") return `\\${one}`
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
  })
  return `$'${shown}'`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
