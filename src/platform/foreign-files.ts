import { dirname } from 'node:path'
import { Aside, type Read } from './aside.ts'
import { foreignMounts, leadsInto, type ForeignMount } from './mounts.ts'
import { plainText } from './plain-text.ts'

export interface ForeignFilesOptions {
  readonly aside?: Pick<Aside, 'read'>
  readonly mounts?: () => ReadonlyMap<string, ForeignMount>
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonicMs?: () => number
  readonly user?: number
}

interface Standing {
  isSilent: boolean
  sinceMs: number
  /** Under way now. */
  asking?: Promise<void>
}

/** How long a list of mounts is believed. */
const LIST_MS = 100
/** After how long one that answered is asked again, and one that did not. */
const AGAIN_MS = { answering: 5000, silent: 30_000 } as const
const MOST_PATHS = 64

/**
 * Which file systems answer. Those another program or machine answers for are asked aside, before the daemon looks at
 * anything on them; what leads to one that keeps silent is not looked at, and counts as what cannot be read. One that
 * belongs to another user is never looked at: whoever answers for it could answer a trial and nothing after.
 */
export class ForeignFiles {
  readonly #options: Required<ForeignFilesOptions>
  #mounts: ReadonlyMap<string, ForeignMount> = new Map()
  #silent: ReadonlyMap<string, ForeignMount> = new Map()
  #listedMs = Number.NEGATIVE_INFINITY
  readonly #standings = new Map<string, Standing>()

  constructor({
    aside = new Aside(),
    mounts = foreignMounts,
    monotonicMs = () => performance.now(),
    user = process.getuid?.() ?? 0,
  }: ForeignFilesOptions = {}) {
    this.#options = { aside, mounts, monotonicMs, user }
  }

  /**
   * Finds out which file systems answer; to be awaited before a request is judged. Costs nothing where there are no such
   * file systems.
   *
   * @param paths absolute; what the request names, so that these are tried themselves
   */
  async ask(paths: () => readonly string[] = () => []): Promise<void> {
    this.#list()
    if (this.#mounts.size === 0) return
    await Promise.all([...this.#mounts.values()].map((mount) => this.#askMount(mount)))
    const foreign = [...new Set(paths())].flatMap((path) => {
      const mount = leadsInto(path, this.#mounts)
      return mount === undefined ? [] : [{ path, mount }]
    })
    // with more than that nobody waits for each: the file system is what answers, not the file
    for (const { path, mount } of foreign.slice(0, MOST_PATHS))
      if (!this.#silent.has(mount.path)) await this.#try(mount, path)
  }

  /** Whether looking at a path could keep us waiting for ever; it is to be taken for something that cannot be read. */
  isSilent(path: string): boolean {
    return this.#silent.size > 0 && leadsInto(path, this.#silent) !== undefined
  }

  /** The same for who does not follow a link at the very end. */
  isSilentItself(path: string): boolean {
    return this.#silent.has(path) || this.isSilent(dirname(path))
  }

  /** A plain file as text, at once; undefined where it has to be read aside, see `textAside`. */
  textNow(path: string, mostBytes: number): { readonly text: string | undefined } | undefined {
    // with one that is silent a link could be turned towards it between our look and our reading
    const mayWait = this.#silent.size > 0 || leadsInto(path, this.#mounts) !== undefined
    return mayWait ? undefined : { text: plainText(path, mostBytes) }
  }

  /** @returns undefined for what is no plain file, cannot be read, or was not read in time */
  async textAside(path: string, mostBytes: number): Promise<string | undefined> {
    const mount = leadsInto(path, this.#mounts)
    if (mount !== undefined && this.#silent.has(mount.path)) return undefined
    const read = await this.#options.aside.read(path, mostBytes)
    this.#heard(read, mount ?? leadsInto(path, this.#mounts))
    return read === 'silent' ? undefined : read.text
  }

  #list(): void {
    const { mounts, monotonicMs } = this.#options
    if (monotonicMs() - this.#listedMs < LIST_MS) return
    this.#listedMs = monotonicMs()
    this.#mounts = mounts()
    const ids = new Set([...this.#mounts.values()].map(({ id }) => id))
    for (const id of this.#standings.keys()) if (!ids.has(id)) this.#standings.delete(id)
    this.#weigh()
  }

  async #askMount(mount: ForeignMount): Promise<void> {
    if (this.#isOthers(mount)) return
    const known = this.#standings.get(mount.id)
    if (known?.asking !== undefined) return known.isSilent ? undefined : await known.asking
    const ageMs = this.#options.monotonicMs() - (known?.sinceMs ?? Number.NEGATIVE_INFINITY)
    if (ageMs < AGAIN_MS[known?.isSilent === true ? 'silent' : 'answering']) return
    const standing = known ?? { isSilent: false, sinceMs: 0 }
    this.#standings.set(mount.id, standing)
    standing.asking = this.#try(mount, mount.path).finally(() => delete standing.asking)
    // nobody waits a second time for one that did not answer
    if (!standing.isSilent) await standing.asking
  }

  async #try(mount: ForeignMount, path: string): Promise<void> {
    this.#heard(await this.#options.aside.read(path, 1), mount)
  }

  #heard(read: Read, mount: ForeignMount | undefined): void {
    if (mount === undefined) return
    const standing = this.#standings.get(mount.id) ?? { isSilent: false, sinceMs: 0 }
    standing.isSilent = read === 'silent'
    standing.sinceMs = this.#options.monotonicMs()
    this.#standings.set(mount.id, standing)
    this.#weigh()
  }

  #weigh(): void {
    const isSilent = (mount: ForeignMount) =>
      this.#isOthers(mount) || this.#standings.get(mount.id)?.isSilent === true
    this.#silent = new Map([...this.#mounts].filter(([, mount]) => isSilent(mount)))
  }

  /** Root and our own user could end us anyway; everybody else is not to hold us either. */
  #isOthers({ user }: ForeignMount): boolean {
    return user !== undefined && user !== 0 && user !== this.#options.user
  }
}

/** Of this process: its mounts are the same for everything in it. */
export const foreignFiles = new ForeignFiles()
