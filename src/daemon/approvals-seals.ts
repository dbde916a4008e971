import { readlinkSync, realpathSync, statSync, type BigIntStats } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Seal } from '../decide/approval/index.ts'
import { foreignFiles } from '../platform/foreign-files.ts'
import { digestOfFile } from './file-digest.ts'

interface Known {
  readonly identity: string
  readonly sha256: string
}

const MOST = 2000
/** Longer than a tick of the clock files are stamped with: two writes within one tick leave the same times behind. */
const TICK_MS = 20

/** The clock files are stamped by, and a way to let it go on. */
export interface SealClock {
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly wait: (ms: number) => Promise<unknown>
}

/**
 * What is in files, by digest. A file is read once for as long as the kernel says it is the same: device, inode, size
 * and the two times, of which nobody but root can set the second back.
 */
export class Seals {
  readonly #known = new Map<string, Known>()
  readonly #clock: SealClock

  constructor(clock: SealClock = { now: Date.now, wait: sleep }) {
    this.#clock = clock
  }

  /** @returns undefined for what is no ordinary file, or cannot be read */
  async of(path: string): Promise<Seal | undefined> {
    const identity = identityOf(path)
    if (identity === undefined) return undefined
    const known = this.#known.get(path)
    if (known?.identity === identity) return { path, sha256: known.sha256 }
    // a clock that was put back makes every file young: then one whole tick, and no more
    const waitMs = Math.min(TICK_MS, TICK_MS - (this.#clock.now() - changedMs(identity)))
    if (waitMs > 0) await this.#clock.wait(waitMs)
    const sha256 = await digestOfFile(path)
    // changed while it was read: what the digest is of, nobody can say
    if (sha256 === undefined || identityOf(path) !== identity) return undefined
    this.#known.set(path, { identity, sha256 })
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value ?? '')
    return { path, sha256 }
  }

  /** Whether the file is still the one that was sealed; costs one look, never a read. */
  holds({ path, sha256 }: Seal): boolean {
    const known = this.#known.get(path)
    return known !== undefined && known.sha256 === sha256 && identityOf(path) === known.identity
  }
}

function identityOf(path: string): string | undefined {
  if (foreignFiles.isSilent(path)) return undefined
  const stat = quietly(() => statSync(path, { bigint: true }))
  if (stat === undefined || !stat.isFile()) return undefined
  const { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats = stat
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
}

/** When the file last changed, epoch milliseconds. */
function changedMs(identity: string): number {
  const changedNs = BigInt(identity.slice(identity.lastIndexOf(':') + 1))
  return Number(changedNs / 1_000_000n)
}

/** The path with links followed as far as it exists; what does not exist yet keeps its name. */
export function realAsFar(path: string, depth = 0): string {
  if (foreignFiles.isSilent(path)) return path
  const real = quietly(() => realpathSync(path))
  if (real !== undefined) return real
  const target = depth > 40 ? undefined : quietly(() => readlinkSync(path))
  const parent = dirname(path)
  if (target !== undefined)
    return realAsFar(target.startsWith('/') ? target : join(parent, target), depth + 1)
  return parent === path ? path : join(realAsFar(parent, depth + 1), path.slice(parent.length))
}

/** `device:inode` of a file with more than one name. */
export function linkedName(path: string): string | undefined {
  if (foreignFiles.isSilent(path)) return undefined
  const stat = quietly(() => statSync(path, { bigint: true }))
  return stat !== undefined && stat.isFile() && stat.nlink > 1n ? `${stat.dev}:${stat.ino}` : undefined
}

export function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
