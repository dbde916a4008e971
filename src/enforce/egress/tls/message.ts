import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { Transform } from 'node:stream'

export type Headers = readonly (readonly [name: string, value: string])[]

/** What is between two neighbours and not for the far end (RFC 9110, 7.6.1). */
const NEIGHBOURS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // we have answered it ourselves
  'expect',
  // HTTP/3 and other ports would be ways around
  'alt-svc',
])

/** Without what is for the next neighbour alone, also what Connection says is (which must not name what guards us). */
export function endToEnd(headers: Headers): Headers {
  const named = valuesOf(headers, 'connection').flatMap((value) => value.toLowerCase().split(/[ \t,]+/))
  const dropped = new Set([...NEIGHBOURS, ...named.filter((name) => !KEPT.has(name))])
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()))
}

const KEPT = new Set(['host', 'content-length', 'content-encoding', 'content-type', 'authorization'])

export function without(headers: Headers, ...names: readonly string[]): Headers {
  return headers.filter(([name]) => !names.includes(name.toLowerCase()))
}

export function valuesOf(headers: Headers, wanted: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
}

export function valueOf(headers: Headers, wanted: string): string | undefined {
  return valuesOf(headers, wanted)[0]
}

/** As node:http takes them: names and values in turn, in their order. */
export const flat = (headers: Headers): string[] => headers.flatMap(([name, value]) => [name, value])

/** What unpacks a body: nothing to do, a stream, or a coding nobody here knows. */
export type Unpacking =
  | { readonly kind: 'plain' }
  | { readonly kind: 'packed'; make(): Transform }
  | { readonly kind: 'unknown'; readonly name: string }

export function unpackingOf(headers: Headers): Unpacking {
  const codings = valuesOf(headers, 'content-encoding')
    .flatMap((value) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
  const [coding, ...more] = codings
  if (coding === undefined) return { kind: 'plain' }
  const make = UNPACK[coding]
  return make === undefined || more.length > 0
    ? { kind: 'unknown', name: codings.join(', ') }
    : { kind: 'packed', make }
}

const UNPACK: Readonly<Partial<Record<string, () => Transform>>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
}
