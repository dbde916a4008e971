import type { Place } from './binding.ts'
import type { Part } from './watch.ts'

export type Header = readonly [name: string, value: string]

/** A request line and its headers, one character per byte, as they came. */
export interface Head {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: readonly Header[]
}

/** The same head twice: as it goes out, and without what was exchanged, in which nothing may be found any more. */
export interface SwappedHead {
  readonly sent: Head
  readonly rest: Head
  readonly used: readonly { readonly part: Part; readonly place: Place }[]
}

/** These say where and how the message travels; a secret there would be seen by more than its host. */
const NEVER = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])

/** Exchanges placeholders in a head, each where its binding allows; `parts` are those bound to the host. */
export function swapHead(head: Head, parts: readonly Part[]): SwappedHead {
  const used: { part: Part; place: Place }[] = []
  const start: SwappedHead = { sent: head, rest: head, used }
  return parts.reduce((before, part) => {
    const sent = exchanged(before.sent, part, (place) => used.push({ part, place }))
    return { sent, rest: exchanged(before.rest, part, undefined), used }
  }, start)
}

/** @param onUse undefined: the placeholder is taken out instead of exchanged */
function exchanged(head: Head, part: Part, onUse: ((place: Place) => void) | undefined): Head {
  const { places } = part
  const write = (encode: (bytes: Uint8Array) => string) => (onUse === undefined ? ' ' : part.use(encode))
  const told = (place: Place, before: string, after: string) => {
    if (before !== after) onUse?.(place)
    return after
  }
  const [path, query] = cut(head.target, '?')
  const newPath = places.includes('path') ? told('path', path, inPath(path, part, write)) : path
  const newQuery =
    query !== undefined && places.includes('query')
      ? told('query', query, inQuery(query, part, write))
      : query
  const headers = places.includes('header')
    ? head.headers.map(([name, value]): Header =>
        NEVER.has(name.toLowerCase())
          ? [name, value]
          : [name, told('header', value, inHeader(value, part, write))],
      )
    : head.headers
  return { ...head, target: newQuery === undefined ? newPath : `${newPath}?${newQuery}`, headers }
}

type Write = (encode: (bytes: Uint8Array) => string) => string

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function inHeader(value: string, { placeholder }: Part, write: Write): string {
  if (value.includes(placeholder)) return value.replaceAll(placeholder, () => write(latin1))
  const [, scheme, encoded] = /^(Basic +)([A-Za-z0-9+/]+={0,2})$/i.exec(value) ?? []
  if (scheme === undefined || encoded === undefined) return value
  const pair = Buffer.from(encoded, 'base64').toString('latin1')
  if (!pair.includes(placeholder)) return value
  const swapped = pair.replaceAll(placeholder, () => write(latin1))
  return `${scheme}${Buffer.from(swapped, 'latin1').toString('base64')}`
}

function inPath(path: string, part: Part, write: Write): string {
  return path
    .split('/')
    .map((segment) => inWord(segment, part, write, "!$&'()*+,;=:@"))
    .join('/')
}

function inQuery(query: string, part: Part, write: Write): string {
  return query
    .split('&')
    .map((pair) => {
      const [name, value] = cut(pair, '=')
      return value === undefined ? pair : `${name}=${inWord(value, part, write, "!$'()*,:@/?")}`
    })
    .join('&')
}

/** @param free what may stand unescaped here beside the unreserved characters (RFC 3986, 3.3 and 3.4) */
function inWord(word: string, { placeholder }: Part, write: Write, free: string): string {
  const encode = (bytes: Uint8Array) => percent(bytes, free)
  if (word.includes(placeholder)) return word.replaceAll(placeholder, () => write(encode))
  const decoded = word.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, two: string) =>
    String.fromCharCode(Number.parseInt(two, 16)),
  )
  if (!decoded.includes(placeholder)) return word
  const around = decoded.split(placeholder).map((text) => encode(Buffer.from(text, 'latin1')))
  return around.join(write(encode))
}

export function percent(bytes: Uint8Array, free = ''): string {
  return Array.from(bytes, (byte) => {
    const one = String.fromCharCode(byte)
    return /[A-Za-z0-9\-._~]/.test(one) || free.includes(one)
      ? one
      : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`
  }).join('')
}

/** At the first occurrence; the second half is undefined when there is none. */
export function cut(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at)
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + at.length)]
}
