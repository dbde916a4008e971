import type { Finding } from '../../core/incident.ts'
import { finding } from './host.ts'
import { addressOf } from './seen.ts'

/** A socket somebody may speak to. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  readonly inode: string
  /** The name of the program that has it open, where we may look. */
  readonly program?: string
}

export interface Declared {
  readonly protocol: string
  readonly address: string
  readonly port: number
  readonly program?: string
}

const LISTENS = '0A'
const UNCONNECTED = '07'
/** Sockets above are those of clients, which wait for answers. */
const FIRST_OWN_UDP_PORT = 32_768

/** What /proc/net/tcp and its like say of who listens. */
export function parseListeners(protocol: 'tcp' | 'udp', text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    const [hex, port] = local?.split(':') ?? []
    if (hex === undefined || port === undefined || inode === undefined) return []
    if (state !== (protocol === 'tcp' ? LISTENS : UNCONNECTED)) return []
    const number = Number.parseInt(port, 16)
    if (protocol === 'udp' && number >= FIRST_OWN_UDP_PORT) return []
    return [{ protocol, address: addressOf(hex), port: number, inode }]
  })
}

/** @throws Error when it is no listener: `tcp/*:22/sshd`, `udp/[::]:5353` */
export function parseDeclared(text: string): Declared {
  const parts = /^(tcp|udp)\/(\*|\[[0-9a-f:.]+\]|[0-9.]+):(\d{1,5})(?:\/([^/]+))?$/i.exec(text)
  const [, protocol, address, port, program] = parts ?? []
  if (protocol === undefined || address === undefined || !(Number(port) >= 1 && Number(port) <= 65_535))
    throw new Error(`${text} is no listener: write it as tcp/*:22/sshd`)
  return {
    ...{ protocol: protocol.toLowerCase(), address: address.replace(/^\[|\]$/g, '').toLowerCase() },
    ...{ port: Number(port), ...(program === undefined ? {} : { program }) },
  }
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^127\./.test(address)
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** Nobody outside reaches loopback; everything else must be declared. */
export function isExpected(listener: Listener, declared: readonly Declared[]): boolean {
  return (
    isLoopback(listener.address) ||
    declared.some(
      (each) =>
        each.protocol === listener.protocol &&
        each.port === listener.port &&
        (each.address === '*' || each.address === listener.address) &&
        (each.program === undefined || each.program === listener.program),
    )
  )
}

/** @param isNew whether it was not there when the watch began */
export function listenerFinding(listener: Listener, isNew: boolean, at: number): Finding {
  const { protocol, address, port, program } = listener
  const who = program ?? 'a program that cannot be looked at'
  const reach = isWildcard(address) ? 'every address of this machine' : address
  return finding(at, 'listener', isNew ? 'high' : 'medium', `${protocol}/${address}:${port}`, {
    summary: `${who} listens on ${reach}, ${protocol} port ${port}, and nobody declared it`,
    evidence: {
      ...{ protocol, address, port, wildcard: isWildcard(address), new: isNew },
      ...(program === undefined ? {} : { program }),
    },
  })
}
