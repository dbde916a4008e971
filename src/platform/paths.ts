import { lstatSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** Where Warder keeps its things, unless a setting says otherwise. */
export interface Paths {
  /** What a person writes: config.yaml, policy.yaml, profiles. */
  readonly config: string
  /** What Warder writes and must keep: the ledger, grants, containment. */
  readonly state: string
  /** Signing keys and secrets; never beside the ledger they sign. */
  readonly keys: string
  /** Sockets and locks; may vanish at a restart. */
  readonly runtime: string
  /** What can be made again. */
  readonly cache: string
  /** The owner's socket. */
  readonly socket: string
}

export interface PathsInput {
  readonly platform: NodeJS.Platform
  readonly home: string
  /** The XDG variables; others are not looked at. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The machine's own directories instead of the user's. */
  readonly system: boolean
  /** Whether a directory is ours and closed to others; the file system is asked unless told. */
  readonly isPrivate?: (path: string) => boolean
}

/** The directories of this user (XDG Base Directory 0.8; Application Support on macOS) or of the machine. */
export function defaultPaths(input: PathsInput): Paths {
  const directories = input.system
    ? systemDirectories()
    : input.platform === 'darwin'
      ? macDirectories(input.home)
      : xdgDirectories(input)
  return { ...directories, socket: join(directories.runtime, 'warder.sock') }
}

type Directories = Omit<Paths, 'socket'>

function systemDirectories(): Directories {
  return {
    config: '/etc/warder',
    state: '/var/lib/warder/state',
    keys: '/var/lib/warder/keys',
    runtime: '/run/warder',
    cache: '/var/cache/warder',
  }
}

function macDirectories(home: string): Directories {
  const support = join(home, 'Library', 'Application Support', 'warder')
  return {
    config: support,
    state: join(support, 'state'),
    keys: join(support, 'keys'),
    runtime: join(support, 'run'),
    cache: join(home, 'Library', 'Caches', 'warder'),
  }
}

function xdgDirectories({ home, env, isPrivate = isOwnPrivateDirectory }: PathsInput): Directories {
  const state = join(xdg(env['XDG_STATE_HOME']) ?? join(home, '.local', 'state'), 'warder')
  const runtime = xdg(env['XDG_RUNTIME_DIR'])
  return {
    config: join(xdg(env['XDG_CONFIG_HOME']) ?? join(home, '.config'), 'warder'),
    state,
    keys: join(xdg(env['XDG_DATA_HOME']) ?? join(home, '.local', 'share'), 'warder', 'keys'),
    // after `su` the variable may still name the other user's directory, who could swap our socket there
    runtime: runtime !== undefined && isPrivate(runtime) ? join(runtime, 'warder') : join(state, 'run'),
    cache: join(xdg(env['XDG_CACHE_HOME']) ?? join(home, '.cache'), 'warder'),
  }
}

/** The specification: a path that is not absolute is to be ignored. */
function xdg(value: string | undefined): string | undefined {
  return value !== undefined && isAbsolute(value) ? value : undefined
}

function isOwnPrivateDirectory(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return (
    stat !== undefined && stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0
  )
}
