import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { Directory } from './directory.ts'
import { WorkspaceError } from './errors.ts'
import { git, type GitOptions } from './git.ts'
import { checkObjects, readRefs, withRepository, type GitRefs } from './git-files.ts'
import { Holds } from './holds.ts'
import { directoriesIn, makePlace, type Places, type RunsAs } from './places.ts'

const MetaShape = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-z-]{4,64}$/),
  agent: z.string(),
  workspace: z.string(),
  uid: z.int(),
  gid: z.int(),
  madeAt: z.iso.datetime(),
})

/** A repository of the agent's own, with its own working tree. */
export interface Clone extends Omit<z.output<typeof MetaShape>, 'version'> {
  readonly directory: string
  /** What the agent works in. */
  readonly tree: string
}

export interface ClonesOptions extends Places {
  readonly now: () => number
  readonly newId: () => string
}

export interface OpenClone {
  readonly clone: Clone
  readonly isContinued: boolean
  /** The run is over: its commits can be taken over. */
  readonly close: () => void
}

/** One branch that came over. */
export interface Fetched {
  readonly ref: string
  readonly before?: string
  readonly after: string
}

/**
 * Clones for agents. On the side objects come from git runs in a bare repository Warder has just made, which borrows
 * the objects and has no configuration but Warder's: what an agent wrote into its own is never read by git.
 */
export class Clones {
  readonly #options: ClonesOptions
  readonly #holds = new Holds()

  constructor(options: ClonesOptions) {
    this.#options = options
  }

  /**
   * The clone `agent` works in, of the repository in `workspace`; made when there is none.
   *
   * @throws WorkspaceError `CHANGES_IN_USE`, `CHANGES_OTHER_USER`, `GIT_UNSAFE`, `GIT_FAILED`
   */
  async open(agent: string, workspace: string, owner: RunsAs): Promise<OpenClone> {
    const close = this.#holds.take(agent, workspace)
    try {
      const known = this.list().find((clone) => clone.agent === agent && clone.workspace === workspace)
      if (known !== undefined && known.uid !== owner.uid) throw otherUser(known, owner)
      const clone = known ?? (await this.#make(agent, workspace, owner))
      return { clone, isContinued: known !== undefined, close }
    } catch (error) {
      close()
      throw error
    }
  }

  isInUse({ agent, workspace }: Clone): boolean {
    return this.#holds.isHeld(agent, workspace)
  }

  list(): Clone[] {
    return directoriesIn(this.#options).flatMap((directory) => readMeta(directory) ?? [])
  }

  /** The agent's branches that the owner's repository does not have yet, or has otherwise. */
  async pending(clone: Clone): Promise<Fetched[]> {
    const heads = headsOf(clone)
    const before = await this.#known(clone)
    return [...heads.refs]
      .map(([name, after]) => ({ ref: name.replace(/^refs\/heads/, prefixOf(clone)), after }))
      .filter(({ ref, after }) => before.get(ref) !== after)
      .map((each) => ({ ...each, ...optionalBefore(before.get(each.ref)) }))
  }

  /**
   * Brings the agent's commits into the owner's repository as `refs/warder/AGENT/…`. Nothing is checked out, merged
   * or run. Not while the agent runs: it could exchange files while they are read.
   */
  async fetch(clone: Clone): Promise<Fetched[]> {
    return await this.#alone(clone, async () => {
      const heads = headsOf(clone)
      if (heads.refs.size === 0) return []
      const before = await this.#known(clone)
      await this.#borrowing(clone, join(clone.tree, '.git/objects'), heads, async (bare) => {
        const options = { ...this.#gitOptions(clone), gitDir: join(clone.workspace, '.git') }
        await git([...fetchFrom(bare), `+refs/heads/*:${prefixOf(clone)}/*`], options)
      })
      const after = await this.#known(clone)
      return [...after]
        .filter(([ref, object]) => before.get(ref) !== object)
        .map(([ref, object]) => ({ ref, after: object, ...optionalBefore(before.get(ref)) }))
    })
  }

  /** Removes the clone, with every commit that was not taken over. */
  async remove(clone: Clone): Promise<void> {
    await this.#alone(clone, () => removeWithPauses(clone))
  }

  async #alone<T>({ agent, workspace }: Clone, act: () => Promise<T>): Promise<T> {
    const release = this.#holds.take(agent, workspace)
    try {
      return await act()
    } finally {
      release()
    }
  }

  /** What came over before, by reference. */
  async #known(clone: Clone): Promise<Map<string, string>> {
    withRepository(clone.workspace, () => undefined)
    const options = { ...this.#gitOptions(clone), gitDir: join(clone.workspace, '.git') }
    const text = await git(
      ['for-each-ref', '--format=%(objectname) %(refname)', `${prefixOf(clone)}/`],
      options,
    )
    const lines = text.split('\n').filter((line) => line !== '')
    return new Map(
      lines.map((line): [string, string] => [line.replace(/^\S+ /, ''), line.replace(/ .*$/, '')]),
    )
  }

  async #make(agent: string, workspace: string, owner: RunsAs): Promise<Clone> {
    const source = withRepository(workspace, (repository) => {
      checkObjects(repository, true)
      return readRefs(repository)
    })
    const id = this.#options.newId()
    const directory = makePlace(this.#options, agent, id, owner)
    const tree = join(directory, 'tree')
    mkdirSync(tree, { mode: 0o700 })
    if (owner.uid !== this.#options.uid) chownSync(tree, owner.uid, owner.gid)
    const madeAt = new Date(this.#options.now()).toISOString()
    const meta = { version: 1 as const, id, agent, workspace, ...owner, madeAt }
    const clone = { ...meta, directory, tree }
    try {
      await this.#fill(clone, source)
      writeFileAtomic(join(directory, 'meta.json'), `${JSON.stringify(meta)}\n`)
      return clone
    } catch (error) {
      await removeWithPauses(clone)
      throw error
    }
  }

  /** The clone's configuration is new: what the checkout finds in the tree names no program that it knows. */
  async #fill(clone: Clone, source: GitRefs): Promise<void> {
    const options = { ...this.#gitOptions(clone), cwd: clone.tree }
    const { head } = source
    const branch = head !== undefined && 'branch' in head ? head.branch.slice('refs/heads/'.length) : 'main'
    await git(['init', '-q', '--template=', `--initial-branch=${branch}`], options)
    if (source.refs.size === 0) return
    await this.#borrowing(clone, join(clone.workspace, '.git/objects'), source, async (bare) => {
      await git(
        [...fetchFrom(bare), '+refs/heads/*:refs/remotes/host/*', '+refs/tags/*:refs/tags/*'],
        options,
      )
    })
    const commit =
      head !== undefined && 'commit' in head ? head.commit : source.refs.get(`refs/heads/${branch}`)
    if (commit === undefined) return
    const how = head !== undefined && 'commit' in head ? ['--detach'] : ['--no-track', '-B', branch]
    await git(['checkout', '-q', ...how, commit, '--'], options)
  }

  /** A bare repository that has these references, and borrows its objects; gone afterwards. */
  async #borrowing(
    clone: Clone,
    objects: string,
    { refs, head }: GitRefs,
    use: (bare: string) => Promise<void>,
  ): Promise<void> {
    const bare = mkdtempSync(join(clone.directory, 'from-'))
    const { user } = this.#gitOptions(clone)
    try {
      const lines = [...refs]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, object]) => `${object} ${name}\n`)
      const isOnBranch = head !== undefined && 'branch' in head && refs.has(head.branch)
      const files = {
        HEAD: `ref: ${isOnBranch ? head.branch : 'refs/heads/none'}\n`,
        config: '[core]\n\trepositoryformatversion = 0\n\tbare = true\n',
        'packed-refs': `# pack-refs with: sorted \n${lines.join('')}`,
        'objects/info/alternates': `${objects}\n`,
      }
      for (const each of ['objects', 'objects/info', 'refs']) mkdirSync(join(bare, each), { mode: 0o700 })
      for (const [name, text] of Object.entries(files)) writeFileSync(join(bare, name), text, { mode: 0o600 })
      if (user !== undefined) giveAll(bare, user)
      await use(bare)
    } finally {
      rmSync(bare, { recursive: true, force: true })
    }
  }

  #gitOptions({ uid, gid, directory }: Clone): GitOptions {
    return uid === this.#options.uid ? { cwd: directory } : { cwd: directory, user: { uid, gid } }
  }
}

