/** The head of a request, read to the letter (RFC 9112): what one reader could take otherwise is not taken at all. */
export interface Head {
  readonly method: string
  readonly target: string
  readonly version: '1.0' | '1.1'
  /** Names as sent, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export type HeadRead =
  | { readonly kind: 'head'; readonly head: Head; readonly sizeBytes: number }
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed'; readonly why: string }

export const LARGEST_HEAD_BYTES = 16 * 1024
export const MOST_HEADERS = 100

const END = Buffer.from('\r\n\r\n')
const REQUEST_LINE = /^([A-Z][A-Z-]{0,31}) ([\x21-\x7e]+) HTTP\/(1\.[01])$/
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t\x80-\xff]*?)[ \t]*$/

export function readHead(bytes: Buffer): HeadRead {
  const end = (bytes.length > LARGEST_HEAD_BYTES ? bytes.subarray(0, LARGEST_HEAD_BYTES) : bytes).indexOf(END)
  if (end === -1) {
    return bytes.length < LARGEST_HEAD_BYTES
      ? { kind: 'more' }
      : malformed(`the head is larger than ${LARGEST_HEAD_BYTES} bytes`)
  }
  const lines = bytes.toString('latin1', 0, end).split('\r\n')
  const [, method, target, version] = REQUEST_LINE.exec(lines[0] ?? '') ?? []
  if (method === undefined || target === undefined)
    return malformed('the request line is not METHOD TARGET HTTP/1.1')
  if (lines.length - 1 > MOST_HEADERS) return malformed(`there are more than ${MOST_HEADERS} header lines`)
  const headers = fieldsOf(lines)
  if (headers === undefined) return malformed('a header line is not NAME: VALUE')
  const why = ambiguity(headers)
  if (why !== undefined) return malformed(why)
  return {
    kind: 'head',
    head: { method, target, version: version === '1.0' ? '1.0' : '1.1', headers },
    sizeBytes: end + END.length,
  }
}

/** @param lines the request line first; undefined when one of the others is no field */
function fieldsOf(lines: readonly string[]): (readonly [name: string, value: string])[] | undefined {
  const headers: (readonly [string, string])[] = []
  for (let at = 1; at < lines.length; at++) {
    const field = FIELD.exec(lines[at] ?? '')
    if (field === null) return undefined
    headers.push([field[1] ?? '', field[2] ?? ''])
  }
  return headers
}

/** What two readers of these headers would take differently: where the body ends, or whom it is for. */
export function ambiguity(headers: readonly (readonly [name: string, value: string])[]): string | undefined {
  const lengths: string[] = []
  const codings: string[] = []
  let hosts = 0
  for (const [name, value] of headers) {
    const wanted = name.toLowerCase()
    if (wanted === 'host') hosts += 1
    else if (wanted === 'content-length') lengths.push(value)
    else if (wanted === 'transfer-encoding') codings.push(value)
  }
  if (hosts > 1) return 'there is more than one Host'
  if (lengths.length > 1 || lengths.some((length) => !/^(?:0|[1-9]\d{0,14})$/.test(length))) {
    return 'Content-Length is not one number'
  }
  if (codings.length > 0 && lengths.length > 0) return 'there are both Content-Length and Transfer-Encoding'
  if (codings.length > 1 || codings.some((coding) => coding.toLowerCase() !== 'chunked')) {
    return 'Transfer-Encoding is not just "chunked"'
  }
  return undefined
}

/** @param raw names and values in turn, as node:http gives them */
export function headerPairs(raw: readonly string[]): (readonly [name: string, value: string])[] {
  return Array.from({ length: raw.length >> 1 }, (_, i) => [raw[2 * i] ?? '', raw[2 * i + 1] ?? ''] as const)
}

export function headerOf(headers: Head['headers'], wanted: string): string | undefined {
  for (const [name, value] of headers)
    if (name.length === wanted.length && name.toLowerCase() === wanted) return value
  return undefined
}

function malformed(why: string): HeadRead {
  return { kind: 'malformed', why }
}
