import { randomBytes } from 'node:crypto'

/** 32 symbols that are not taken for one another: five bits each, so that no symbol is likelier than another. */
export const CODE_SYMBOLS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const LENGTH = 8

/** A fresh pairing code: 40 random bits, eight symbols. */
export function newCode(random: (sizeBytes: number) => Buffer = randomBytes): string {
  const bytes = random(5)
  let bits = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  let code = ''
  for (let i = 0; i < LENGTH; i++) {
    code = CODE_SYMBOLS[Number(bits & 31n)]! + code
    bits >>= 5n
  }
  return code
}

/** As it was typed: in any case, with blanks or dashes between. @returns undefined when it cannot be a code */
export function readCode(text: string): string | undefined {
  const code = text.replaceAll(/[\s-]/g, '').toUpperCase()
  return code.length === LENGTH && Array.from(code).every((symbol) => CODE_SYMBOLS.includes(symbol))
    ? code
    : undefined
}

/** For people: `ABCD-EFGH`. */
export function shownCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`
}
