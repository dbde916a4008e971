/**
 * Text that was checked once and says so in its type. A function that takes a `Port` or a `SafeFileName` cannot be
 * handed unchecked text, and need not check again. Every check is of the whole text: `^` and `$` stand in none of
 * them with a flag that lets a line end in between, and a trailing newline is never overlooked.
 */
import { KnownError, type ErrorCatalogue } from '../error.ts'

export const FORM_ERRORS = {
  FORM_INVALID: {
    kind: 'invalid',
    meaning: 'a name, number, address, path or command is not of the form it must have',
  },
} as const satisfies ErrorCatalogue

export class FormError extends KnownError<typeof FORM_ERRORS> {
  override readonly name = 'FormError'
}

declare const form: unique symbol

/** A `T` that has passed the check of this name; made by its `parse…` or `is…` alone. */
export type Checked<T, Name extends string> = T & { readonly [form]: Name }

/**
 * Refuses a value: what it is not, as much of it as may be shown, and what it should be.
 *
 * @param value undefined where it could hold a secret, as an argument may
 */
export function refuse(noun: string, value: unknown, fix: string): never {
  const shown = typeof value === 'string' ? printable(value) : 'what was given'
  throw new FormError(FORM_ERRORS, 'FORM_INVALID', { what: `${shown} is not ${noun}`, fix })
}

const SHOWN = 80

/** In quotes, cut, and with nothing in it that moves a cursor or turns a line around. */
function printable(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
  return JSON.stringify(cut.toWellFormed()).replaceAll(
    INVISIBLE_EACH,
    (one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}

const INVISIBLE_EACH = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** Control characters, marks that change direction or join without being seen, and line separators. */
export function hasInvisible(text: string): boolean {
  return INVISIBLE.test(text)
}

/** What no argument, file name or path may hold: control characters (NUL and line ends among them) and half a pair. */
export function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text) || !text.isWellFormed()
}
