/** The few forms of DER that two certificates are made of (ITU-T X.690, section 10: definite lengths, shortest form). */

const SHORT_LENGTH = 0x80

/** One value: its tag, the length of what follows, and what follows. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body])
}

function lengthOf(sizeBytes: number): Buffer {
  if (sizeBytes < SHORT_LENGTH) return Buffer.from([sizeBytes])
  const digits = Buffer.from(
    sizeBytes.toString(16).padStart(sizeBytes > 0xffff ? 6 : sizeBytes > 0xff ? 4 : 2, '0'),
    'hex',
  )
  return Buffer.concat([Buffer.from([SHORT_LENGTH | digits.length]), digits])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts)
export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes)
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text, 'utf8'))
export const TRUE = der(0x01, Buffer.from([0xff]))

/** A positive whole number, given as its bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const from = bytes.findIndex((byte) => byte !== 0)
  const digits = from === -1 ? Buffer.from([0]) : bytes.subarray(from)
  // a first bit of 1 would make it negative
  return (digits[0] ?? 0) >= 0x80 ? der(0x02, Buffer.from([0]), digits) : der(0x02, digits)
}

/** @param unused how many bits at the end of the last byte do not count */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.from([unused]), bytes)

/** `1.2.840.10045.4.3.2`, as bytes of seven bits each. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** UTCTime until 2049 and GeneralizedTime after it (RFC 5280, 4.1.2.5). */
export function time(epochMs: number): Buffer {
  const text = new Date(epochMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return epochMs < Date.UTC(2050, 0) ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text))
}

/** A tag whose meaning the place gives: `[n]`, of one value inside (constructed) or of plain bytes. */
export const inside = (n: number, ...parts: readonly Uint8Array[]): Buffer => der(0xa0 | n, ...parts)
export const plain = (n: number, bytes: Uint8Array): Buffer => der(0x80 | n, bytes)
