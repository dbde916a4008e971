import type { CidrBlock } from '../../core/safe/network.ts'
import type { FirewallHost } from './change.ts'
import { refuse } from './errors.ts'
import { blocked, unblocked, type Block } from './model.ts'
import { standing } from './openings.ts'

export interface ToBlock {
  readonly address: CidrBlock
  readonly reason: string
  readonly forMs: number
}

const SHORTEST_MS = 1000
const LONGEST_MS = 30 * 24 * 3_600_000
/** Wider than that is no address somebody misbehaves from. */
const WIDEST = { 4: 16, 6: 32 } as const

/**
 * Nothing comes from this address or goes there any more, connections that are open among it, until its time is over; the
 * kernel ends it by itself.
 *
 * @param management nobody shuts themselves out in a hurry: what would block one of these is refused
 * @throws FirewallError `FIREWALL_BLOCK`, `FIREWALL_NOT_APPLIED`, `FIREWALL_PENDING`, `FIREWALL_REFUSED`
 */
export async function block(
  host: FirewallHost,
  { address, reason, forMs }: ToBlock,
  management: readonly CidrBlock[],
): Promise<Block> {
  const { nft, state, clock, newId } = host
  check(address, forMs, management)
  await standing(host)
  for (const { id, until } of state.blocks()) if (until <= clock.now()) state.dropBlock(id)
  const same = state.blocks().find((each) => each.address === address)
  if (same !== undefined)
    refuse(
      'FIREWALL_BLOCK',
      `${address} is blocked already (${same.id})`,
      `to give it another time: warder firewall unblock ${same.id}, then block it anew`,
    )
  const made = { id: newId(), address, reason, since: clock.now(), until: clock.now() + forMs }
  await nft.load({ nftables: [blocked(made, clock.now())] })
  state.addBlock(made)
  state.note({ at: clock.now(), act: 'block', id: made.id, address, until: made.until, reason })
  return made
}

/** @param which its id, or the address @throws FirewallError `FIREWALL_UNKNOWN` */
export async function unblock(host: FirewallHost, which: string): Promise<Block> {
  const { nft, state, clock } = host
  await standing(host)
  const found = blockedNow(host).find(({ id, address }) => id === which || address === which)
  if (found === undefined)
    return refuse(
      'FIREWALL_UNKNOWN',
      `nothing is blocked as ${JSON.stringify(which)}, or its time is over`,
      'see what is: warder firewall status',
    )
  await nft.load({ nftables: [unblocked(found)] })
  state.dropBlock(found.id)
  state.note({ at: clock.now(), act: 'unblock', id: found.id })
  return found
}

/** What is blocked now, as far as Warder was told; the kernel may have forgotten it at a boot. */
export function blockedNow({ state, clock }: Pick<FirewallHost, 'state' | 'clock'>): Block[] {
  return state.blocks().filter(({ until }) => until > clock.now())
}

/** Looks into the kernel, and not into what is remembered. */
export async function isBlocked(
  { nft }: Pick<FirewallHost, 'nft'>,
  { id }: Pick<Block, 'id'>,
): Promise<boolean> {
  const text = (await nft.text()) ?? ''
  return text.includes(`comment "${id}"`)
}

function check(address: CidrBlock, forMs: number, management: readonly CidrBlock[]): void {
  const family = address.includes(':') ? 6 : 4
  if (Number(address.split('/')[1]) < WIDEST[family])
    refuse(
      'FIREWALL_BLOCK',
      `${address} is not an address but a part of the world`,
      `name an address, or a network of /${WIDEST[family]} or smaller`,
    )
  if (!(forMs >= SHORTEST_MS && forMs <= LONGEST_MS))
    refuse('FIREWALL_BLOCK', 'a block lasts from a second to 30 days', 'give --for within that')
  const hit = management.find((each) => overlap(each, address))
  if (hit !== undefined)
    refuse(
      'FIREWALL_BLOCK',
      `${address} is one you manage this machine from (${hit})`,
      'take it out of management.subnets of firewall.yaml first',
    )
}

/** Whether the one holds any address of the other. */
function overlap(one: CidrBlock, other: CidrBlock): boolean {
  const [a, b] = [bitsOf(one), bitsOf(other)]
  const shared = Math.min(a.length, b.length)
  return one.includes(':') === other.includes(':') && a.slice(0, shared) === b.slice(0, shared)
}

function bitsOf(network: CidrBlock): string {
  const [address = '', prefix] = network.split('/')
  const bits = address.includes(':')
    ? groups(address, 16)
    : address
        .split('.')
        .map((part) => binary(Number(part), 8))
        .join('')
  return bits.slice(0, Number(prefix))
}

function groups(address: string, width: number): string {
  const [head = '', tail] = address.split('::')
  const parts = (text: string) =>
    text === '' ? [] : text.split(':').map((part) => Number.parseInt(part, 16))
  const [before, after] = [parts(head), parts(tail ?? '')]
  const middle =
    tail === undefined ? [] : Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0)
  return [...before, ...middle, ...after].map((part) => binary(part, width)).join('')
}

function binary(value: number, width: number): string {
  return value.toString(2).padStart(width, '0')
}
