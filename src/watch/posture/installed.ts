import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { walk } from './walk.ts'

/** A place whose programs are trusted when nobody but these users could have put or changed them. */
export interface InstalledPlace {
  readonly directory: string
  readonly owners: readonly number[]
}

const PIECE_BYTES = 1024 * 1024
/** Larger than any program that copies itself; to read more would hold the scan up. */
const MOST_BYTES = 256 * 1024 * 1024
const OTHERS_MAY_WRITE = 0o022
const MAY_RUN = 0o111

interface Candidate {
  readonly path: string
  readonly size: number
}

/**
 * Programs that run from memory and are byte for byte installed ones: starters of containers and sandboxes copy
 * themselves so, in order that what they start cannot change them. A name tells nothing, anybody can take it.
 */
export class InstalledPrograms {
  readonly #places: readonly InstalledPlace[]
  readonly #signal: AbortSignal
  readonly #digests = new Map<string, string>()
  /** By file, which many processes may share. */
  readonly #twins = new Map<string, string | undefined>()
  #candidates: readonly Candidate[] | undefined

  constructor(places: readonly InstalledPlace[], signal: AbortSignal) {
    this.#places = places
    this.#signal = signal
  }

  /** @returns the installed program that `running` is a copy of; undefined when there is none, or it cannot be read */
  async twinOf(running: string): Promise<string | undefined> {
    const fd = openQuietly(running, 0)
    if (fd === undefined) return undefined
    try {
      const { size, dev, ino } = fstatSync(fd)
      const file = `${dev}:${ino}`
      if (!this.#twins.has(file)) this.#twins.set(file, await this.#twin(fd, size))
      return this.#twins.get(file)
    } finally {
      closeSync(fd)
    }
  }

  async #twin(fd: number, size: number): Promise<string | undefined> {
    if (size === 0 || size > MOST_BYTES) return undefined
    // to look for those of the same size costs no reading
    const alike = (await this.#list()).filter((each) => each.size === size)
    if (alike.length === 0) return undefined
    const digest = await this.#digestOf(fd)
    for (const { path } of alike) if ((await this.#installed(path)) === digest) return path
    return undefined
  }

  async #installed(path: string): Promise<string | undefined> {
    const known = this.#digests.get(path)
    if (known !== undefined) return known
    const fd = openQuietly(path, constants.O_NOFOLLOW)
    if (fd === undefined) return undefined
    try {
      const digest = await this.#digestOf(fd)
      this.#digests.set(path, digest)
      return digest
    } finally {
      closeSync(fd)
    }
  }

  async #list(): Promise<readonly Candidate[]> {
    if (this.#candidates !== undefined) return this.#candidates
    const found: Candidate[] = []
    for (const { directory, owners } of this.#places) {
      const isTrusted = ({ uid, mode }: { uid: number; mode: number }): boolean =>
        owners.includes(uid) && (mode & OTHERS_MAY_WRITE) === 0
      const untrusted = new Set<string>()
      await walk(
        directory,
        ({ path, stats }) => {
          const isOpen = !isTrusted(stats) || untrusted.has(path.slice(0, path.lastIndexOf('/')))
          // whoever may write to a folder may put anything there
          if (stats.isDirectory() && isOpen) untrusted.add(path)
          if (stats.isFile() && !isOpen && (stats.mode & MAY_RUN) !== 0)
            found.push({ path, size: stats.size })
        },
        { signal: this.#signal },
      )
    }
    this.#candidates = found
    return found
  }

  async #digestOf(fd: number): Promise<string> {
    const digest = createHash('sha256')
    const piece = Buffer.allocUnsafe(PIECE_BYTES)
    for (let at = 0; ;) {
      const got = readSync(fd, piece, 0, PIECE_BYTES, at)
      if (got === 0) return digest.digest('hex')
      digest.update(piece.subarray(0, got))
      at += got
      this.#signal.throwIfAborted()
      await turn()
    }
  }
}

/** The places of this machine's packages, and what of `own` there is. */
export function installedPlaces(own: readonly InstalledPlace[], root = '/'): InstalledPlace[] {
  const system = ['bin', 'sbin', 'libexec', 'local/bin', 'local/sbin', 'lib/podman', 'lib/cri-o-runc']
  const places = [
    ...system.map((name) => ({ directory: `${root === '/' ? '' : root}/usr/${name}`, owners: [0] })),
    ...own,
  ]
  return places.filter(({ directory }) => lstatSync(directory, { throwIfNoEntry: false }) !== undefined)
}

function openQuietly(path: string, flags: number): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags)
  } catch {
    return undefined // gone meanwhile, or another user's
  }
}
