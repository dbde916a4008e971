import { createHash } from 'node:crypto'
import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { stampOf, type Base } from './base.ts'
import { FLAG_MEANINGS, isAsked, isNever, type AcceptableFlag, type Change } from './change.ts'
import { inParent } from './below.ts'
import { calmPieces, closeFile, writeAll } from './bytes.ts'
import type { Directory } from './directory.ts'
import { WorkspaceError } from './errors.ts'
import { marksOf, ownAttributes } from './overlay.ts'
import type { Owner, Wish } from './stage.ts'

export interface Left {
  readonly change: Change
  readonly why: string
}

export interface Choice {
  readonly chosen: readonly Change[]
  /** What was asked for and is not done, each with the reason and the way on. */
  readonly left: readonly Left[]
}

/**
 * Which of the changes are applied: those asked for, without what is flagged, unless that flag was accepted.
 *
 * @param paths relative to the workspace, each with what is below; none means all
 */
export function choose(
  changes: readonly Change[],
  paths: readonly string[],
  accepted: ReadonlySet<AcceptableFlag>,
): Choice {
  const asked = changes.filter(({ path }) => isAsked(path, paths) || isNeededFor(path, changes, paths))
  const chosen: Change[] = []
  const left: Left[] = []
  const closed = new Set<string>()
  // parents come first, because the report is sorted by path
  for (const change of asked) {
    const why = whyNot(change, accepted) ?? belowClosed(change.path, closed)
    if (why === undefined) chosen.push(change)
    else left.push({ change, why })
    if (why !== undefined && makesDirectory(change)) closed.add(change.path)
  }
  return { chosen, left }
}

/** A new directory goes along with what is asked for in it. */
function isNeededFor(path: string, changes: readonly Change[], paths: readonly string[]): boolean {
  const isAbove = paths.some((each) => each.startsWith(`${path}/`))
  return isAbove && changes.some((change) => change.path === path && makesDirectory(change))
}

function makesDirectory({ what, after }: Change): boolean {
  return after?.kind === 'directory' && what !== 'mode'
}

function whyNot({ path, flags }: Change, accepted: ReadonlySet<AcceptableFlag>): string | undefined {
  const never = flags.filter(isNever)
  if (never.length > 0) return `never applied: ${never.map((flag) => FLAG_MEANINGS[flag]).join('; ')}`
  const open = flags.filter((flag) => !isNever(flag) && !accepted.has(flag))
  if (open.length === 0) return undefined
  const reasons = open.map((flag) => FLAG_MEANINGS[flag]).join('; ')
  const hint = open.includes('conflict')
    ? `compare both, then take the agent's with --path ${path} --accept ${open.join(',')}, or drop it with: warder changes discard --path ${path}`
    : `take it with --accept ${open.join(',')}`
  return `${reasons}; ${hint}`
}

function belowClosed(path: string, closed: ReadonlySet<string>): string | undefined {
  const outer = [...closed].find((each) => path.startsWith(`${each}/`))
  return outer === undefined ? undefined : `its directory ${outer} is left out`
}

export interface WishOptions {
  readonly upper: Directory
  readonly lower: Directory
  readonly attributes: ExtendedAttributes
  /** Set when Warder is root: new files belong to whom the agent ran as. */
  readonly owner?: Owner
}

/** The transaction that does what was chosen. */
export function wishesFor(chosen: readonly Change[], options: WishOptions): Wish[] {
  const steps = chosen.flatMap((change) => wishFor(change, options))
  return [...steps, ...chosen.flatMap((change) => modeWish(change, options)).toReversed()]
}

function wishFor(change: Change, options: WishOptions): Wish[] {
  const { path, what, after, stood } = change
  const expects = stood ?? null
  const owner = options.owner === undefined ? {} : { owner: options.owner }
  if (what === 'deleted') return [{ kind: 'remove', path, expects }]
  if (what === 'mode' || after === undefined) return []
  if (after.kind === 'directory') return [{ kind: 'directory', path, expects }]
  if (after.kind === 'link') return [{ kind: 'link', path, expects, target: after.target ?? '', ...owner }]
  const fill = (fd: number): Promise<void> => copyFromUpper(options, change, fd)
  return [{ kind: 'file', path, expects, mode: after.mode, fill, ...owner }]
}

/** Permissions come last and from the inside out: a directory may be shut by them. */
function modeWish({ path, what, after, before }: Change, { owner }: WishOptions): Wish[] {
  const isNewDirectory = after?.kind === 'directory' && (what === 'added' || what === 'replaced')
  if (after === undefined || (what !== 'mode' && !isNewDirectory)) return []
  const was = isNewDirectory || before === undefined ? {} : { was: before.mode }
  const given = isNewDirectory && owner !== undefined ? { owner } : {}
  return [{ kind: 'mode', path, expects: null, mode: after.mode, ...was, ...given }]
}

/** @throws WorkspaceError `CHANGES_MOVED_ON` when the content is not the one that was looked at */
async function copyFromUpper(
  { upper, attributes }: WishOptions,
  { path, after }: Change,
  to: number,
): Promise<void> {
  const from = inParent(upper, path, (parent, name) => parent.file(name))
  if (from === undefined) throw movedOn(path)
  const hash = createHash('sha256')
  try {
    for await (const piece of calmPieces(from)) {
      hash.update(piece)
      writeAll(to, piece)
    }
    for (const [key, value] of ownAttributes(attributes, from)) attributes.set(to, key, value)
  } finally {
    closeFile(from)
  }
  if (hash.digest('hex') !== after?.digest) throw movedOn(path)
}

function movedOn(path: string): WorkspaceError {
  return new WorkspaceError(
    'CHANGES_MOVED_ON',
    `${path} is not what was looked at any more; nothing was applied`,
    'look again: warder changes show AGENT',
    { where: path },
  )
}

/**
 * Takes what is now in the workspace out of the upper layer, so that the agent sees the workspace's own again. Below
 * an opaque directory nothing is taken out: there the workspace does not show through.
 */
export function takeOut(upper: Directory, changes: readonly Change[], attributes: ExtendedAttributes): void {
  for (const { path, after } of changes.toReversed()) {
    if (after?.kind === 'directory' || isCovered(upper, path, attributes)) continue
    inParent(upper, path, (parent, name) => parent.removeAll(name))
  }
}

/** Whether a directory above `path` hides the workspace's. */
export function isCovered(upper: Directory, path: string, attributes: ExtendedAttributes): boolean {
  const components = path.split('/').slice(0, -1)
  return components.some((_, at) => {
    const outer = components.slice(0, at + 1).join('/')
    return (
      inParent(upper, outer, (parent, name) => {
        const child = parent.child(name)
        if (child === undefined) return false
        try {
          return marksOf(attributes, child.fd).isOpaque
        } finally {
          child.close()
        }
      }) === true
    )
  })
}

/** The base as it is after these paths were changed on purpose. */
export function renewed(base: Base, lower: Directory, paths: readonly string[]): Base {
  const next = new Map(base)
  for (const path of paths) {
    const now = inParent(lower, path, (parent, name) => parent.look(name))
    if (now === undefined) next.delete(path)
    else next.set(path, stampOf(now))
  }
  return next
}
