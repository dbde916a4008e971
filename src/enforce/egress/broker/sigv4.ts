/**
 * Signature Version 4 of AWS, from its published description ("Create a signed AWS API request"): the canonical request,
 * the string to sign, the derived key. Pure; the key's bytes are lent by the caller.
 */
import { createHash, createHmac } from 'node:crypto'
import { cut, percent, type Head } from './swap.ts'

export interface Scope {
  /** `20150830` */
  readonly day: string
  readonly region: string
  readonly service: string
}

export interface SigningText {
  readonly head: Head
  /** Lower case, in the order of the SignedHeaders list. */
  readonly signedHeaders: readonly string[]
  /** Hex SHA-256 of the body, or one of the words that stand for it. */
  readonly payload: string
  readonly scope: Scope
  /** `20150830T123600Z` */
  readonly time: string
}

export const scopeText = ({ day, region, service }: Scope): string =>
  `${day}/${region}/${service}/aws4_request`

/** The signature in hex. */
export function signature(text: SigningText, secret: Uint8Array): string {
  const key = signingKey(secret, text.scope)
  return createHmac('sha256', key).update(stringToSign(text)).digest('hex')
}

function signingKey(secret: Uint8Array, { day, region, service }: Scope): Buffer {
  const first = Buffer.concat([Buffer.from('AWS4'), secret])
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (before, step) => createHmac('sha256', before).update(step).digest(),
    first,
  )
  first.fill(0)
  return key
}

export function stringToSign(text: SigningText): string {
  const digest = createHash('sha256').update(canonicalRequest(text), 'latin1').digest('hex')
  return ['AWS4-HMAC-SHA256', text.time, scopeText(text.scope), digest].join('\n')
}

export function canonicalRequest({ head, signedHeaders, payload, scope }: SigningText): string {
  const [path, query] = cut(head.target, '?')
  const lines = signedHeaders.map((name) => `${name}:${headerValues(head, name)}\n`)
  return [
    head.method,
    canonicalPath(path, scope.service),
    canonicalQuery(query ?? ''),
    lines.join(''),
    signedHeaders.join(';'),
    payload,
  ].join('\n')
}

function headerValues({ headers }: Head, wanted: string): string {
  return headers
    .filter(([name]) => name.toLowerCase() === wanted)
    .map(([, value]) => value.trim().replaceAll(/ +/g, ' '))
    .join(',')
}

/** S3 signs the path as it is; every other service signs it without dots, and escaped once more. */
function canonicalPath(path: string, service: string): string {
  const segments = path.split('/').map((segment) => percent(bytesOf(segment)))
  if (service === 's3') return segments.join('/') || '/'
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.' && segment !== '') kept.push(segment)
  }
  const end = kept.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${kept.map((segment) => percent(Buffer.from(segment))).join('/')}${end}`
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => cut(pair, '='))
    .map(([name, value]): [string, string] => [percent(bytesOf(name)), percent(bytesOf(value ?? ''))])
    .filter(([name]) => name !== 'X-Amz-Signature')
  const order = ([a, x]: [string, string], [b, y]: [string, string]) =>
    a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1
  return pairs
    .toSorted(order)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** What a percent-escaped text stands for, byte by byte. */
function bytesOf(text: string): Buffer {
  const plain = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, two: string) =>
    String.fromCharCode(Number.parseInt(two, 16)),
  )
  return Buffer.from(plain, 'latin1')
}
