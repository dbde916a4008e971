/** What a device that asks to be paired shows to a camera: the code, and the fingerprint of its key, in one text. */
export interface Scan {
  readonly code: string
  readonly fingerprint: string
}

/** Capitals, digits and colons alone: a QR code of them is the smallest there is. */
const SCAN = /^WARDER:PAIR:(?<code>[A-Z2-9]{8}):(?<digits>[0-9A-F]{16})$/

export function scanText({ code, fingerprint }: Scan): string {
  const text = `WARDER:PAIR:${code}:${fingerprint.replaceAll('-', '').toUpperCase()}`
  if (SCAN.test(text)) return text
  throw new TypeError('a pairing has a code of 8 signs and a fingerprint of 16 digits')
}

/** @returns undefined for what is no such text: a code that was typed */
export function readScan(text: string): Scan | undefined {
  const { code, digits } = SCAN.exec(text.trim())?.groups ?? {}
  if (code === undefined || digits === undefined) return undefined
  return { code, fingerprint: digits.toLowerCase().replaceAll(/(.{4})(?=.)/g, '$1-') }
}
