import { addressFrom } from './address.ts'
import { hostOf, parseHost, type Target } from './host.ts'

/** What a SOCKS client (RFC 1928) says first, and then; names are looked up here, never by the client. */

export const SOCKS_VERSION = 5
const NO_AUTHENTICATION = 0
const CONNECT = 1

export type SocksRead<T> =
  | { readonly kind: 'read'; readonly value: T; readonly sizeBytes: number }
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed'; readonly why: string; readonly reply?: SocksReply }

/** RFC 1928, section 6. */
export const SOCKS_REPLIES = {
  succeeded: 0,
  failed: 1,
  notAllowed: 2,
  hostUnreachable: 4,
  refused: 5,
  unknownCommand: 7,
  unknownAddress: 8,
} as const
export type SocksReply = keyof typeof SOCKS_REPLIES

/** @returns whether the client would go on without a password: who it is, the socket says */
export function readGreeting(bytes: Buffer): SocksRead<boolean> {
  const count = bytes[1]
  if (count === undefined || bytes.length < 2 + count) return { kind: 'more' }
  const methods = bytes.subarray(2, 2 + count)
  return { kind: 'read', value: methods.includes(NO_AUTHENTICATION), sizeBytes: 2 + count }
}

export function greetingReply(isAccepted: boolean): Buffer {
  return Buffer.of(SOCKS_VERSION, isAccepted ? NO_AUTHENTICATION : 0xff)
}

export function readSocksRequest(bytes: Buffer): SocksRead<Target> {
  const [version, command, zero, kind, nameBytes = 0] = bytes
  if (version !== undefined && version !== SOCKS_VERSION) return malformed('it is not SOCKS 5')
  if (command !== undefined && command !== CONNECT)
    return malformed('only CONNECT is spoken here', 'unknownCommand')
  if (zero !== undefined && zero !== 0) return malformed('a byte that must be zero is not')
  if (bytes.length < 5) return { kind: 'more' }
  const from = kind === 3 ? 5 : 4
  const sizeBytes = kind === 1 ? 4 : kind === 3 ? nameBytes : kind === 4 ? 16 : undefined
  if (sizeBytes === undefined) return malformed('the address is of no known kind', 'unknownAddress')
  if (bytes.length < from + sizeBytes + 2) return { kind: 'more' }
  const raw = bytes.subarray(from, from + sizeBytes)
  const port = bytes.readUInt16BE(from + sizeBytes)
  const host = kind === 3 ? namedHost(raw) : addressHost(raw)
  if (host === undefined || port === 0) return malformed('the address is no address anybody could go to')
  return { kind: 'read', value: { host, port }, sizeBytes: from + sizeBytes + 2 }
}

/** Some programs write an IPv6 address where a name belongs; brackets are put round it, then it is one by its own entry. */
function namedHost(raw: Buffer): Target['host'] | undefined {
  const text = raw.toString('latin1')
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined
  return parseHost(text.includes(':') && !text.startsWith('[') ? `[${text}]` : text)
}

function addressHost(raw: Buffer): Target['host'] | undefined {
  const address = addressFrom(raw)
  return address === undefined ? undefined : hostOf(address)
}

/** The address that was bound is nobody's business: it is always told as 0.0.0.0:0. */
export function socksReply(reply: SocksReply): Buffer {
  return Buffer.of(SOCKS_VERSION, SOCKS_REPLIES[reply], 0, 1, 0, 0, 0, 0, 0, 0)
}

function malformed<T>(why: string, reply: SocksReply = 'failed'): SocksRead<T> {
  return { kind: 'malformed', why, reply }
}
