import { SandboxError } from './errors.ts'
import { isWithin } from './paths.ts'
import type { Identity, Mount, SandboxSpec } from './spec.ts'

/** Rights on files, as <linux/landlock.h> numbers them; each came with a version of the interface. */
const FS = {
  EXECUTE: 1n << 0n,
  WRITE_FILE: 1n << 1n,
  READ_FILE: 1n << 2n,
  READ_DIR: 1n << 3n,
  REMOVE_DIR: 1n << 4n,
  REMOVE_FILE: 1n << 5n,
  MAKE_CHAR: 1n << 6n,
  MAKE_DIR: 1n << 7n,
  MAKE_REG: 1n << 8n,
  MAKE_SOCK: 1n << 9n,
  MAKE_FIFO: 1n << 10n,
  MAKE_BLOCK: 1n << 11n,
  MAKE_SYM: 1n << 12n,
  REFER: 1n << 13n,
  TRUNCATE: 1n << 14n,
  IOCTL_DEV: 1n << 15n,
} as const
const FIRST_ABI_RIGHTS = (1n << 13n) - 1n
const TCP = 0b11n // bind and connect
const SCOPES = 0b11n // abstract sockets and signals
/** LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON: without it nothing is told of what was refused once a program has begun. */
const LOG_NEW_EXEC = 2n
export const NEWEST_ABI = 7

/** What one version of Landlock watches. */
export interface Handled {
  readonly abi: number
  readonly fs: bigint
  readonly net: bigint
  readonly scoped: bigint
  readonly restrictFlags: bigint
}

export function handledBy(abi: number): Handled {
  const later = [
    [2, FS.REFER],
    [3, FS.TRUNCATE],
    [5, FS.IOCTL_DEV],
  ] as const
  return {
    abi,
    fs: later.reduce((all, [since, right]) => (abi >= since ? all | right : all), FIRST_ABI_RIGHTS),
    net: abi >= 4 ? TCP : 0n,
    scoped: abi >= 6 ? SCOPES : 0n,
    restrictFlags: abi >= 7 ? LOG_NEW_EXEC : 0n,
  }
}

/** All that a rule on something other than a directory may name. */
export const FILE_RIGHTS = FS.EXECUTE | FS.WRITE_FILE | FS.READ_FILE | FS.TRUNCATE | FS.IOCTL_DEV
const READ_TREE = FS.READ_FILE | FS.EXECUTE | FS.READ_DIR
// no sockets and no devices are made, and no request goes to a device found there
const WRITE_TREE =
  READ_TREE |
  (FS.WRITE_FILE | FS.TRUNCATE | FS.REMOVE_DIR | FS.REMOVE_FILE) |
  (FS.MAKE_DIR | FS.MAKE_REG | FS.MAKE_FIFO | FS.MAKE_SYM | FS.REFER)

/** A path and what may be done there and below. */
export interface PathRule {
  readonly path: string
  readonly access: bigint
  /** Absent: what the machine's administrator owns, taken as it is. */
  readonly identity?: Identity
  /** True: left out where it is not there. */
  readonly optional?: boolean
}

export interface LandlockPlan {
  readonly handled: Handled
  readonly rules: readonly PathRule[]
  /** Where modes and times may be changed: the writable trees, without those that are made for the run. */
  readonly trees: readonly string[]
  /** What stands in memory elsewhere, and gets a directory of its own here; parents before what is in them. */
  readonly temporary: readonly string[]
  readonly notEnforced: readonly string[]
}

/** Single devices, never /dev as a whole: terminals and shared memory of the same user lie there too. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'].map((name) => `/dev/${name}`)
/** What runtimes read to learn how large the machine is. */
const FACTS = [
  'cpuinfo',
  'meminfo',
  'stat',
  'uptime',
  'version',
  'filesystems',
  'sys/vm/overcommit_memory',
].map((name) => `/proc/${name}`)

/**
 * What a spec means in rules that only ever add: everything is shut but what is named. What can be said only by taking
 * away again, inside what was given, cannot be said; unless it is a protected name, that ends the start.
 *
 * @throws SandboxError `SANDBOX_UNENFORCEABLE`
 */
