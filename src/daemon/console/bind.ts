import { BlockList, isIP, isIPv6 } from 'node:net'
import type { SettingValues } from '../../platform/settings.ts'
import { consoleError } from './errors.ts'

/** Where the console may listen, and who may reach it. */
export interface Bind {
  readonly address: string
  /** 0: any that is free. */
  readonly port: number
  readonly isLoopback: boolean
  /** Whether a client of this address is let as far as TLS. */
  readonly isNear: (address: string) => boolean
}

export const USUAL_PORT = 9090
const USUAL_ADDRESS = '127.0.0.1'

type Settings = Pick<SettingValues, 'console.listen' | 'console.subnet' | 'auth.mode'>

/**
 * Reads where the console listens; undefined when it is off. Nothing but loopback is taken unless a subnet is named.
 *
 * @param port instead of the one that is set
 * @throws ConsoleError `CONSOLE_ADDRESS`, `CONSOLE_BIND_REFUSED`
 */
export function bindOf(settings: Settings, port?: number): Bind | undefined {
  const listen = settings['console.listen'] ?? 'off'
  const subnet = settings['console.subnet']
  const near = nearby(subnet)
  if (listen === 'off' && port === undefined) return undefined
  const set = listen === 'off' ? { address: USUAL_ADDRESS, port: USUAL_PORT } : splitAddress(listen)
  const isLoopback = isOwn(set.address)
  if (!isLoopback && subnet === undefined) {
    throw refused(`console.listen is ${listen}, which is not loopback, and no console.subnet is set`)
  }
  // whoever may reach it must log in; where that is switched off it is for this machine alone
  if (!isLoopback && settings['auth.mode'] === 'off') {
    throw refused('auth.mode is off, and the console would be open to a network')
  }
  const isNear = (address: string) => isOwn(address) || near(plainAddress(address))
  return { address: set.address, port: port ?? set.port, isLoopback, isNear }
}

/** `127.0.0.1:9090` or `[::1]:9090`. @throws ConsoleError `CONSOLE_ADDRESS` */
function splitAddress(text: string): { address: string; port: number } {
  const [, bracketed, bare, port = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? []
  const address = bracketed ?? bare ?? ''
  const isRight = bracketed === undefined ? isIP(address) === 4 : isIP(address) === 6
  if (!isRight || Number(port) > 65_535) {
    throw consoleError(
      'CONSOLE_ADDRESS',
      `console.listen ${JSON.stringify(text.slice(0, 80))} is not an address and a port`,
      'write 127.0.0.1:9090, [::1]:9090, or off',
    )
  }
  return { address, port: Number(port) }
}

const OWN = new BlockList()
OWN.addSubnet('127.0.0.0', 8, 'ipv4')
OWN.addAddress('::1', 'ipv6')

function isOwn(address: string): boolean {
  const plain = plainAddress(address)
  return OWN.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
}

/** An IPv4 address as a socket for both kinds shows it. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

/** @throws ConsoleError `CONSOLE_ADDRESS`, `CONSOLE_BIND_REFUSED` */
function nearby(subnet: string | undefined): (address: string) => boolean {
  if (subnet === undefined) return () => false
  const [address = '', length = '', ...more] = subnet.split('/')
  const [kind, most] = isIPv6(address) ? (['ipv6', 128] as const) : (['ipv4', 32] as const)
  const isRight =
    isIP(address) !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= most && more.length === 0
  if (!isRight) {
    throw consoleError(
      'CONSOLE_ADDRESS',
      `console.subnet ${JSON.stringify(subnet.slice(0, 80))} is not a network`,
      'write it as 192.0.2.0/24',
    )
  }
  if (Number(length) === 0) throw refused('console.subnet is everybody there is')
  const list = new BlockList()
  list.addSubnet(address, Number(length), kind)
  return (client) => isIP(client) !== 0 && list.check(client, isIPv6(client) ? 'ipv6' : 'ipv4')
}

function refused(what: string): Error {
  return consoleError(
    'CONSOLE_BIND_REFUSED',
    what,
    'leave console.listen at 127.0.0.1:9090, or name the management network in console.subnet; see docs/console.md',
  )
}
