import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { systemCode } from '../../core/error.ts'
import { foreignMounts } from '../../platform/mounts.ts'

export interface Walked {
  readonly path: string
  readonly stats: Stats
}

export interface WalkOptions {
  readonly signal: AbortSignal
  /** Names of directories that are not gone into. */
  readonly skip?: ReadonlySet<string>
  readonly most?: number
}

export interface WalkEnd {
  readonly seen: number
  /** There was more than was looked at. */
  readonly isCut: boolean
  readonly unreadable: number
}

const MOST = 100_000
/** So many are looked at before others have their turn. */
const AT_ONCE = 256

/**
 * Everything below a directory, itself first. No link is followed, and no other file system entered: what hangs there
 * is another machine's, or not on a disk.
 *
 * @throws what `signal` was aborted with
 */
export async function walk(
  root: string,
  visit: (entry: Walked) => void,
  { signal, skip, most = MOST }: WalkOptions,
): Promise<WalkEnd> {
  const end = { seen: 0, isCut: false, unreadable: 0 }
  const device = quietly(() => lstatSync(root))?.dev
  const foreign = foreignMounts() // one that never answers is not even asked what it is
  const left = [root]
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (end.seen >= most) return { ...end, isCut: true }
    if ((end.seen += 1) % AT_ONCE === 0) await turn()
    signal.throwIfAborted()
    if (foreign.has(path) && path !== root) continue
    const stats = quietly(() => lstatSync(path))
    if (stats === undefined || stats.dev !== device) continue
    visit({ path, stats })
    if (!stats.isDirectory() || skip?.has(path.slice(path.lastIndexOf('/') + 1))) continue
    const names = namesIn(path)
    if (names === undefined) end.unreadable += 1
    for (const name of names ?? []) left.push(join(path, name))
  }
  return end
}

function namesIn(path: string): string[] | undefined {
  try {
    return readdirSync(path)
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? [] : undefined
  }
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined // gone meanwhile
  }
}
