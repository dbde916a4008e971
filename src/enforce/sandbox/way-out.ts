import { SandboxError } from './errors.ts'
import { identityOf } from './tree.ts'
import type { Lookup } from './lookup.ts'
import type { Profile } from './profile.ts'
import type { Mount, SandboxSpec } from './spec.ts'

/** The one way out of a sandbox: a socket of the proxy that decides what leaves, made for this run alone. */
export interface WayOut {
  /** The proxy's socket on the host. */
  readonly source: string
  /** What tells the programs inside of the proxy, and of the authority it signs with. */
  readonly env: Readonly<Record<string, string>>
  /** Files for the programs inside, such as the bundle of authorities they shall trust, by absolute path. */
  readonly files: Readonly<Record<string, string>>
}

/** Where the sandbox finds the proxy: a port of its own loopback, carried to the socket. */
export const PROXY_PORT = 3128
const PROXY_SOCKET = '/run/warder/egress.sock'

const NO_SOCKET = 'the socket of the proxy that decides what may leave is gone'

/** What a run has: a way out, none, or one that is only told of, for a plan that is never started. */
export type Way = WayOut | 'told' | undefined

/** What is mounted for the way out: the proxy's socket, and the files of {@link WayOut}. */
export function wayMounts(profile: Profile, way: Way, lookup: Lookup): Mount[] {
  if (way === undefined || way === 'told') return []
  const files = Object.entries(way.files).map(([path, text]): Mount => ({
    type: 'text',
    path,
    text,
    why: 'what its programs trust',
  }))
  if (profile.network.via === 'transparent') return files
  const socket: Mount = {
    type: 'bind',
    source: way.source,
    path: PROXY_SOCKET,
    access: 'write',
    identity: socketIdentity(way.source, lookup),
    why: 'the only way out',
  }
  return [...files, socket]
}

/** How a spec says where connections go. Without a way out there is only an empty network of its own. */
export function wayOf(profile: Profile, way: Way, lookup: Lookup): Pick<SandboxSpec, 'bridge' | 'network'> {
  if (way === undefined) return {}
  if (profile.network.via === 'proxy') return { bridge: { port: PROXY_PORT, socket: PROXY_SOCKET } }
  if (way === 'told') return { network: { mode: 'transparent', socket: '', identity: NOBODYS } }
  const identity = socketIdentity(way.source, lookup)
  return { network: { mode: 'transparent', socket: way.source, identity } }
}

/** Of no socket there ever was: a plan that was only told could not be started with it. */
const NOBODYS = { device: '0', inode: '0', kind: 'socket' } as const

/**
 * A profile that names domains is for reaching them, so without a proxy it is refused. One that leaves it to policy
 * runs without any network instead, which is the narrower of the two.
 *
 * @throws SandboxError `SANDBOX_UNENFORCEABLE`
 */
export function refuseWithoutWay({ name, network }: Profile, way: Way): void {
  if (network.mode !== 'domains' || way !== undefined) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `profile ${name} names domains, and no egress proxy is there to hold an agent to them`,
    'see what is missing: warder doctor; or use a profile with network mode "none"',
  )
}

function socketIdentity(source: string, lookup: Lookup): ReturnType<typeof identityOf> {
  const seen = lookup.look(source)
  if (seen?.kind === 'socket') return identityOf(source, seen)
  throw new SandboxError('SANDBOX_CHANGED', NO_SOCKET, 'try again; if it stays so: warder doctor')
}
