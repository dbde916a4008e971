import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { choose, isCovered, renewed, takeOut, wishesFor, type Left } from './apply.ts'
import { inParent } from './below.ts'
import { isAsked, type AcceptableFlag, type Change, type ChangeReport } from './change.ts'
import { openWorkspace, type ChangeSet, type ChangeSets } from './change-sets.ts'
import { contentAt } from './content.ts'
import { unified } from './diff.ts'
import { Directory } from './directory.ts'
import { WorkspaceError } from './errors.ts'
import { protectedMatcher } from './protected.ts'
import { readChanges } from './read.ts'
import type { Snapshots } from './snapshots.ts'
import type { Recovered, Transactions } from './transaction.ts'

export interface ChangesOptions {
  readonly sets: ChangeSets
  readonly snapshots: Snapshots
  readonly transactions: Transactions
  readonly attributes: ExtendedAttributes
  /** Masks what has the shape of a secret. */
  readonly redact: (text: string) => string
  /** Whether files can be given to whom the agent ran as; only root can. */
  readonly canGive: boolean
}

export interface Shown {
  readonly set: ChangeSet
  readonly report: ChangeReport
  /** Whether a run still writes to it. */
  readonly isInUse: boolean
}

export interface ApplyRequest {
  readonly paths: readonly string[]
  readonly accept: ReadonlySet<AcceptableFlag>
  /** Digest of the report the owner looked at. */
  readonly digest: string
}

export interface Applied {
  readonly applied: readonly Change[]
  readonly left: readonly Left[]
  /** The snapshot to go back to. */
  readonly snapshot: string
  /** Whether nothing is left in the change set, which is then gone. */
  readonly isClosed: boolean
}

const MOST_DIFF_CHARACTERS = 200_000

/** What an agent changed: shown, applied, discarded. */
export class Changes {
  readonly #options: ChangesOptions

  constructor(options: ChangesOptions) {
    this.#options = options
  }

  /** Finishes or puts back what was interrupted. Before anything else, at the start. */
  async recover(): Promise<Recovered[]> {
    const { transactions, sets } = this.#options
    sets.sweep()
    const recovered = await transactions.recover()
    for (const { about, paths } of recovered) {
      const set = sets.list().find(({ id }) => about === aboutOf(id))
      if (set !== undefined) this.#renew(set, paths)
    }
    return recovered
  }

