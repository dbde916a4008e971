import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { readBase, stampOf, takeBase, writeBase, type Base } from './base.ts'
import { Directory } from './directory.ts'
import { WorkspaceError } from './errors.ts'
import { Holds } from './holds.ts'
import { rebased } from './rebase.ts'
import { directoriesIn, makePlace, namesIn, type Places, type RunsAs } from './places.ts'

const MetaShape = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-z-]{4,64}$/),
  agent: z.string(),
  workspace: z.string(),
  /** Which directory the workspace was. */
  identity: z.string(),
  uid: z.int(),
  gid: z.int(),
  openedAt: z.iso.datetime(),
  protected: z.array(z.string()),
})

/** What an agent wrote instead of writing to its workspace: the upper layer of an overlay, kept until it is decided on. */
export interface ChangeSet extends Omit<z.output<typeof MetaShape>, 'version'> {
  readonly directory: string
  readonly upper: string
  readonly work: string
}

export interface OpenChangeSet {
  readonly set: ChangeSet
  /** Whether the agent goes on where an earlier run of it ended. */
  readonly isContinued: boolean
  /** The run is over: the changes can be applied. */
  readonly close: () => void
}

export interface ChangeSetsOptions extends Places {
  readonly attributes: ExtendedAttributes
  readonly now: () => number
  readonly newId: () => string
}

const MOST_BASE_BYTES = 128 * 1024 * 1024

/** Every change set there is, on disk. One for each agent and workspace; a second run goes on with it. */
export class ChangeSets {
  readonly #options: ChangeSetsOptions
  readonly #holds = new Holds()

  constructor(options: ChangeSetsOptions) {
    this.#options = options
  }

