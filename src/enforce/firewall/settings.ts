import { messageOf } from '../../core/error.ts'
import { parseCidrBlock, parsePort, type CidrBlock, type Port } from '../../core/safe/network.ts'
import { FIREWALL_ERRORS, FirewallError } from './errors.ts'

export type Transport = 'tcp' | 'udp'

/** A port that is open to a network, for as long as the firewall stands. */
export interface Service {
  readonly transport: Transport
  readonly port: Port
  /** Absent: from everywhere. */
  readonly from?: CidrBlock
}

/** What the owner wrote in firewall.yaml, with the defaults where nothing was written. */
export interface FirewallSettings {
  /** Empty: the management ports are closed. */
  readonly managementSubnets: readonly CidrBlock[]
  readonly managementPorts: readonly Port[]
  readonly services: readonly Service[]
  /** New connections of one source (IPv4 address, IPv6 /64), each second, and how many at once beyond that. */
  readonly connectionsPerSecond: number
  readonly burst: number
  /** Open TCP connections of one source at the same time. */
  readonly connectionsAtOnce: number
  readonly pingsPerSecond: number
  readonly forward: 'closed' | 'open'
  readonly outbound: 'closed' | 'open'
  /** Who may open connections to the outside: names or numbers of users. */
  readonly outboundUsers: readonly string[]
  /** Empty: every port. */
  readonly outboundPorts: readonly Port[]
  /** Where names may be asked for (port 53 and 853). Empty: anywhere, for those users. */
  readonly resolvers: readonly CidrBlock[]
  /** Who may set the clock from the network. */
  readonly timeUsers: readonly string[]
  readonly logsPerMinute: number
  /** The NFLOG group of refused packets; 0 is the kernel's log. */
  readonly logGroup: number
  readonly upstreams: readonly string[]
  readonly blockedNames: readonly string[]
}

/** One value of the file, as `platform/config-file.ts` reads it: a list is joined by commas. */
export interface WrittenValue {
  readonly key: string
  readonly value: string
  readonly where: string
}

type Readers = {
  readonly [K in keyof FirewallSettings]: {
    key: string
    read: (text: string) => FirewallSettings[K]
    usual: FirewallSettings[K]
  }
}

const MANAGEMENT_PORTS = [22 as Port, 9090 as Port]
const MOST_ITEMS = 256

const READERS: Readers = {
  managementSubnets: { key: 'management.subnets', read: each(subnet), usual: [] },
  managementPorts: { key: 'management.ports', read: each(parsePort), usual: MANAGEMENT_PORTS },
  services: { key: 'inbound.open', read: each(service), usual: [] },
  connectionsPerSecond: { key: 'inbound.connections_per_second', read: whole(1, 100_000), usual: 50 },
  burst: { key: 'inbound.burst', read: whole(1, 100_000), usual: 100 },
  connectionsAtOnce: { key: 'inbound.connections_at_once', read: whole(1, 100_000), usual: 100 },
  pingsPerSecond: { key: 'inbound.pings_per_second', read: whole(1, 1000), usual: 5 },
  forward: { key: 'forward', read: oneOf(['closed', 'open']), usual: 'closed' },
  outbound: { key: 'outbound.mode', read: oneOf(['closed', 'open']), usual: 'closed' },
  outboundUsers: { key: 'outbound.users', read: each(user), usual: [] },
  outboundPorts: { key: 'outbound.ports', read: each(parsePort), usual: [] },
  resolvers: { key: 'outbound.resolvers', read: each(address), usual: [] },
  timeUsers: { key: 'outbound.time_users', read: each(user), usual: [] },
  logsPerMinute: { key: 'log.per_minute', read: whole(1, 1000), usual: 10 },
  logGroup: { key: 'log.group', read: whole(0, 65_535), usual: 0 },
  upstreams: { key: 'resolver.upstreams', read: each(upstream), usual: [] },
  blockedNames: { key: 'resolver.block', read: each(hostName), usual: [] },
}

/**
 * Reads what the owner wrote. Whole or not at all: a firewall made from half of its settings is another firewall.
 *
 * @throws FirewallError `FIREWALL_SETTINGS` for a key that is not known or a value that is wrong, with its place
 */
