import { execFile } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isWithin } from './paths.ts'
import type { SandboxSpec } from './spec.ts'

/** Directories on disk that stand for what would lie in memory; belonging to one run and removed with it. */
export interface Temporary {
  readonly top: string
  /** By the path it stands for. */
  readonly places: ReadonlyMap<string, string>
}

const PREFIX = 'warder-landlock-'
const REMOVE_DEADLINE_MS = 60_000
const run = promisify(execFile)

/** @param parent somewhere whoever the run belongs to can reach, such as /tmp */
export function makeTemporary(
  parent: string,
  paths: readonly string[],
  owner: SandboxSpec['host'],
): Temporary {
  const top = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`))
  const isRoot = process.getuid?.() === 0
  // ours and not the run's: what lies in it can be exchanged by its owner, the places themselves cannot
  if (isRoot) chmodSync(top, 0o711)
  const places = paths.map((path, i): [string, string] => {
    const place = join(top, `${i}${path.replaceAll(/[^A-Za-z0-9]+/g, '-')}`)
    mkdirSync(place, { mode: 0o700 })
    if (isRoot) chownSync(place, owner.uid, owner.gid)
    return [path, place]
  })
  return { top, places: new Map(places) }
}

/** Removes it with all that is in it; what resists stays, and the next sweep tries again. */
export async function removeTemporary({ top }: Pick<Temporary, 'top'>): Promise<void> {
  for (const name of quietly(() => readdirSync(top)) ?? []) await removePlace(join(top, name))
  quietly(() => rmdirSync(top))
}

/**
 * What a run left is taken away as the run's own user: as root, a link put in the place of a directory at the right
 * moment would lead the removal elsewhere.
 */
async function removePlace(place: string): Promise<void> {
  const owner = quietly(() => lstatSync(place))
  const isEmpty = quietly(() => readdirSync(place))?.length === 0
  if (owner !== undefined && !isEmpty) {
    const as = process.getuid?.() === 0 ? { uid: owner.uid, gid: owner.gid } : {}
    const quiet = { env: {}, cwd: '/', timeout: REMOVE_DEADLINE_MS, ...as }
    // a directory may have been shut by who made it
    await run('/bin/chmod', ['-R', 'u+rwX', '--', place], quiet).catch(() => undefined)
    // the place itself is not the run's to remove: that this part fails is right
    await run('/bin/rm', ['-rf', '--', place], quiet).catch(() => undefined)
  }
  quietly(() => rmdirSync(place))
}

/** Removes what daemons that are gone have left; what belongs to one that runs, or to another user, stays. */
export async function sweepTemporary(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue
    const top = join(parent, name)
    const seen = quietly(() => lstatSync(top))
    // anybody may make something of that name there
    if (seen?.isDirectory() === true && seen.uid === process.getuid?.()) await removeTemporary({ top })
  }
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Where a path of the spec really lies: moved when what lies deepest there is memory, else as it is. */
export function realPlace(path: string, mounts: SandboxSpec['mounts'], { places }: Temporary): string {
  const deepest = mounts
    .filter((mount) => isWithin(path, mount.path))
    .toSorted((a, b) => b.path.length - a.path.length)[0]
  const place = deepest?.type === 'memory' ? places.get(deepest.path) : undefined
  return place === undefined || deepest === undefined ? path : `${place}${path.slice(deepest.path.length)}`
}

/** The environment with every value that is a path in memory led to where it really lies; nothing else changes. */
export function movedEnvironment(
  { env, mounts }: Pick<SandboxSpec, 'env' | 'mounts'>,
  temporary: Temporary,
): Record<string, string> {
  const moved = (value: string) => (value.startsWith('/') ? realPlace(value, mounts, temporary) : value)
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, moved(value)]))
}
