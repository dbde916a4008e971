import type { Looked, Weakness } from './report.ts'

/** A socket that listens, as the host shows it. */
export interface OpenPort {
  readonly protocol: string
  readonly address: string
  readonly port: number
  readonly program?: string
  /** Nobody outside reaches it. */
  readonly isLoopback: boolean
  readonly isWildcard: boolean
  readonly isDeclared: boolean
}

const MOST_OPEN = 10

/** Who listens beyond loopback, held against what was declared. */
export function scanNetwork(ports: readonly OpenPort[]): Looked {
  const open = ports.filter(({ isLoopback }) => !isLoopback)
  const many = new Set(open.map(({ protocol, port }) => `${protocol}/${port}`)).size
  return {
    weaknesses: [
      ...open.filter(({ isDeclared }) => !isDeclared).map(undeclared),
      ...(many > MOST_OPEN ? [tooMany(many)] : []),
    ],
    notes: open.length === 0 ? ['nothing listens beyond loopback'] : [],
  }
}

function undeclared({ protocol, address, port, program, isWildcard }: OpenPort): Weakness {
  const who = program ?? 'a program that cannot be looked at'
  const declared = `${protocol}/${isWildcard ? '*' : bracketed(address)}:${port}${program === undefined ? '' : `/${program}`}`
  return {
    ...{
      id: isWildcard ? 'listener-wildcard' : 'listener',
      area: 'network',
      subject: `${protocol}/${address}:${port}`,
    },
    severity: isWildcard ? 'high' : 'medium',
    what: `${who} listens on ${isWildcard ? 'every address' : address}, ${protocol} port ${port}, and nobody declared it`,
    fix: `end it, bind it to 127.0.0.1, or declare it: watch.listeners ${declared}`,
  }
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

function tooMany(count: number): Weakness {
  return {
    ...{ id: 'many-open-ports', area: 'network', severity: 'medium', subject: 'host' },
    what: `${count} ports are open beyond loopback, more than ${MOST_OPEN}`,
    fix: 'end what nobody needs, or close it: docs/firewall.md',
  }
}