/** By path with its scheme, so that no remote of that name can be meant, and the other side is not entered directly. */
function fetchFrom(bare: string): string[] {
  return [
    'fetch',
    ...['-q', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'],
    '--upload-pack=git-upload-pack',
    `file://${bare}`,
  ]
}

/** The agent's branches, read without git. @throws WorkspaceError `GIT_UNSAFE` */
function headsOf({ tree }: Clone): GitRefs {
  return withRepository(tree, (repository) => {
    checkObjects(repository, false)
    const { refs, head } = readRefs(repository)
    return { refs: new Map([...refs].filter(([name]) => name.startsWith('refs/heads/'))), head }
  })
}

function prefixOf({ agent }: Clone): string {
  return `refs/warder/${agent}`
}

function otherUser({ agent, uid }: Clone, owner: RunsAs): WorkspaceError {
  return new WorkspaceError(
    'CHANGES_OTHER_USER',
    `the clone of ${agent} was made for user ${uid}, and the agent would run as ${owner.uid}`,
    `take over its work (warder changes apply ${agent}), then: warder changes discard ${agent}`,
  )
}

function optionalBefore(before: string | undefined): { before?: string } {
  return before === undefined ? {} : { before }
}

/** Without its meta file it is no clone any more, should this be cut short. */
async function removeWithPauses({ directory, id }: Clone): Promise<void> {
  rmSync(join(directory, 'meta.json'), { force: true })
  const outer = Directory.open(dirname(directory))
  try {
    await outer.removeWithPauses(id)
  } finally {
    outer.close()
  }
}

function giveAll(path: string, { uid, gid }: RunsAs): void {
  chownSync(path, uid, gid)
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
    chownSync(join(entry.parentPath, entry.name), uid, gid)
}

function readMeta(directory: string): Clone | undefined {
  const bytes = readPrivateFile(join(directory, 'meta.json'))
  if (bytes === undefined) return undefined
  const parsed = MetaShape.safeParse(JSON.parse(bytes.toString()))
  if (!parsed.success) {
    throw new WorkspaceError(
      'WORKSPACE_UNREADABLE',
      `the clone in ${directory} cannot be understood`,
      'a newer Warder may have made it; look at what is in its directory tree',
      { where: join(directory, 'meta.json') },
    )
  }
  const { version: _version, ...meta } = parsed.data
  return { ...meta, directory, tree: join(directory, 'tree') }
}
