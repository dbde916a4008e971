import { CLASSES, METADATA, type AddressClass } from './address-table.ts'

/** An IP address as bytes, 4 or 16 of them, and in its one canonical text (RFC 5952 for IPv6, no brackets). */
export interface Address {
  readonly bytes: Uint8Array
  readonly text: string
}

export interface Network {
  readonly bytes: Uint8Array
  readonly prefix: number
}

/**
 * Reads a canonical IPv4 address or any spelling of an IPv6 one, without brackets. An IPv4-mapped address becomes the
 * IPv4 address it reaches, so that the rules for that one hold.
 *
 * @returns undefined for anything else: zones, octal, hexadecimal and short forms among it
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parse6(text) : parse4(text)
}

/** Four numbers up to 255 without a zero in front, and nothing else. */
function parse4(text: string): Address | undefined {
  if (text.length < 7 || text.length > 15) return undefined
  const bytes = new Uint8Array(4)
  let [part, value, digits] = [0, 0, 0]
  for (let at = 0; at <= text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO // NaN at the end
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && value === 0) return undefined
      value = value * 10 + digit
      digits += 1
      if (value > 255) return undefined
    } else {
      const isEnd = at === text.length
      if (digits === 0 || part > 3 || (!isEnd && text[at] !== '.')) return undefined
      bytes[part] = value
      part += 1
      value = digits = 0
    }
  }
  return part === 4 ? { bytes, text } : undefined
}

const ZERO = 48

function parse6(text: string): Address | undefined {
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(text)) return undefined
  const hostname = URL.parse(`http://[${text}]/`)?.hostname
  if (hostname === undefined) return undefined
  const bytes = bytesOf6(hostname.slice(1, -1))
  const mapped = isIn(bytes, MAPPED) ? address4(bytes.subarray(12)) : undefined
  return mapped ?? { bytes, text: hostname.slice(1, -1) }
}

/** @param text as the URL parser writes it: no dotted part, at most one `::` */
function bytesOf6(text: string): Uint8Array {
  const [head = '', tail] = text.split('::')
  const read = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [read(head), read(tail ?? '')]
  const groups = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

function address4(bytes: Uint8Array): Address {
  return { bytes: Uint8Array.from(bytes), text: bytes.join('.') }
}

/** @param bytes 4 or 16, as SOCKS and DNS carry them */
export function addressFrom(bytes: Uint8Array): Address | undefined {
  if (bytes.length === 4) return address4(bytes)
  if (bytes.length !== 16) return undefined
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  return parse6(groups.join(':'))
}

/** `10.0.0.0/8`, `2001:db8::/32`, or a single address; undefined for anything else, host bits behind the prefix among it. */
export function parseNetwork(text: string): Network | undefined {
  const [, base = '', digits] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? []
  const address = parseAddress(base)
  if (address === undefined) return undefined
  // a mapped base became an IPv4 one, and its prefix would then mean something else
  if (base.includes(':') && address.bytes.length === 4 && digits !== undefined) return undefined
  const prefix = digits === undefined ? address.bytes.length * 8 : Number(digits)
  const network = { bytes: address.bytes, prefix }
  return prefix <= address.bytes.length * 8 && !hasHostBits(network) ? network : undefined
}

function hasHostBits({ bytes, prefix }: Network): boolean {
  return bytes.some((byte, i) => (byte & ~maskAt(prefix, i) & 0xff) !== 0)
}

function maskAt(prefix: number, index: number): number {
  const bits = Math.max(0, Math.min(8, prefix - index * 8))
  return (0xff << (8 - bits)) & 0xff
}

/** The same for all addresses of one network of this width, and for no others of the same length. */
export function maskedKey(bytes: Uint8Array, prefix: number): string {
  let key = ''
  for (let i = 0; i * 8 < prefix; i += 1) key += String.fromCharCode((bytes[i] ?? 0) & maskAt(prefix, i))
  return key
}

export function isIn(bytes: Uint8Array, network: Network): boolean {
  if (bytes.length !== network.bytes.length) return false
  const whole = network.prefix >> 3
  for (let i = 0; i < whole; i += 1) if (bytes[i] !== network.bytes[i]) return false
  const mask = maskAt(network.prefix, whole)
  return mask === 0 || ((bytes[whole] ?? 0) & mask) === ((network.bytes[whole] ?? 0) & mask)
}

/**
 * What an address is. One that carries another inside it (6to4, Teredo, NAT64, compatible, ISATAP) is as bad as the one
 * it carries, because a gateway on the way may deliver to that.
 */
export function classOf(address: Address): AddressClass {
  const own = tableClass(address.bytes)
  if (own !== 'public') return own
  return (
    carriedBy(address)
      .map(classOf)
      .find((carried) => carried !== 'public') ?? 'public'
  )
}

function tableClass(bytes: Uint8Array): AddressClass {
  for (const each of bytes.length === 4 ? TABLE_4 : TABLE_6) if (isIn(bytes, each.network)) return each.class
  return bytes.length === 4 ? 'public' : 'reserved'
}

/** The IPv4 addresses an IPv6 address carries. Rules that name one of these hold for the carrier too. */
export function carriedBy({ bytes }: Address): Address[] {
  if (bytes.length === 4) return []
  if (isIn(bytes, NAT64) || isIn(bytes, COMPATIBLE)) return [address4(bytes.subarray(12))]
  if (isIn(bytes, SIX_TO_FOUR)) return [address4(bytes.subarray(2, 6))]
  // RFC 4380, section 4: the server's address, and the client's with every bit turned round
  if (isIn(bytes, TEREDO)) {
    return [address4(bytes.subarray(4, 8)), address4(bytes.subarray(12).map((byte) => byte ^ 0xff))]
  }
  // RFC 5214, section 6.1: the interface identifier ::0:5efe:a.b.c.d, with or without the universal bit
  const isIsatap =
    ((bytes[8] ?? 0) & ~0x02) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
  return isIsatap ? [address4(bytes.subarray(12))] : []
}

const MAPPED: Network = { bytes: bytesOf6('::ffff:0:0'), prefix: 96 }
const COMPATIBLE: Network = { bytes: bytesOf6('::'), prefix: 96 }
const NAT64: Network = { bytes: bytesOf6('64:ff9b::'), prefix: 96 }
const SIX_TO_FOUR: Network = { bytes: bytesOf6('2002::'), prefix: 16 }
const TEREDO: Network = { bytes: bytesOf6('2001::'), prefix: 32 }

/** Metadata services first: they lie in networks that are something else. */
const TABLE = [
  ...METADATA.map((text) => ({ network: known(text), class: 'metadata' as const })),
  ...CLASSES.map(([text, cls]) => ({ network: known(text), class: cls })),
]
const TABLE_4 = TABLE.filter(({ network }) => network.bytes.length === 4)
const TABLE_6 = TABLE.filter(({ network }) => network.bytes.length === 16)

function known(text: string): Network {
  const network = parseNetwork(text)
  if (network === undefined) throw new Error(`the address table holds ${text}, which is no network`)
  return network
}

export type { AddressClass } from './address-table.ts'
