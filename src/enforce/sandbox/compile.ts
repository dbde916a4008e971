import { SandboxError } from './errors.ts'
import { sandboxEnvironment } from './environment.ts'
import { isWithin } from './paths.ts'
import {
  arrange,
  innerPath,
  SYSTEM_PATH,
  limitsOf,
  notesOf,
  TEMPORARY_WORKSPACE,
  outboxOf,
  requiredFor,
  temporaries,
} from './parts.ts'
import { refuseExcluded, refuseTooWide } from './guard.ts'
import { hide } from './hide.ts'
import { isAside, layWorkspace, refuseLeaks, type Layer } from './layer.ts'
import { planReach, type Reach } from './reach.ts'
import { identityFiles, systemMounts } from './system.ts'
import { specDigest, type Mount, type SandboxSpec } from './spec.ts'
import { findToolchain } from './toolchain.ts'
import { namedDevices } from './worker-devices.ts'
import { recycleOf } from './worker-profile.ts'
import { bindOf, identityOf, pinParents, type Tree } from './tree.ts'
import { refuseWithoutWay, wayMounts, wayOf, type Way } from './way-out.ts'
import type { Lookup } from './lookup.ts'
import type { Profile } from './profile.ts'

/** What a run is about, besides its profile. */
export interface CompileContext {
  readonly argv: readonly string[]
  /** Absolute. Absent, or outside the workspace: the workspace itself. */
  readonly cwd?: string
  /** The directory the run is about. Needed by profiles whose `filesystem.workspace` reads or writes one. */
  readonly workspace?: string
  /** What the agent writes to instead of a writable workspace; absent: the workspace itself. */
  readonly layer?: Layer
  /** The caller's environment, unfiltered. */
  readonly env: Readonly<Record<string, string>>
  /** The caller's home directory: an empty one stands in its place. */
  readonly home: string
  /** Who Warder runs as. */
  readonly user: { readonly uid: number; readonly gid: number; readonly name: string }
  /** What policy lets this agent read and write beyond its profile, and what it denies within. */
  readonly reach: readonly Reach[]
  /** The socket of ours this agent may talk to; it stands at `path` inside. */
  readonly socket?: { readonly source: string; readonly path: string }
  /** Absent: it reaches no network at all. */
  readonly way?: Way
  /** Absolute paths that are never shown, whatever profile and policy say. */
  readonly exclusions: readonly string[]
  /** SHA-256 of the seccomp program the driver will load. */
  readonly seccompDigest: (noFork: boolean) => string
  readonly terminal?: boolean
  /** For the files the command makes; 0o022 unless told. */
  readonly umask?: number
}

const NOBODY = 65534
const SYSTEM_TREES = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/lib32', '/libx32']

/**
 * Turns a profile and a run into exactly what will be done, as plain data. Looks at files and changes nothing.
 *
 * @throws SandboxError when something asked for cannot be shown, is excluded, or cannot be enforced
 */
