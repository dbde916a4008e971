import { domainToASCII } from 'node:url'
import { isPort } from '../../core/safe/network.ts'
import { parseAddress, type Address } from './address.ts'

/** Where a connection is to go, in the one form rules are compared with. */
export type Host = NamedHost | AddressHost

export interface NamedHost {
  readonly kind: 'name'
  /** Lower case, ASCII (`xn--` for international names), no dot at the end. */
  readonly text: string
}

export interface AddressHost {
  readonly kind: 'address'
  /** Canonical, without brackets. */
  readonly text: string
  readonly address: Address
}

export interface Target {
  readonly host: Host
  readonly port: number
}

const LONGEST_NAME = 253
const PLAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

/**
 * Reads a host as the WHATWG URL standard does (section 3.5), so that every spelling of one host becomes one text: case,
 * a dot at the end, international letters, and `0x7f.1`, `2130706433` or `017700000001` for 127.0.0.1.
 *
 * @param text a name, an IPv4 address in any notation, or an IPv6 address in brackets
 * @returns undefined for what is no host, or not the same host to everybody: user information, percent signs, zones
 */
export function parseHost(text: string): Host | undefined {
  if (text.length === 0 || text.length > 4 * LONGEST_NAME) return undefined
  if (text.startsWith('[')) return bracketed(text)
  if (/[\x00-\x20\x7f%/\\?#@:<>^|"`{}[\]]/.test(text)) return undefined
  const bare = text.endsWith('.') ? text.slice(0, -1) : text
  const ascii = PLAIN.test(bare) && !bare.includes('xn--') ? bare : domainToASCII(bare)
  return looksNumeric(ascii) ? numeric(ascii) : named(ascii)
}

function named(text: string): NamedHost | undefined {
  const isName = text.length <= LONGEST_NAME && text.split('.').every((label) => LABEL.test(label))
  return isName ? { kind: 'name', text } : undefined
}

/** A last label that is a number makes the whole an IPv4 address or nothing. */
function looksNumeric(text: string): boolean {
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(text)
}

function numeric(text: string): AddressHost | undefined {
  // what is canonical already stays as it is, and nearly every address somebody writes is
  return addressHost(text) ?? addressHost(URL.parse(`http://${text}/`)?.hostname)
}

function bracketed(text: string): AddressHost | undefined {
  return /^\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]{1,44}\]$/.test(text) ? addressHost(text.slice(1, -1)) : undefined
}

function addressHost(text: string | undefined): AddressHost | undefined {
  const address = text === undefined ? undefined : parseAddress(text)
  return address === undefined ? undefined : hostOf(address)
}

export function hostOf(address: Address): AddressHost {
  return { kind: 'address', text: address.text, address }
}

/**
 * `name:port` or `[address]:port`, as CONNECT and Host name a place.
 *
 * @param defaultPort for a Host without one; absent: the port must be there
 */
export function parseTarget(text: string, defaultPort?: number): Target | undefined {
  const [, name = '', digits] = /^(\[[^\]]*\]|[^:]*)(?::([1-9]\d{0,4}))?$/.exec(text) ?? []
  const host = parseHost(name)
  const port = digits === undefined ? defaultPort : Number(digits)
  return host !== undefined && isPort(port) ? { host, port } : undefined
}

/** `example.org:443`, `[2001:db8::1]:443`. */
export function targetName({ host, port }: Target): string {
  return `${host.text.includes(':') ? `[${host.text}]` : host.text}:${port}`
}

export function isSameTarget(a: Target, b: Target): boolean {
  return a.port === b.port && a.host.text === b.host.text
}

/** Whether a pattern as in rules, `example.org` or `*.example.org`, names this host. */
export function isNamedBy(pattern: string, host: Host): boolean {
  const [, base] = /^(?:\*\.|\.)(.+)$/.exec(pattern) ?? []
  return base === undefined
    ? parseHost(pattern)?.text === host.text
    : host.kind === 'name' && host.text.endsWith(`.${parseHost(base)?.text}`)
}