export function readSettings(written: readonly WrittenValue[]): FirewallSettings {
  const known = new Map(Object.values(READERS).map(({ key }) => [key, true]))
  const strange = written.find(({ key }) => !known.has(key))
  if (strange !== undefined) {
    throw invalid(
      `${strange.key} is no setting of the firewall`,
      strange.where,
      `use one of: ${[...known.keys()].join(', ')}`,
    )
  }
  const found = Object.entries(READERS).map(([name, { key, read, usual }]) => {
    const line = written.find((each) => each.key === key)
    return [name, line === undefined ? usual : readLine(line, read)] as const
  })
  return Object.freeze(Object.fromEntries(found)) as unknown as FirewallSettings
}

function readLine({ key, value, where }: WrittenValue, read: (text: string) => unknown): unknown {
  try {
    return read(value)
  } catch (cause) {
    throw invalid(`${key}: ${messageOf(cause)}`, where, 'correct it there; nothing was changed')
  }
}

function invalid(what: string, where: string, fix: string): FirewallError {
  return new FirewallError(FIREWALL_ERRORS, 'FIREWALL_SETTINGS', { what, where, fix })
}

function each<T>(read: (text: string) => T): (text: string) => readonly T[] {
  return (text) => {
    const items = text === '' ? [] : text.split(',').map((item) => item.trim())
    if (items.length > MOST_ITEMS) throw new Error(`more than ${MOST_ITEMS} items`)
    if (new Set(items).size < items.length) throw new Error('the same item stands there twice')
    return items.map(read)
  }
}

/** A network that is the whole world is no subnet: the management ports would be open to everybody. */
function subnet(text: string): CidrBlock {
  const block = parseCidrBlock(text)
  if (prefixOf(block) < (isIpv6(block) ? 16 : 8)) {
    throw new Error(
      `${text} is no subnet but a part of the world; name the network you manage this machine from`,
    )
  }
  return block
}

/** `10.0.0.1` or a block; a bare address is a block of one. */
export function address(text: string): CidrBlock {
  return text.includes('/')
    ? parseCidrBlock(text)
    : parseCidrBlock(`${text}/${text.includes(':') ? 128 : 32}`)
}

/** `tcp/443`, or `tcp/443 from 10.0.0.0/8`. */
function service(text: string): Service {
  const [, transport, port = '', from] = /^(tcp|udp)\/(\d+)(?: from (\S+))?$/.exec(text) ?? []
  if (transport === undefined)
    throw new Error(`"${text}" is not of the form tcp/443 or tcp/443 from 10.0.0.0/8`)
  const open = { transport: transport as Transport, port: parsePort(port) }
  return from === undefined ? open : { ...open, from: address(from) }
}

function user(text: string): string {
  if (/^(?:[a-z_][a-z0-9_-]{0,31}|\d{1,9})$/.test(text)) return text
  throw new Error(`"${text}" is neither the name nor the number of a user`)
}

/** `192.0.2.1@853#dns.example.org`: an address, a port, and the name its certificate must have. */
function upstream(text: string): string {
  const [, ip, port = '', name = ''] = /^([0-9a-fA-F:.]+)@(\d+)#(\S+)$/.exec(text) ?? []
  if (ip === undefined) throw new Error(`"${text}" is not of the form 192.0.2.1@853#dns.example.org`)
  address(ip)
  parsePort(port)
  hostName(name)
  return text
}

function hostName(text: string): string {
  const labels = text.split('.')
  const isName = text.length <= 253 && labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label))
  if (isName) return text
  throw new Error(`"${text}" is not a name in lower case, such as ads.example.com`)
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new Error(`"${text}" is not a whole number from ${min} to ${max}`)
  }
}

function oneOf<const C extends string>(choices: readonly C[]): (text: string) => C {
  return (text) => {
    const found = choices.find((choice) => choice === text)
    if (found === undefined) throw new Error(`"${text}" is none of ${choices.join(', ')}`)
    return found
  }
}

export function isIpv6(block: CidrBlock): boolean {
  return block.includes(':')
}

export function prefixOf(block: CidrBlock): number {
  return Number(block.split('/')[1])
}
