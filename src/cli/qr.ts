import { encodeQR } from 'qr'

/** Modules of light around the code (ISO/IEC 18004, section 9.1): without them a camera does not find it. */
const QUIET = 4

/** For a dark or light module above, by whether the one below is dark: each sign shows two modules. */
const SIGNS = [
  [' ', '▄'],
  ['▀', '█'],
] as const

/**
 * A text as a QR code, in rows of signs of half a line each; dark modules are what is written, so it must stand on a
 * light ground. Error correction is medium: 15 % of it may be covered.
 */
export function qrRows(text: string): string[] {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET })
  const size = modules.length
  const isDark = (row: number, column: number): boolean => modules[row]?.[column] === true
  const sign = (row: number, column: number): string =>
    SIGNS[isDark(row, column) ? 1 : 0][isDark(row + 1, column) ? 1 : 0]
  return Array.from({ length: Math.ceil(size / 2) }, (_row, at) =>
    Array.from({ length: size }, (_sign, column) => sign(2 * at, column)).join(''),
  )
}

/** Whether the locale says that signs of many bytes are understood; where it says nothing, they may come out as noise. */
export function speaksUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = ['LC_ALL', 'LC_CTYPE', 'LANG'].map((name) => environment[name]).find(Boolean)
  return /utf-?8/i.test(locale ?? '')
}
