/** The header fields of one request as they came, each name in small letters with all its values. */
export type Fields = ReadonlyMap<string, readonly string[]>

/** From Node's list of names and values in turn, which forgets none that came twice. */
export function fieldsOf(raw: readonly string[]): Fields {
  const fields = new Map<string, string[]>()
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    const values = fields.get(name) ?? []
    values.push(stripped(raw[at + 1] ?? ''))
    fields.set(name, values)
  }
  return fields
}

/** The one value of a field; undefined when it is not there. A field that came twice is {@link TWICE}. */
export function fieldOf(fields: Fields, name: string): string | undefined | typeof TWICE {
  const values = fields.get(name)
  if (values === undefined) return undefined
  return values.length === 1 ? values[0] : TWICE
}

/** Two readers may each take another of them. */
export const TWICE = Symbol('the field came twice')

/** Without the blanks around it, which are no part of a value (RFC 9110, section 5.5). */
function stripped(value: string): string {
  return value.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
}

const BASE64 = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const PLAIN = /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/

/**
 * The text a field of the protocol stands for: as it is, or what its Base64 form says.
 *
 * @returns undefined for a Base64 form that is not canonical, or not UTF-8 inside
 */
export function decodedField(value: string): string | undefined {
  if (!(value.startsWith('=?base64?') && value.endsWith('?='))) return value
  const inside = BASE64.exec(value)?.[1]
  if (inside === undefined) return undefined
  const bytes = Buffer.from(inside, 'base64')
  if (bytes.toString('base64') !== inside) return undefined
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}

/** The other way: what a field cannot hold as it is goes as Base64. */
export function encodedField(text: string): string {
  const isPlain = PLAIN.test(text) && !(text.startsWith('=?base64?') && text.endsWith('?='))
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`
}
