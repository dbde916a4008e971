import { readFileSync, statSync } from 'node:fs'
import { INIT_PATH } from './arguments.ts'
import { mountPoints, type MountPoint } from './descriptors.ts'
import { SandboxError } from './errors.ts'
import { isWithin } from './paths.ts'
import type { Mount, SandboxSpec } from './spec.ts'

/** What podman lays into every container, all of it made for it alone. */
const OF_PODMAN = [
  '/proc',
  '/dev',
  '/sys',
  '/run/.containerenv',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/etc/hosts',
]

/**
 * Looks at a finished container from outside, while its command is still held back: that its process 1 is the program
 * of ours, has no capability and cannot gain one, is under a filter, has exactly the mounts described, read-only where
 * they must be, and no network but its own.
 *
 * @throws SandboxError `SANDBOX_FAILED`; the caller ends the container
 */
export function verifyContainer(
  pid: number,
  spec: SandboxSpec,
  mounts: readonly Mount[],
  init: { readonly device: string; readonly inode: string },
): void {
  const program = statSync(`/proc/${pid}/exe`, { bigint: true })
  if (`${program.dev}` !== init.device || `${program.ino}` !== init.inode)
    throw unlike('process 1 is not ours')
  verifyStatus(readFileSync(`/proc/${pid}/status`, 'latin1'), spec)
  verifyMountTable(mountPoints(pid), mounts)
  const own = statSync('/proc/self/ns/net').ino
  if (statSync(`/proc/${pid}/ns/net`).ino === own) throw unlike('it is in the network of the host')
  if (interfacesOf(pid).some((name) => name !== 'lo')) throw unlike('it has a network')
}

function verifyStatus(status: string, { host }: SandboxSpec): void {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? 'nothing'
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    if (!/^0+$/.test(field(set))) throw unlike(`it has capabilities (${set} ${field(set)})`)
  }
  if (field('NoNewPrivs') !== '1') throw unlike('it could gain privileges')
  if (field('Seccomp') !== '2') throw unlike('it is under no system call filter')
  const ids = new Set(field('Uid').split(/\s+/))
  if (ids.size !== 1 || !ids.has(`${host.uid}`) || host.uid === 0)
    throw unlike(`it runs as user ${[...ids].join(' ')}`)
}

function verifyMountTable(seen: ReadonlyMap<string, MountPoint>, mounts: readonly Mount[]): void {
  const described = mounts.filter(({ type }) => type !== 'link')
  for (const mount of described) {
    const point = seen.get(mount.path)
    const isReadOnly = mount.type !== 'memory' && !(mount.type === 'bind' && mount.access === 'write')
    const isSilent = mount.type === 'mask' && mount.kind === 'directory' && point?.type !== 'tmpfs'
    if (point === undefined || isSilent || (isReadOnly && !point.readOnly))
      throw unlike(`${mount.path} is not as described`)
  }
  if (seen.get('/')?.readOnly !== true) throw unlike('its root can be written to')
  if (seen.get(INIT_PATH)?.readOnly !== true) throw unlike(`${INIT_PATH} can be written to`)
  const known = [...described.map(({ path }) => path), ...OF_PODMAN, INIT_PATH]
  for (const [path, { readOnly }] of seen) {
    if (path === '/' || described.some((mount) => mount.path === path)) continue
    if (!known.some((top) => isWithin(path, top))) throw unlike(`${path} was not described`)
    const above = described
      .filter((mount) => isWithin(path, mount.path))
      .toSorted((a, b) => b.path.length - a.path.length)[0]
    // what is mounted below a tree on the host comes along with it, and must be no more open than the tree
    if (above?.type === 'bind' && above.access === 'read' && !readOnly)
      throw unlike(`${path} can be written to, and ${above.path} is for reading`)
  }
}

/** Of the network the process is in, whoever asks. */
function interfacesOf(pid: number): string[] {
  return [...readFileSync(`/proc/${pid}/net/dev`, 'latin1').matchAll(/^\s*([^\s:]+):/gm)].map(
    ([, name]) => name ?? '',
  )
}

function unlike(what: string): SandboxError {
  return new SandboxError(
    'SANDBOX_FAILED',
    `the container is not what was described: ${what}`,
    'see which podman, runtime and storage are used: podman info',
  )
}
