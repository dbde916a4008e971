import type { Mount, SandboxSpec } from './spec.ts'

/** Numbers of descriptors as the sandbox's builder will see them. */
export interface Descriptors {
  readonly status: number
  readonly block: number
  readonly seccomp: number
  /** By mount path: the object to bind, or the text to copy. */
  readonly byPath: ReadonlyMap<string, number>
}

const MIB = 1024 ** 2
/** Programs that need more than the standard devices are not for a sandbox. */
const SHM_BYTES = 64 * MIB
const SETSID = '/usr/bin/setsid'
const PRLIMIT = '/usr/bin/prlimit'

export interface ArgumentOptions {
  /** Whether this bubblewrap can bind a descriptor and check that it bound what it meant. */
  readonly hasBindFd: boolean
  /** What closes the parts of /proc that belong to root; see `closedProc`. */
  readonly closedProc: readonly string[]
  /** True when limits cannot be set from outside and a program inside must set them. */
  readonly limitInside: boolean
}

/** What bubblewrap is told, without its own name. Nothing secret in it shows in a process list: it goes by `--args`. */
export function bubblewrapArguments(spec: SandboxSpec, fds: Descriptors, options: ArgumentOptions): string[] {
  const environment = Object.entries(spec.env).flatMap(([name, value]) => ['--setenv', name, value])
  return [
    ...['user', 'ipc', 'pid', 'net', 'uts', 'cgroup'].map((name) => `--unshare-${name}`),
    ...['--disable-userns', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--clearenv'],
    ...['--hostname', 'warder', '--uid', `${spec.inside.uid}`, '--gid', `${spec.inside.gid}`],
    ...environment,
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
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', spec.cwd, '--seccomp', `${fds.seccomp}`],
    ...['--json-status-fd', `${fds.status}`, '--block-fd', `${fds.block}`],
  ]
}

/** The program to run inside, behind the launchers it needs; each of them only sets something and becomes the next. */
export function innerCommand(spec: SandboxSpec, { limitInside }: ArgumentOptions): string[] {
  const { limits } = spec
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

function mountArguments(mount: Mount, { byPath }: Descriptors, { hasBindFd }: ArgumentOptions): string[] {
  const fd = byPath.get(mount.path)
  const bind = (access: 'read' | 'write'): string[] => {
    const option = access === 'read' ? '--ro-bind' : '--bind'
    if (fd === undefined) return [option, mount.type === 'bind' ? mount.source : mount.path, mount.path]
    return hasBindFd ? [`${option}-fd`, `${fd}`, mount.path] : [option, `/proc/self/fd/${fd}`, mount.path]
  }
  switch (mount.type) {
    case 'bind':
      return bind(mount.access)
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
