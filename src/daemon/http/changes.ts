import type { OutputOf, ParsedInputOf } from '../../api/endpoints.ts'
import type { ChangeAnswer } from '../../api/changes.ts'
import { digestOf } from '../../core/canonical.ts'
import type { Change, ChangeSet, Clone } from '../../enforce/workspace/index.ts'
import type { Credential } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import { CHANGES_DOOR, relativePaths, type Workspaces } from '../workspace-paths.ts'
import type { Handlers } from './app.ts'

/** An answer with all diffs stays below what a client reads. */
const MOST_DIFF_CHARACTERS = 4_000_000

type Found =
  | { readonly mode: 'overlay'; readonly set: ChangeSet }
  | { readonly mode: 'worktree'; readonly clone: Clone }

/** Only the owner decides what becomes of an agent's changes: none of these calls is open to agents. */
export function changesHandlers(
  workspaces: Workspaces,
  acts: Acts,
): Pick<Handlers, 'changesList' | 'changesShow' | 'changesApply' | 'changesDiscard'> {
  const { sets, clones, changes, settle } = workspaces
  // a workspace that is gone can still be named, to discard what was made in it
  const realOrWritten = (path: string): string => {
    try {
      return workspaces.find(path)
    } catch {
      return path
    }
  }
  const find = async (agent: string, given: string | undefined): Promise<Found> => {
    await settle()
    const workspace = given === undefined ? undefined : realOrWritten(given)
    const isMeant = (each: { agent: string; workspace: string }): boolean =>
      each.agent === agent && (workspace === undefined || each.workspace === workspace)
    const cloned = clones.list().filter(isMeant)
    const [clone] = cloned
    // with files to decide on as well, or several clones, the caller has to say which
    if (clone !== undefined && cloned.length === 1 && !sets.list().some(isMeant))
      return { mode: 'worktree', clone }
    return { mode: 'overlay', set: sets.find(agent, workspace) }
  }
  return {
    async changesList({ agent }) {
      await settle()
      const found = [
        ...sets.list().map((set) => setAnswer(set, sets.isInUse(set))),
        ...clones.list().map((clone) => cloneAnswer(clone, clones.isInUse(clone))),
      ]
      return { sets: found.filter((each) => agent === undefined || each.agent === agent) }
    },
    async changesShow({ agent, workspace, path, diff }) {
      const found = await find(agent, workspace)
      if (found.mode === 'worktree') {
        const branches = await clones.pending(found.clone)
        const digest = digestOf(branches.map(({ ref, after }) => [ref, after]))
        const about = cloneAnswer(found.clone, clones.isInUse(found.clone))
        return { ...about, changes: [], branches, complete: true, digest }
      }
      return await showSet(found.set, { path, diff: diff === true })
    },
    async changesApply(input, { credential }) {
      const found = await find(input.agent, input.workspace)
      return found.mode === 'worktree'
        ? await fetchClone(found.clone, credential)
        : await applySet(found.set, input, credential)
    },
    async changesDiscard({ agent, workspace, paths: given }, { credential }) {
      const found = await find(agent, workspace)
      const about = found.mode === 'worktree' ? found.clone : found.set
      const paths = found.mode === 'worktree' ? [] : relativePaths(about.workspace, given)
      const count = await countOf(async () => {
        if (paths.length > 0) return 0
        return found.mode === 'worktree'
          ? (await clones.pending(found.clone)).length
          : (await changes.show(found.set)).report.changes.length
      })
      const what = paths.length === 0 ? 'everything' : paths.join(' ')
      const asked = {
        credential,
        namespace: 'config',
        verb: 'write',
        resource: `changes/${about.agent}/${about.id}`,
        risk: 'medium' as const,
        reason: `discard ${what} that ${about.agent} changed in ${about.workspace}`.slice(0, 500),
        input: { discard: about.id, paths },
      }
      const { value } = await acts.act(asked, CHANGES_DOOR, async () => {
        if (found.mode === 'overlay') return await changes.discard(found.set, paths)
        await clones.remove(found.clone)
        return 0
      })
      return { workspace: about.workspace, discarded: value + count, closed: paths.length === 0 }
    },
  }

  async function showSet(
    set: ChangeSet,
    { path, diff }: { path: string | undefined; diff: boolean },
  ): Promise<OutputOf<'changesShow'>> {
    const { report, isInUse } = await changes.show(set)
    const [only] = path === undefined ? [] : relativePaths(set.workspace, [path])
    const wanted = report.changes.filter(
      (change) => only === undefined || change.path === only || change.path.startsWith(`${only}/`),
    )
    const left = { characters: diff ? MOST_DIFF_CHARACTERS : 0 }
    const answers: ChangeAnswer[] = []
    for (const change of wanted)
      answers.push(await changeAnswer(change, left, () => changes.diff(set, change)))
    return {
      ...setAnswer(set, isInUse),
      changes: answers,
      branches: [],
      complete: report.complete,
      digest: report.digest,
    }
  }

  async function applySet(
    set: ChangeSet,
    { paths: given, accept, digest: expected }: ParsedInputOf<'changesApply'>,
    credential: Credential,
  ): Promise<OutputOf<'changesApply'>> {
    const paths = relativePaths(set.workspace, given)
    const { report } = await changes.show(set)
    const digest = expected ?? report.digest
    const asked = {
      credential,
      namespace: 'fs',
      verb: 'write',
      resource: set.workspace,
      risk: 'medium' as const,
      reason: reasonOf(set, { ...report, paths, accept }),
      // the permit is for these very changes: their digest holds every path, mode and content
      input: { set: set.id, digest, paths, accept },
    }
    const { value } = await acts.act(asked, CHANGES_DOOR, () =>
      changes.apply(set, { paths, accept: new Set(accept), digest }),
    )
    return {
      workspace: set.workspace,
      applied: value.applied.map(({ path }) => path),
      left: value.left.map(({ change, why }) => ({ path: change.path, why })),
      branches: [],
      snapshot: value.snapshot,
      closed: value.isClosed,
    }
  }

  async function fetchClone(clone: Clone, credential: Credential): Promise<OutputOf<'changesApply'>> {
    const asked = {
      credential,
      namespace: 'fs',
      verb: 'write',
      resource: clone.workspace,
      risk: 'medium' as const,
      reason: `take over the commits of ${clone.agent} as refs/warder/${clone.agent}`,
      input: { clone: clone.id },
    }
    const { value } = await acts.act(asked, CHANGES_DOOR, () => clones.fetch(clone))
    return { workspace: clone.workspace, applied: [], left: [], branches: value, closed: false }
  }
}