export function compile(profile: Profile, context: CompileContext, lookup: Lookup): SandboxSpec {
  refuseUnenforceable(profile, context)
  const home = lookup.real(context.home) ?? '/home/agent'
  const exclusions = [...new Set(context.exclusions.flatMap((path) => [path, lookup.real(path) ?? path]))]
  const workspace = resolveWorkspace(profile, context.workspace, home, lookup)
  if (workspace !== undefined) refuseExcluded(workspace, exclusions)
  const host = hostUser(context.user, workspace, lookup)
  const own = ownTrees(profile, { workspace, home }, exclusions, lookup)
  const reach = planReach(context.reach, { own, exclusions, home, lookup })
  const cwd = resolveCwd(context.cwd, workspace, profile, lookup)
  const isVisible = (path: string) =>
    [...SYSTEM_TREES, ...own.map((tree) => tree.path), ...reach.trees.map((tree) => tree.path)].some((top) =>
      isWithin(path, top),
    )
  const searchPath = context.env['PATH'] ?? SYSTEM_PATH.join(':')
  const [command = '', ...args] = context.argv
  const tools = findToolchain(command, { lookup, searchPath, cwd, home, isVisible })
  for (const path of tools.needs) refuseExcluded(path, exclusions)
  const toolTrees = tools.needs.map((path): Tree => ({ path, access: 'read' }))
  const { layer } = context
  const guarded = (tree: Tree) => !isAside(tree, workspace, layer)
  const hidden = hide([...own, ...reach.trees, ...toolTrees], guarded, profile, exclusions, reach, lookup)
  const devices = namedDevices(profile, lookup)
  const recycle = recycleOf(profile.recycle)
  const inside = insideUser(host, context.user.name, home)
  const shown = arrange([
    ...systemMounts(lookup),
    ...identityFiles(inside),
    ...temporaries(profile, home),
    ...own.map((tree) => bindTree(tree, tree.path === workspace ? 'workspace' : 'profile', lookup)),
    ...reach.trees.map((tree) => bindTree(tree, tree.why, lookup)),
    ...toolTrees.map((tree) => bindTree(tree, 'needed by the command', lookup)),
    ...hidden.mounts,
    ...devices.mounts,
    ...(context.socket === undefined ? [] : [bindSocket(context.socket, lookup)]),
    ...wayMounts(profile, context.way, lookup),
  ])
  const wanted =
    workspace === undefined || layer === undefined ? shown : layWorkspace(shown, workspace, layer, lookup)
  // a pin shows the real directory, writable; in a layer a mask goes along with what it stands on
  const pinned = layer === undefined ? wanted : wanted.filter(({ path: at }) => !isIn(at, workspace))
  const mounts = arrange([...wanted, ...pinParents(pinned, lookup)])
  refuseLeaks(mounts, workspace, layer)
  const path = innerPath(searchPath, tools.program, isVisible)
  const way = wayOf(profile, context.way, lookup)
  const spec = {
    version: 1 as const,
    profile: profile.name,
    argv: [tools.program, ...args],
    cwd,
    env: {
      ...sandboxEnvironment(profile.environment, context.env, { path, home, user: inside.user }),
      ...(typeof context.way === 'object' ? context.way.env : {}),
      ...(context.socket === undefined ? {} : { WARDER_PATHS_SOCKET: context.socket.path }),
    },
    host,
    inside,
    mounts,
    limits: limitsOf(profile),
    noFork: !profile.process.fork,
    seccompDigest: context.seccompDigest(!profile.process.fork),
    terminal: context.terminal === true,
    ...(recycle === undefined ? {} : { recycle }),
    ...outboxOf(profile),
    ...way,
    umask: context.umask ?? 0o022,
    requires: requiredFor(profile, mounts, way),
    minimumLevel: profile.minimum_level,
    notEnforced: [...hidden.notEnforced, ...reach.notEnforced, ...ALWAYS_OPEN],
    notes: [...notesOf(profile, host, mounts), ...devices.notes, ...reach.notes],
  }
  return { ...spec, digest: specDigest(spec) }
}

function isIn(path: string, workspace: string | undefined): boolean {
  return workspace !== undefined && isWithin(path, workspace)
}

/** What neither namespaces nor filters separate. */
const ALWAYS_OPEN = [
  'a file the host renames over a protected or masked one, while the agent runs, loses its protection inside',
  'inotify instances are counted per user: an agent can use up those of its own user',
]

function refuseUnenforceable(profile: Profile, context: CompileContext): void {
  refuseWithoutWay(profile, context.way)
  if (context.terminal === true && !profile.terminal) {
    throw new SandboxError(
      'SANDBOX_UNENFORCEABLE',
      `profile ${profile.name} does not allow a terminal`,
      'run it without one, or set terminal: true in the profile',
    )
  }
  if (context.argv.some((word) => word.includes('\0'))) {
    throw new SandboxError('SANDBOX_COMMAND_INVALID', 'an argument holds a NUL byte', 'remove it')
  }
}

function resolveWorkspace(
  profile: Profile,
  given: string | undefined,
  home: string,
  lookup: Lookup,
): string | undefined {
  const wants = profile.filesystem.workspace === 'read-write' || profile.filesystem.workspace === 'read-only'
  const usesIt = [...profile.filesystem.read_only, ...profile.filesystem.read_write].some((path) =>
    /\{(WORKSPACE|PROJECT_ROOT)\}/.test(path),
  )
  if (!wants && !usesIt) return undefined
  const path = given === undefined ? undefined : lookup.real(given)
  if (path === undefined || lookup.look(path)?.kind !== 'directory') {
    throw new SandboxError(
      'SANDBOX_PATH_INVALID',
      given === undefined
        ? `profile ${profile.name} needs a workspace`
        : `the workspace ${given} is not a directory Warder can enter`,
      'name an existing directory with --workspace',
    )
  }
  refuseTooWide(path, home)
  return path
}

