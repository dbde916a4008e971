/**
 * The ways a secret can be written so that it is still the secret: what is looked for on its way out, and taken out of
 * answers. Each form is found at whatever place it stands; encodings of encodings are not listed (see the limits in
 * `index.ts`).
 */

/** One written form of a secret. */
export interface Form {
  readonly how: string
  readonly bytes: Buffer
  /** The shortest piece that is surely of this secret: at least 70 bits of it. */
  readonly pieceBytes: number
}

const PIECE = 12
/** The form that can be exchanged for the real value. */
export const PLAIN = 'as it is'

/** Every form, in an order that is the same for every value, so that two values can be compared form by form. */
export function formsOf(value: Uint8Array): Form[] {
  const plain = Buffer.from(value)
  const hex = plain.toString('hex')
  const text = plain.toString('latin1')
  const every = (write: (digits: string) => string) => hex.replaceAll(/../g, write)
  return [
    form(PLAIN, plain),
    form('reversed', Buffer.from(plain.toReversed())),
    form('hex', hex, 2),
    form('hex', hex.toUpperCase(), 2),
    form(
      'percent',
      every((two) => `%${two}`),
      3,
    ),
    form(
      'percent',
      every((two) => `%${two.toUpperCase()}`),
      3,
    ),
    form(
      'JSON',
      every((two) => `\\u00${two}`),
      6,
    ),
    form(
      'JSON',
      every((two) => `\\u00${two.toUpperCase()}`),
      6,
    ),
    ...[0, 1, 2].flatMap((offset) => base64Forms(plain, offset)),
    ...spelled(text),
  ]
}

/** What differs from the plain form only where the value has characters that must be escaped somewhere. */
function spelled(text: string): Form[] {
  const percent = text.replaceAll(
    /[^A-Za-z0-9\-._~]/g,
    (one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  )
  return [
    form('percent', percent),
    form(
      'percent',
      percent.replaceAll(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()),
    ),
    form('JSON', JSON.stringify(text).slice(1, -1)),
    form('JSON', JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/')),
    form('letters and digits alone', squeezed(text)),
  ]
}

/** Without what a header, a path or a list would put between two halves. */
export function squeezed(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]/g, '')
}

/**
 * The characters that only these bytes decide, when they begin at this offset in a group of three (RFC 4648, section 4);
 * the ones at both ends that neighbours have a share in are left out.
 */
function base64Forms(bytes: Buffer, offset: number): Form[] {
  const all = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  const own = all.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
  return [form('base64', own), form('base64', own.replaceAll('+', '-').replaceAll('/', '_'))]
}

function form(how: string, text: string | Buffer, charactersPerByte = 1): Form {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
  return { how, bytes, pieceBytes: PIECE * charactersPerByte }
}

/** RFC 4648, section 6, in lower case and without padding: how bytes are written into host names. */
export function base32(bytes: Uint8Array): string {
  const digits = 'abcdefghijklmnopqrstuvwxyz234567'
  let [text, bits, held] = ['', 0, 0]
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) text += digits[(held >>> (bits - 5)) & 31]
  }
  return bits > 0 ? text + digits[(held << (5 - bits)) & 31] : text
}