  async show(set: ChangeSet): Promise<Shown> {
    const report = await this.#within(set, (upper, lower) => this.#read(set, upper, lower))
    return { set, report, isInUse: this.#options.sets.isInUse(set) }
  }

  /** The difference of one file as a unified diff, secrets masked; undefined where there is nothing to compare. */
  async diff(set: ChangeSet, { path, before, after, flags }: Change): Promise<string | undefined> {
    if (flags.includes('large') || flags.includes('unreadable')) return undefined
    const textAt = async (root: Directory): Promise<string | undefined> => (await contentAt(root, path))?.text
    return await this.#within(set, async (upper, lower) => {
      const [old, fresh] = [
        before?.kind === 'file' ? await textAt(lower) : '',
        after?.kind === 'file' ? await textAt(upper) : '',
      ]
      if (old === undefined || fresh === undefined) return undefined
      const text = this.#options.redact(unified(old, fresh))
      return text.length > MOST_DIFF_CHARACTERS
        ? `${text.slice(0, MOST_DIFF_CHARACTERS)}\n(and more: see the file itself)\n`
        : text
    })
  }

  /**
   * Writes changes to the workspace, all of those chosen or none. What is flagged is left out unless it is accepted.
   *
   * @throws WorkspaceError `CHANGES_IN_USE`, `CHANGES_MOVED_ON`, `CHANGES_NOTHING`, `CHANGE_UNKNOWN`, and what a transaction throws
   */
  apply(set: ChangeSet, request: ApplyRequest): Promise<Applied> {
    return this.#options.sets.alone(set, () =>
      this.#within(set, (upper, lower) => this.#apply(set, request, upper, lower)),
    )
  }

  /** Forgets what the agent did, at these paths or altogether. @returns how many changes are gone */
  discard(set: ChangeSet, paths: readonly string[]): Promise<number> {
    const { sets, attributes } = this.#options
    return sets.alone(set, async () => {
      if (paths.length === 0) {
        sets.remove(set) // even when the workspace is gone, or nothing in it can be read
        return 0
      }
      return await this.#within(set, async (upper, lower) => {
        const { changes } = await this.#read(set, upper, lower)
        const gone = changes.filter(({ path }) => isAsked(path, paths))
        mustBeAmong(changes, paths)
        for (const path of paths) if (isCovered(upper, path, attributes)) throw covered(path)
        for (const path of paths) inParent(upper, path, (parent, name) => parent.removeAll(name))
        return gone.length
      })
    })
  }

  async #apply(set: ChangeSet, request: ApplyRequest, upper: Directory, lower: Directory): Promise<Applied> {
    const { snapshots, transactions, attributes, canGive, sets } = this.#options
    const report = await this.#read(set, upper, lower)
    if (report.digest !== request.digest) throw movedOn(set)
    if (!report.complete) throw tooMany(set)
    mustBeAmong(report.changes, request.paths)
    const { chosen, left } = choose(report.changes, request.paths, request.accept)
    if (chosen.length === 0) throw nothing(set, left)
    const paths = chosen.map(({ path }) => path)
    const note = `before the changes of ${set.agent} were applied`
    const snapshot = await snapshots.takePaths(set.workspace, paths, 'before-apply', note)
    const owner = canGive ? { owner: { uid: set.uid, gid: set.gid } } : {}
    const wishes = wishesFor(chosen, { upper, lower, attributes, ...owner })
    await transactions.run(set.workspace, aboutOf(set.id), wishes)
    const isClosed = chosen.length === report.changes.length
    if (isClosed) sets.remove(set)
    else {
      takeOut(upper, chosen, attributes)
      this.#renew(set, paths)
    }
    return { applied: chosen, left, snapshot: snapshot.id, isClosed }
  }

  #read(set: ChangeSet, upper: Directory, lower: Directory): Promise<ChangeReport> {
    const { attributes, redact, sets } = this.#options
    const isProtected = protectedMatcher(set.protected)
    return readChanges(upper, lower, { attributes, redact, isProtected, base: sets.base(set) })
  }

  #renew(set: ChangeSet, paths: readonly string[]): void {
    const { sets } = this.#options
    this.#withinNow(set, (_upper, lower) => sets.saveBase(set, renewed(sets.base(set), lower, paths)))
  }

  async #within<T>(set: ChangeSet, act: (upper: Directory, lower: Directory) => Promise<T>): Promise<T> {
    const lower = openWorkspace(set)
    try {
      const upper = Directory.open(set.upper)
      try {
        return await act(upper, lower)
      } finally {
        upper.close()
      }
    } finally {
      lower.close()
    }
  }

  #withinNow<T>(set: ChangeSet, act: (upper: Directory, lower: Directory) => T): T {
    const lower = openWorkspace(set)
    try {
      const upper = Directory.open(set.upper)
      try {
        return act(upper, lower)
      } finally {
        upper.close()
      }
    } finally {
      lower.close()
    }
  }
}

function aboutOf(id: string): string {
  return `apply ${id}`
}

function mustBeAmong(changes: readonly Change[], paths: readonly string[]): void {
  const unknown = paths.find((path) => !changes.some((change) => isAsked(change.path, [path])))
  if (unknown === undefined) return
  throw new WorkspaceError(
    'CHANGE_UNKNOWN',
    `nothing was changed at ${unknown}`,
    'give a path as it is shown by: warder changes show AGENT',
  )
}

function movedOn({ agent }: ChangeSet): WorkspaceError {
  return new WorkspaceError(
    'CHANGES_MOVED_ON',
    `the changes of ${agent}, or the workspace, are not what was looked at any more; nothing was applied`,
    `look again: warder changes show ${agent}`,
  )
}

function tooMany({ agent }: ChangeSet): WorkspaceError {
  return new WorkspaceError(
    'WORKSPACE_TOO_LARGE',
    `${agent} changed more than can be looked at; nothing was applied`,
    `discard what nobody needs, such as build output: warder changes discard ${agent} --path DIR`,
  )
}

function nothing({ agent }: ChangeSet, left: readonly Left[]): WorkspaceError {
  const [first] = left
  return new WorkspaceError(
    'CHANGES_NOTHING',
    first === undefined
      ? `${agent} changed nothing`
      : `nothing was applied: all ${left.length} changes are left out; ${first.change.path}: ${first.why}`,
    `look at them: warder changes show ${agent}`,
  )
}

function covered(path: string): WorkspaceError {
  return new WorkspaceError(
    'CHANGE_UNKNOWN',
    `${path} is in a directory the agent made anew, and cannot be discarded alone`,
    'discard that whole directory',
    { where: path },
  )
}