  /**
   * The change set `agent` writes to in `workspace`, made when there is none.
   *
   * @param workspace resolved and absolute
   * @param owner who the agent runs as
   * @throws WorkspaceError `CHANGES_IN_USE`, `CHANGES_OTHER_USER`, `WORKSPACE_REPLACED`, `WORKSPACE_TOO_LARGE`
   */
  async open(
    agent: string,
    workspace: string,
    owner: RunsAs,
    protectedNames: readonly string[],
  ): Promise<OpenChangeSet> {
    // held from here, not from when the set is made: two runs may begin in the same moment
    const close = this.#holds.take(agent, workspace)
    try {
      const known = this.list().find((set) => set.agent === agent && set.workspace === workspace)
      if (known !== undefined) await this.#goOn(known, owner)
      const set = known ?? (await this.#make(agent, workspace, owner, protectedNames))
      return { set, isContinued: known !== undefined, close }
    } catch (error) {
      close()
      throw error
    }
  }

  list(): ChangeSet[] {
    return directoriesIn(this.#options).flatMap((directory) => readMeta(directory) ?? [])
  }

  /** @throws WorkspaceError `CHANGES_MISSING`, `CHANGES_AMBIGUOUS` */
  find(agent: string, workspace?: string): ChangeSet {
    const sets = this.list().filter(
      (set) => set.agent === agent && (workspace === undefined || set.workspace === workspace),
    )
    const [set] = sets
    if (set === undefined) {
      throw new WorkspaceError(
        'CHANGES_MISSING',
        `agent ${agent} has no change set${workspace === undefined ? '' : ` in ${workspace}`}`,
        'see which there are with: warder changes list',
      )
    }
    if (sets.length === 1) return set
    throw new WorkspaceError(
      'CHANGES_AMBIGUOUS',
      `agent ${agent} has change sets in ${sets.map((each) => each.workspace).join(', ')}`,
      'say which with --workspace DIR',
    )
  }

  isInUse({ agent, workspace }: ChangeSet): boolean {
    return this.#holds.isHeld(agent, workspace)
  }

  /** @throws WorkspaceError `CHANGES_IN_USE` while a run writes to it */
  async alone<T>(set: ChangeSet, act: () => Promise<T>): Promise<T> {
    // held too, because a run that begins meanwhile would write to what is being taken away
    const release = this.#holds.take(set.agent, set.workspace)
    try {
      return await act()
    } finally {
      release()
    }
  }

  base({ directory }: ChangeSet): Base {
    const bytes = readPrivateFile(join(directory, 'base.zst'), MOST_BASE_BYTES)
    return readBase(bytes ?? Buffer.alloc(0))
  }

  saveBase({ directory }: ChangeSet, base: Base): void {
    writeFileAtomic(join(directory, 'base.zst'), writeBase(base))
  }

  /** Whether nothing was ever written to it; only while nothing runs in it. */
  isEmpty({ upper }: ChangeSet): boolean {
    try {
      return namesIn(upper).length === 0
    } catch {
      return false // one that cannot be looked at is kept
    }
  }

  /** Removes it with everything the agent wrote: at once from the list, from the disk a little later. */
  remove({ directory, id }: ChangeSet): void {
    const outer = Directory.open(dirname(directory))
    try {
      // the meta file first: without it the rest is no change set, and is swept at the next start
      const inner = outer.child(id)
      try {
        inner?.removeAll('meta.json')
      } finally {
        inner?.close()
      }
    } finally {
      outer.close()
    }
    void removeLater(directory)
  }

  /** Removes what a killed process left half made or half removed. */
  sweep(): void {
    for (const directory of directoriesIn(this.#options)) {
      if (existsSync(join(directory, 'meta.json'))) continue
      void removeLater(directory)
    }
  }

  /** The agent sees what the host changed since, where it did not change it itself. */
  async #goOn(set: ChangeSet, owner: RunsAs): Promise<void> {
    checkUser(set, owner)
    const root = openWorkspace(set)
    try {
      const upper = Directory.open(set.upper)
      try {
        const fresh = await takeBase(root)
        this.saveBase(set, await rebased(this.base(set), fresh, upper, this.#options.attributes))
      } finally {
        upper.close()
      }
    } finally {
      root.close()
    }
  }

  async #make(
    agent: string,
    workspace: string,
    owner: RunsAs,
    protectedNames: readonly string[],
  ): Promise<ChangeSet> {
    const isOwn = owner.uid === this.#options.uid
    const id = this.#options.newId()
    const directory = makePlace(this.#options, agent, id, owner)
    const root = Directory.open(workspace)
    try {
      const base = await takeBase(root)
      for (const name of ['upper', 'work'])
        giveDirectory(join(directory, name), owner, isOwn, root.self().mode)
      const meta = {
        version: 1 as const,
        id,
        agent,
        workspace,
        identity: stampOf(root.self()),
        ...owner,
        openedAt: new Date(this.#options.now()).toISOString(),
        protected: [...protectedNames],
      }
      writeFileAtomic(join(directory, 'base.zst'), writeBase(base))
      writeFileAtomic(join(directory, 'meta.json'), `${JSON.stringify(meta)}\n`)
      return setOf(directory, meta)
    } finally {
      root.close()
    }
  }
}

/** It may hold a million files; what is left when this fails or ends early is swept at the next start. */
async function removeLater(directory: string): Promise<void> {
  try {
    const outer = Directory.open(dirname(directory))
    try {
      await outer.removeWithPauses(basename(directory))
    } finally {
      outer.close()
    }
  } catch {
    // without its meta file it is no change set any more, and in nobody's way
  }
}

/** The upper layer's own mode is what the workspace's root would show inside. */
function giveDirectory(path: string, { uid, gid }: RunsAs, isOwn: boolean, mode: number): void {
  mkdirSync(path, { mode: 0o700 })
  if (!isOwn) chownSync(path, uid, gid)
  chmodSync(path, path.endsWith('upper') ? mode & 0o777 : 0o700)
}

function readMeta(directory: string): ChangeSet | undefined {
  const bytes = readPrivateFile(join(directory, 'meta.json'))
  if (bytes === undefined) return undefined
  const parsed = MetaShape.safeParse(JSON.parse(bytes.toString()))
  if (parsed.success) return setOf(directory, parsed.data)
  throw new WorkspaceError(
    'WORKSPACE_UNREADABLE',
    `the change set in ${directory} cannot be understood`,
    'a newer Warder may have made it; look at what is in its directory upper',
    { where: join(directory, 'meta.json') },
  )
}

function setOf(directory: string, { version: _version, ...meta }: z.output<typeof MetaShape>): ChangeSet {
  return { ...meta, directory, upper: join(directory, 'upper'), work: join(directory, 'work') }
}

function checkUser(set: ChangeSet, owner: RunsAs): void {
  if (set.uid === owner.uid) return
  throw new WorkspaceError(
    'CHANGES_OTHER_USER',
    `the change set of ${set.agent} was made for user ${set.uid}, and the agent would run as ${owner.uid}`,
    `decide on it first: warder changes show ${set.agent}, then apply or discard`,
  )
}

/** The workspace's own directory, if it is still the one the agent began with. @throws WorkspaceError `WORKSPACE_REPLACED` */
export function openWorkspace({ workspace, identity, agent }: ChangeSet): Directory {
  const root = Directory.open(workspace)
  // not the device's number, which is another one after a restart on some file systems
  if (stampOf(root.self()) === identity) return root
  root.close()
  throw new WorkspaceError(
    'WORKSPACE_REPLACED',
    `${workspace} is another directory than when ${agent} began`,
    `put the old one back, or: warder changes discard ${agent}`,
  )
}