/** A change set that cannot be read any more can still be discarded. */
async function countOf(count: () => Promise<number>): Promise<number> {
  try {
    return await count()
  } catch {
    return 0
  }
}

function setAnswer({ id, agent, workspace, openedAt }: ChangeSet, inUse: boolean) {
  return { id, agent, workspace, mode: 'overlay' as const, openedAt, inUse }
}

function cloneAnswer({ id, agent, workspace, madeAt }: Clone, inUse: boolean) {
  return { id, agent, workspace, mode: 'worktree' as const, openedAt: madeAt, inUse }
}

async function changeAnswer(
  { stood: _stood, flags, sameFile, ...change }: Change,
  left: { characters: number },
  diffOf: () => Promise<string | undefined>,
): Promise<ChangeAnswer> {
  const diff = left.characters > 0 ? await diffOf() : undefined
  left.characters -= diff?.length ?? 0
  return {
    ...change,
    flags: [...flags],
    ...(sameFile === undefined ? {} : { sameFile: [...sameFile] }),
    ...(diff === undefined || diff === '' ? {} : { diff }),
  }
}

function reasonOf(
  { agent }: ChangeSet,
  about: { changes: readonly Change[]; paths: readonly string[]; accept: readonly string[] },
): string {
  const what = about.paths.length === 0 ? `all ${about.changes.length} changes` : about.paths.join(' ')
  const accepted = about.accept.length === 0 ? '' : `, accepted: ${about.accept.join(' ')}`
  return `apply ${what} of ${agent}${accepted}`.slice(0, 500)
}