/**
 * Whom the run belongs to on the host.
 *
 * @throws SandboxError as {@link compile} would
 */
export function hostOf(
  profile: Profile,
  { workspace, home, user }: Pick<CompileContext, 'workspace' | 'home' | 'user'>,
  lookup: Lookup,
): SandboxSpec['host'] {
  const shownHome = lookup.real(home) ?? '/home/agent'
  return hostUser(user, resolveWorkspace(profile, workspace, shownHome, lookup), lookup)
}

/** Root drops to the workspace's owner, so that nothing that runs inside is root outside. */
function hostUser(
  { uid, gid }: CompileContext['user'],
  workspace: string | undefined,
  lookup: Lookup,
): SandboxSpec['host'] {
  if (uid !== 0) return { uid, gid }
  const owner = workspace === undefined ? undefined : lookup.look(workspace)
  return owner === undefined ? { uid: NOBODY, gid: NOBODY } : { uid: owner.uid, gid: owner.gid }
}

function insideUser(host: SandboxSpec['host'], name: string, home: string): SandboxSpec['inside'] {
  const isRoot = host.uid === 0
  const user =
    isRoot || host.uid === NOBODY || !/^[a-z_][a-z0-9_-]{0,31}$/.test(name) || name === 'root'
      ? 'agent'
      : name
  return { uid: isRoot ? 1000 : host.uid, gid: host.gid === 0 ? 1000 : host.gid, user, home }
}

function ownTrees(
  profile: Profile,
  variables: { readonly workspace: string | undefined; readonly home: string },
  exclusions: readonly string[],
  lookup: Lookup,
): Tree[] {
  const { filesystem } = profile
  const { workspace, home } = variables
  const resolve = (text: string) => {
    const written = text
      // by functions, because a "$" in a directory's name would stand for something else
      .replace(/^\$\{(WORKSPACE|PROJECT_ROOT)\}/, () => workspace ?? '')
      .replace(/^\$\{HOME\}/, () => home)
      .replace(/(?<=.)\/+$/, '')
    const path = lookup.real(written)
    if (path === undefined) {
      throw new SandboxError(
        'SANDBOX_PATH_INVALID',
        `profile ${profile.name} shows ${written}, and there is no such file or directory`,
        'create it, or take it from the profile',
      )
    }
    refuseTooWide(path, home)
    refuseExcluded(path, exclusions)
    return path
  }
  const own: Tree[] =
    workspace !== undefined && (filesystem.workspace === 'read-write' || filesystem.workspace === 'read-only')
      ? [{ path: workspace, access: filesystem.workspace === 'read-write' ? 'write' : 'read' }]
      : []
  return [
    ...own,
    ...filesystem.read_only.map((text): Tree => ({ path: resolve(text), access: 'read' })),
    ...filesystem.read_write.map((text): Tree => ({ path: resolve(text), access: 'write' })),
  ]
}

function resolveCwd(
  cwd: string | undefined,
  workspace: string | undefined,
  { filesystem }: Profile,
  lookup: Lookup,
): string {
  if (filesystem.workspace === 'temporary') return TEMPORARY_WORKSPACE
  if (filesystem.workspace === 'none' || workspace === undefined) return '/tmp'
  // from elsewhere it begins where the run is about: the caller's own directory is not shown
  const path = cwd === undefined ? undefined : lookup.real(cwd)
  return path !== undefined && isWithin(path, workspace) ? path : workspace
}

function bindTree(tree: Tree, why: string, lookup: Lookup): Mount {
  const seen = lookup.look(tree.path)
  if (seen === undefined) throw new SandboxError('SANDBOX_CHANGED', `${tree.path} vanished`, 'try again')
  return bindOf(tree.path, seen, tree.access, why)
}

function bindSocket(
  { source, path }: { readonly source: string; readonly path: string },
  lookup: Lookup,
): Mount {
  const seen = lookup.look(source)
  if (seen?.kind !== 'socket') {
    throw new SandboxError('SANDBOX_PATH_INVALID', `${source} is not a socket`, 'start the daemon again')
  }
  return {
    type: 'bind',
    source,
    path,
    access: 'write',
    identity: identityOf(source, seen),
    why: 'the way to Warder',
  }
}
