import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../platform/command.ts'
import { SandboxError } from './errors.ts'

/** Runtimes that can start a container, in the order in which they are tried. */
export const RUNTIMES = ['crun', 'runc'] as const
export type Runtime = (typeof RUNTIMES)[number]

/** Podman with a configuration, a storage and a runtime folder of our own: nothing of the user's podman is touched. */
export interface PodmanHome {
  readonly podman: string
  /** True when podman runs as an ordinary user, in a user namespace of its own. */
  readonly isRootless: boolean
  readonly storage: string
  /** One folder for each run, and one file for each run that stands. */
  readonly runs: string
  readonly temporary: string
  /** The whole environment of podman; nothing of ours goes along. */
  readonly environment: Readonly<Record<string, string>>
}

const PODMAN = '/usr/bin/podman'
const SEARCH_PATH = '/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/usr/local/sbin'

/**
 * Makes the folders and writes the configuration, anew each time: who changed it meanwhile does not matter.
 *
 * @param top a folder of ours, closed to everybody else, on a disk
 * @throws SandboxError `SANDBOX_UNAVAILABLE` when podman is not installed
 */
export function openPodmanHome(top: string, podman: string = PODMAN): PodmanHome {
  refuseWithoutPodman(podman)
  const at = (name: string) => join(top, name)
  for (const name of ['', 'storage', 'run', 'runs', 'tmp', 'home', 'xdg', 'config']) {
    mkdirSync(at(name), { recursive: true, mode: 0o700 })
    chmodSync(at(name), 0o700)
  }
  const quoted = (name: string) => JSON.stringify(at(name))
  const storage = join(top, 'config', 'storage.conf')
  const containers = join(top, 'config', 'containers.conf')
  write(
    storage,
    ['[storage]', 'driver = "overlay"', `graphroot = ${quoted('storage')}`, `runroot = ${quoted('run')}`]
      // the same for an ordinary user, whose podman looks elsewhere first
      .concat(`rootless_storage_path = ${quoted('storage')}`)
      // podman would leave its storage mounted over itself
      .concat('[storage.options.overlay]', 'skip_mount_home = "true"'),
  )
  write(containers, [
    ...['[containers]', 'log_driver = "none"', 'default_sysctls = []', 'http_proxy = false', 'init = false'],
    ...['[engine]', 'events_logger = "none"', 'cgroup_manager = "cgroupfs"', 'lock_type = "file"'],
    ...[`tmp_dir = ${quoted('tmp')}`, 'hooks_dir = []', 'pull_policy = "never"'],
    ...['[network]', `network_config_dir = ${quoted('config/net')}`],
  ])
  // podman asks for both even where nothing is ever fetched: no registry is known, and none would be trusted
  mkdirSync(at('home/.config/containers'), { recursive: true, mode: 0o700 })
  write(at('home/.config/containers/policy.json'), [JSON.stringify(NO_IMAGE_TRUSTED)])
  write(at('config/registries.conf'), ['unqualified-search-registries = []'])
  return {
    podman,
    isRootless: process.geteuid?.() !== 0,
    storage: at('storage'),
    runs: at('runs'),
    temporary: at('tmp'),
    environment: {
      ...{ PATH: SEARCH_PATH, LANG: 'C.UTF-8', HOME: at('home'), XDG_RUNTIME_DIR: at('xdg') },
      ...{ XDG_CONFIG_HOME: at('home/.config'), CONTAINERS_REGISTRIES_CONF: at('config/registries.conf') },
      ...{ CONTAINERS_CONF: containers, CONTAINERS_STORAGE_CONF: storage, TMPDIR: at('tmp') },
    },
  }
}

/** Images are imported from local archives, which this does not govern; anything fetched would be refused by it. */
const NO_IMAGE_TRUSTED = {
  default: [{ type: 'reject' }],
  transports: { tarball: { '': [{ type: 'insecureAcceptAnything' }] } },
}

function write(path: string, lines: readonly string[]): void {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
}

function refuseWithoutPodman(podman: string): void {
  try {
    accessSync(podman, constants.X_OK)
  } catch (cause) {
    throw new SandboxError(
      'SANDBOX_UNAVAILABLE',
      'podman is not installed',
      'as root: apt install podman runc',
      {
        cause,
      },
    )
  }
}

const TIMEOUT_MS = 60_000

/**
 * Runs podman to its end, for what is no run of an agent's.
 *
 * @returns what it wrote
 * @throws SandboxError `SANDBOX_FAILED` with podman's own last words
 */
export async function podman(home: PodmanHome, args: readonly string[]): Promise<string> {
  const { environment } = home
  const result = await run(home.podman, args, { environment, cwd: '/', timeoutMs: TIMEOUT_MS })
  if (result.code === 0) return result.stdout.toString()
  const words = lastWords(result.stderr.toString())
  throw new SandboxError(
    'SANDBOX_FAILED',
    `podman ${args[0] ?? ''} failed: ${words === '' ? result.reason : words}`,
    'see whether podman works for this user: podman info',
  )
}

/** The line that tells what was wrong; the ones above it tell of consequences. */
export function lastWords(stderr: string): string {
  const lines = stderr.trim().split('\n')
  return (lines.findLast((line) => line.startsWith('Error:')) ?? lines.at(-1) ?? '').slice(0, 500)
}