export function planLandlock(spec: SandboxSpec, abi: number): LandlockPlan {
  const handled = handledBy(abi)
  const binds = spec.mounts.filter((mount) => mount.type === 'bind')
  const writable = binds.filter(({ access, identity }) => access === 'write' && identity?.kind !== 'socket')
  const inside = (mount: Mount) =>
    writable.find((tree) => tree.path !== mount.path && isWithin(mount.path, tree.path))
  refuseInexpressible(spec, inside)
  const rules = binds
    .filter((mount) => mount.identity?.kind !== 'socket' && inside(mount) === undefined)
    .map((mount): PathRule => ({
      path: mount.source,
      access: (mount.access === 'write' ? WRITE_TREE : READ_TREE) & handled.fs,
      ...(mount.identity === undefined ? {} : { identity: mount.identity }),
    }))
  const single = (path: string, access: bigint): PathRule => ({
    path,
    access: access & handled.fs,
    optional: true,
  })
  return {
    handled,
    rules: [
      ...rules,
      ...DEVICES.map((path) => single(path, FS.READ_FILE | FS.WRITE_FILE)),
      ...(spec.terminal ? [single('/dev/tty', FS.READ_FILE | FS.WRITE_FILE | FS.IOCTL_DEV)] : []),
      ...FACTS.map((path) => single(path, FS.READ_FILE)),
    ],
    trees: writable.filter((tree) => inside(tree) === undefined).map(({ source }) => source),
    temporary: spec.mounts.filter(({ type }) => type === 'memory').map(({ path }) => path),
    notEnforced: lost(spec, abi, writable.length > 0),
  }
}

/** On a directory made for the run, which is its own. */
export function temporaryRights(handled: Handled): bigint {
  return WRITE_TREE & handled.fs
}

const PROTECTED = 'protected name'

function refuseInexpressible(spec: SandboxSpec, inside: (mount: Mount) => Mount | undefined): void {
  for (const mount of spec.mounts) {
    if (mount.type === 'overlay') {
      throw new SandboxError(
        'SANDBOX_UNENFORCEABLE',
        `changes to ${mount.path} cannot be kept aside: at the Landlock level there are no mounts`,
        'choose another workspace mode, or a machine on which bubblewrap works: run warder doctor',
      )
    }
    const isShut = mount.type === 'mask' && !(mount.kind === 'file' && mount.why === 'a socket of the host')
    const isKept = mount.type === 'bind' && mount.access === 'read' && inside(mount) !== undefined
    if ((isShut || isKept) && mount.why !== PROTECTED) {
      throw new SandboxError(
        'SANDBOX_UNENFORCEABLE',
        `${mount.path} must stay ${isShut ? 'shut' : 'read-only'} inside what the run is shown (${mount.why}), and Landlock cannot take back what it has given`,
        'choose a workspace without it, or a machine on which bubblewrap works: run warder doctor',
      )
    }
  }
}

/** What this level does not keep of this spec, in words for the run's notes, the explanation and the record. */
function lost(spec: SandboxSpec, abi: number, isWriting: boolean): string[] {
  const has = (type: Mount['type']) => spec.mounts.some((mount) => mount.type === type)
  const isProtecting = spec.mounts.some(({ why }) => why === PROTECTED)
  const socket = spec.mounts.some((mount) => mount.type === 'bind' && mount.identity?.kind === 'socket')
  const lines: readonly (readonly [boolean, string])[] = [
    [
      isProtecting,
      'protected names (.git and the like) in a writable workspace can be changed: they are compared at the end, and what changed is told',
    ],
    [
      has('memory'),
      "temporary files lie on disk, in a directory of the run's own that is removed after it: their size is not limited, and TMPDIR and HOME lead there",
    ],
    [has('text'), 'made files such as /etc/passwd are not shown: programs find neither users nor hosts'],
    [socket, 'the agent cannot reach Warder: sockets are refused altogether'],
    [
      true,
      "numbers and names of the machine's processes, and whether a file is there, can be learnt; their contents cannot",
    ],
    [true, 'directories outside can be watched for changes, by name'],
    [
      isWriting,
      'files of the same user that the host has hard-linked into a writable tree can be changed there',
    ],
    [abi < 2, 'Landlock 1: files cannot be moved between directories at all'],
    [abi < 3, 'Landlock below 3 does not know truncate: the call is refused'],
    [abi < 4, 'Landlock below 4 knows no network: the system call filter alone keeps it shut'],
    [abi < 5, 'Landlock below 5 does not watch requests to devices: only harmless ones are shown'],
    [
      abi < 6,
      'Landlock below 6 does not hold back signals: the agent can end other processes of the user it runs as',
    ],
  ]
  return lines.flatMap(([holds, line]) => (holds ? [line] : []))
}
