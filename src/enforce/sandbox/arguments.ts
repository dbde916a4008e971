import type { Mount, SandboxSpec } from './spec.ts'

/** Numbers of descriptors as the sandbox's builder will see them. */
export interface Descriptors {
  readonly status: number
  /** Read before the program begins; absent where process 1 is ours, which waits for its orders. */
  readonly block?: number
  readonly seccomp: number
  /** By mount path: the object to bind, or the text to copy. */
  readonly byPath: ReadonlyMap<string, number>
}

const MIB = 1024 ** 2
/** Programs that need more than the standard devices are not for a sandbox. */
const SHM_BYTES = 64 * MIB
const SETSID = '/usr/bin/setsid'
const PRLIMIT = '/usr/bin/prlimit'
/** Where process 1 stands inside; bound read-only, so that whoever finds it cannot change the one outside. */
export const INIT_PATH = '/run/warder/init'

export interface ArgumentOptions {
  /** Whether this bubblewrap can bind a descriptor and check that it bound what it meant. */
  readonly hasBindFd: boolean
  /** What closes the parts of /proc that belong to root; see `closedProc`. */
  readonly closedProc: readonly string[]
  /** Whether process 1 is ours and starts the command: then environment, limits and directory go to it. */
  readonly hasInit: boolean
  /** True when limits cannot be set from outside and a program inside must set them. */
  readonly limitInside: boolean
}

/** What bubblewrap is told, without its own name. Nothing secret in it shows in a process list: it goes by `--args`. */
export function bubblewrapArguments(spec: SandboxSpec, fds: Descriptors, options: ArgumentOptions): string[] {
  const environment = options.hasInit
    ? []
    : Object.entries(spec.env).flatMap(([name, value]) => ['--setenv', name, value])
  return [
    ...['user', 'ipc', 'pid', 'uts', 'cgroup'].map((name) => `--unshare-${name}`),
    // where every connection is led to a proxy, it stands in a network of its own already, made before the builder
    ...(spec.network === undefined ? ['--unshare-net'] : []),
    // with process 1 of ours the end comes from inside, and from whoever started the builder
    ...(options.hasInit ? [] : ['--die-with-parent']),
    ...['--disable-userns', '--new-session', '--cap-drop', 'ALL', '--clearenv'],
    ...['--hostname', 'warder', '--uid', `${spec.inside.uid}`, '--gid', `${spec.inside.gid}`],
    ...environment,
    ...(options.hasInit ? ['--as-pid-1'] : []),
    // the fixed parts first: a project may lie under /tmp, but nothing lies under these
    ...[
      '--proc',
      '/proc',
      ...options.closedProc,
      '--dev',
      '/dev',
      '--size',
      `${SHM_BYTES}`,
      '--perms',
      '1777',
      '--tmpfs',
      '/dev/shm',
    ],
    ...spec.mounts.flatMap((mount) => mountArguments(mount, fds, options)),
    ...(options.hasInit ? bindArguments(INIT_PATH, 'read', fds.byPath.get(INIT_PATH), options) : []),
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', options.hasInit ? '/' : spec.cwd, '--seccomp', `${fds.seccomp}`],
    ...['--json-status-fd', `${fds.status}`],
    ...(fds.block === undefined ? [] : ['--block-fd', `${fds.block}`]),
  ]
}

/** The program to run inside, behind the launchers it needs; each of them only sets something and becomes the next. */
export function innerCommand(
  spec: SandboxSpec,
  { limitInside, hasInit }: ArgumentOptions,
  control: number,
): string[] {
  const { limits } = spec
  if (hasInit) return [INIT_PATH, `${control}`]
  const terminal = spec.terminal ? [SETSID, '--ctty', '--'] : []
  const limiter = limitInside
    ? [
        PRLIMIT,
        ...['--core=0', `--nofile=${limits.openFiles}`, `--fsize=${limits.fileBytes}`],
        ...[`--nproc=${limits.processes}`, '--'],
      ]
    : []
  return [...terminal, ...limiter, ...spec.argv]
}

function bindArguments(
  path: string,
  access: 'read' | 'write',
  fd: number | undefined,
  { hasBindFd }: ArgumentOptions,
  source = path,
): string[] {
  const option = access === 'read' ? '--ro-bind' : '--bind'
  if (fd === undefined) return [option, source, path]
  return hasBindFd ? [`${option}-fd`, `${fd}`, path] : [option, `/proc/self/fd/${fd}`, path]
}

function mountArguments(mount: Mount, { byPath }: Descriptors, options: ArgumentOptions): string[] {
  const fd = byPath.get(mount.path)
  switch (mount.type) {
    case 'bind':
      // the only way that leaves a device one; and only ever one that was named, looked at and is held open
      if (mount.identity?.kind === 'device') return ['--dev-bind', `/proc/self/fd/${fd}`, mount.path]
      return bindArguments(mount.path, mount.access, fd, options, mount.source)
    case 'overlay':
      return bindArguments(mount.path, 'write', fd, options)
    case 'mask':
      return maskArguments(mount, fd)
    case 'link':
      return ['--symlink', mount.target, mount.path]
    case 'memory':
      return ['--size', `${mount.sizeBytes}`, '--perms', mount.mode.toString(8), '--tmpfs', mount.path]
    case 'text':
      return ['--perms', '444', '--file', `${fd}`, mount.path]
  }
}

/** Made in memory, so that nothing of the host stands there and nothing can be reached by it. */
function maskArguments(mount: Mount & { readonly type: 'mask' }, fd: number | undefined): string[] {
  const isFile = mount.kind === 'file'
  const perms = mount.absent ? (isFile ? '444' : '555') : '000'
  return isFile
    ? ['--perms', perms, '--ro-bind-data', `${fd}`, mount.path]
    : ['--size', '4096', '--perms', perms, '--tmpfs', mount.path, '--remount-ro', mount.path]
}
