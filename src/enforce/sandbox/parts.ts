import { depth, isWithin } from './paths.ts'
import type { Limits, Mount, SandboxSpec } from './spec.ts'
import type { Profile } from './profile.ts'

/** Where a temporary workspace lies inside. */
export const TEMPORARY_WORKSPACE = '/workspace'

/** Where a task leaves its results. */
export const OUTBOX = '/outbox'

/** What is made in memory for the run, and gone with it. */
export function temporaries(profile: Profile, home: string): Mount[] {
  const sizeBytes = profile.filesystem.temporary_size
  const memory = (path: string, bytes: number, mode: number): Mount => ({
    type: 'memory',
    path,
    sizeBytes: bytes,
    mode,
    why: 'temporary, in memory, gone with the run',
  })
  return [
    memory(home, sizeBytes, 0o700),
    memory('/tmp', sizeBytes, 0o1777),
    memory('/run', 16 * 1024 ** 2, 0o755),
    { type: 'link', path: '/var/tmp', target: '/tmp', why: 'system' },
    ...(profile.filesystem.shared_memory === undefined
      ? []
      : [memory('/dev/shm', profile.filesystem.shared_memory, 0o1777)]),
    ...(profile.outbox === undefined ? [] : [memory(OUTBOX, profile.outbox.max_size, 0o700)]),
    ...(profile.filesystem.workspace === 'temporary' ? [memory(TEMPORARY_WORKSPACE, sizeBytes, 0o700)] : []),
  ]
}

function isDevice(mount: Mount): boolean {
  return mount.type === 'bind' && mount.identity?.kind === 'device'
}

/** A layer that is not there is no layer, and a device that is not given no device: then nothing starts. */
export function requiredFor(
  { requires, outbox }: Profile,
  mounts: readonly Mount[],
  { network }: Pick<SandboxSpec, 'network'>,
): SandboxSpec['requires'] {
  const needed = [
    ...(mounts.some(({ type }) => type === 'overlay') ? (['overlay'] as const) : []),
    ...(mounts.some(isDevice) ? (['named-devices'] as const) : []),
    ...(outbox === undefined ? [] : (['outbox'] as const)),
    ...(network === undefined ? [] : (['transparent-network'] as const)),
  ]
  return [...new Set([...requires, ...needed])]
}

export function outboxOf({ outbox }: Profile): Pick<SandboxSpec, 'outbox'> {
  if (outbox === undefined) return {}
  return { outbox: { path: OUTBOX, totalBytes: outbox.max_size, files: outbox.max_files } }
}

/** One mount for each place, the strictest where several were asked for, and parents before what is in them. */
export function arrange(mounts: readonly Mount[]): Mount[] {
  const strength = (mount: Mount) =>
    mount.type === 'mask'
      ? 3
      : mount.type === 'bind'
        ? mount.access === 'read'
          ? 2
          : 1
        : mount.type === 'overlay'
          ? 1
          : 0
  const byPath = new Map<string, Mount>()
  for (const mount of mounts) {
    const other = byPath.get(mount.path)
    if (other === undefined || strength(mount) > strength(other)) byPath.set(mount.path, mount)
  }
  const all = [...byPath.values()].sort((a, b) => depth(a.path) - depth(b.path) || (a.path < b.path ? -1 : 1))
  const masks = all.filter((mount) => mount.type === 'mask')
  // below a mask there is nothing to mount on, and nothing to see
  return all.filter((mount) => !masks.some((top) => top !== mount && isWithin(mount.path, top.path)))
}

/** Where programs are looked for when the caller names no PATH, and always after its own. */
export const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

export function innerPath(searchPath: string, program: string, isVisible: (path: string) => boolean): string {
  const kept = searchPath.split(':').filter((directory) => directory.startsWith('/') && isVisible(directory))
  const own = program.slice(0, program.lastIndexOf('/'))
  return [...new Set([...(isVisible(own) ? [] : [own]), ...kept, ...SYSTEM_PATH])].join(':')
}

export function limitsOf({ process: limits }: Profile): Limits {
  return {
    ...(limits.max_seconds === undefined ? {} : { wallMs: limits.max_seconds * 1000 }),
    ...(limits.max_output === undefined ? {} : { outputBytes: limits.max_output }),
    memoryBytes: limits.max_memory,
    processes: limits.max_processes,
    openFiles: limits.max_open_files,
    fileBytes: limits.max_file,
    cpuPercent: limits.cpu_percent,
    ...(limits.max_locked === undefined ? {} : { lockedBytes: limits.max_locked }),
  }
}

export function notesOf(profile: Profile, host: SandboxSpec['host'], mounts: readonly Mount[]): string[] {
  const git = mounts.find((mount) => mount.path.endsWith('/.git') && mount.type !== 'memory')
  return [
    ...(host.uid === 0
      ? [
          'the workspace belongs to root: the agent keeps host uid 0, without capabilities; give the project to an ordinary user',
        ]
      : []),
    ...(git?.type === 'bind'
      ? [`${git.path} is read-only: git commit fails inside; commit from outside after review`]
      : []),
    ...(git?.type === 'mask'
      ? [`${git.path} cannot be made inside: git init fails; make the repository from outside`]
      : []),
    ...(profile.filesystem.workspace === 'temporary'
      ? [`the workspace is ${TEMPORARY_WORKSPACE}, empty, in memory, and gone when the run ends`]
      : []),
  ]
}
