import { INIT_PATH } from './arguments.ts'
import { SandboxError } from './errors.ts'
import type { Runtime } from './podman-home.ts'
import type { Mount, SandboxSpec } from './spec.ts'

/** What a container is made from, besides its spec. */
export interface ContainerPlan {
  readonly name: string
  readonly image: string
  readonly runtime: Runtime
  readonly isRootless: boolean
  /** The program of ours that becomes process 1. */
  readonly init: string
  /** The number of the control descriptor; all below it are standard streams. */
  readonly control: number
  /** A file with the OCI seccomp profile. */
  readonly seccomp: string
  readonly pidFile: string
  /** Which daemon it belongs to, for the sweep. */
  readonly owner: string
  /** `/proc/self/limits` of this process. */
  readonly ownLimits: string
  readonly mounts: readonly Mount[]
  /** By mount path: a file of ours with the text, or with nothing, for what is made rather than bound. */
  readonly made: ReadonlyMap<string, string>
}

export const OWNER_LABEL = 'warder.owner'
const SHM_BYTES = 64 * 1024 ** 2

/**
 * What podman is told, without its own name. Command, arguments and environment of the agent are not in it: these go
 * to process 1 over the control descriptor, so that no process list shows them.
 */
export function podmanArguments(spec: SandboxSpec, plan: ContainerPlan): string[] {
  const { uid, gid } = spec.inside
  return [
    ...['--runtime', plan.runtime, 'run', '--rm', '--pull', 'never', '--name', plan.name],
    ...['--label', `${OWNER_LABEL}=${plan.owner}`, '--pidfile', plan.pidFile],
    ...[`--preserve-fds=${plan.control - 2}`, '--log-driver', 'none', '--sdnotify', 'ignore'],
    ...['--systemd=false', '--no-healthcheck', '--restart', 'no', '--stop-timeout', '0'],
    ...[
      '--network',
      'none',
      '--ipc',
      'private',
      '--uts',
      'private',
      '--pid',
      'private',
      '--cgroupns',
      'private',
    ],
    ...['--hostname', 'warder', '--no-hosts', '--passwd=false'],
    ...['--unsetenv-all', '--env-host=false', '--http-proxy=false', '--workdir', '/'],
    ...['--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all', '--user', `${uid}:${gid}`],
    ...(plan.isRootless ? ['--userns', `keep-id:uid=${uid},gid=${gid}`] : []),
    ...['--security-opt', 'no-new-privileges', '--security-opt', `seccomp=${plan.seccomp}`],
    ...['--security-opt', 'mask=/sys', '--shm-size', `${SHM_BYTES}b`],
    ...ulimits(plan.ownLimits).flatMap((limit) => ['--ulimit', limit]),
    ...plan.mounts.flatMap((mount) => mountArguments(mount, plan)),
    ...mountOption({ type: 'bind', src: plan.init, dst: INIT_PATH }, 'ro=true', PRIVATE),
    ...['--entrypoint', JSON.stringify([INIT_PATH, `${plan.control}`]), plan.image],
  ]
}

const PRIVATE = 'bind-propagation=rprivate'

/** What podman lowers its own limit to, so that its containers cannot have more. */
const MOST_PROCESSES = 32_768

/**
 * Podman would raise some of these for its containers, and where even root may not, nothing would start: ours stay as
 * they are. Process 1 sets the stricter ones of the run.
 */
function ulimits(own: string): readonly string[] {
  const kept = (label: string, most: number) => {
    const hard = new RegExp(`^Max ${label} +\\S+ +(\\d+)`, 'm').exec(own)?.[1]
    const value = Math.min(most, Number(hard ?? most))
    return `${value}:${value}`
  }
  const [files, processes] = [kept('open files', 1_048_576), kept('processes', MOST_PROCESSES)]
  return ['core=0:0', `nofile=${files}`, `nproc=${processes}`]
}

function mountArguments(mount: Mount, { made }: ContainerPlan): string[] {
  switch (mount.type) {
    case 'bind': {
      const access = mount.access === 'read' ? 'ro=true' : 'ro=false'
      return mountOption({ type: 'bind', src: mount.source, dst: mount.path }, access, PRIVATE)
    }
    case 'text':
      return mountOption(
        { type: 'bind', src: made.get(mount.path) ?? '', dst: mount.path },
        'ro=true',
        PRIVATE,
      )
    case 'mask':
      return mount.kind === 'file'
        ? mountOption({ type: 'bind', src: made.get(mount.path) ?? '', dst: mount.path }, 'ro=true', PRIVATE)
        : memory(mount.path, 4096, mount.absent ? 0o555 : 0o000, 'ro=true')
    case 'memory':
      // whoever is inside is one user, and all of it is gone with the run
      return memory(mount.path, mount.sizeBytes, mount.mode === 0o700 ? 0o1777 : mount.mode)
    case 'link':
      return [] // in the image
    case 'overlay':
      throw new SandboxError(
        'SANDBOX_UNENFORCEABLE',
        `a container here has no overlay over ${mount.path}`,
        'use workspace mode worktree, or make bubblewrap work: warder doctor',
      )
  }
}

function memory(path: string, sizeBytes: number, mode: number, ...more: readonly string[]): string[] {
  const options = [
    `tmpfs-size=${sizeBytes}`,
    `tmpfs-mode=${mode.toString(8).padStart(4, '0')}`,
    'notmpcopyup',
  ]
  return mountOption({ type: 'tmpfs', dst: path }, ...options, ...more)
}

/** Podman reads it as a line of CSV: a path with a comma or a quotation mark stands in quotation marks. */
function mountOption(fields: Readonly<Record<string, string>>, ...options: readonly string[]): string[] {
  const words = [...Object.entries(fields).map(([name, value]) => `${name}=${value}`), ...options]
  return ['--mount', words.map(csvField).join(',')]
}

function csvField(word: string): string {
  if (/[\r\n\0]/.test(word)) {
    throw new SandboxError(
      'SANDBOX_PATH_INVALID',
      `${JSON.stringify(word)} cannot be handed to podman`,
      'rename what has a line break in its name',
    )
  }
  return /[",]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word
}
