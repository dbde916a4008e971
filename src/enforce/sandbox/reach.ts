import { basename, dirname, join } from 'node:path'
import { SandboxError } from './errors.ts'
import { between, isWithin, matchesPath, pathPattern } from './paths.ts'
import { whyTooWide } from './guard.ts'
import { linksOn } from './links.ts'
import { mask, matchesIn, readOnly, type Found, type Tree } from './tree.ts'
import type { Lookup } from './lookup.ts'
import type { Mount } from './spec.ts'

/** One thing policy says about files, for the agent of this run. */
export interface Reach {
  readonly effect: 'allow' | 'deny'
  readonly verb: 'read' | 'write'
  /** A path pattern: `/srv/data/**`, `/etc/motd`. */
  readonly pattern: string
  /** The rule it comes from, for explanations. */
  readonly rule: string
}

export interface ReachPlan {
  readonly trees: readonly (Tree & { readonly why: string })[]
  /** What the denies mean for one visible tree. */
  denied(tree: Tree, found: Found): readonly Mount[]
  readonly notEnforced: readonly string[]
  readonly notes: readonly string[]
}

interface Around {
  /** What the profile shows by itself. */
  readonly own: readonly Tree[]
  readonly exclusions: readonly string[]
  readonly home: string
  readonly lookup: Lookup
}

/**
 * Turns policy's patterns into mounts. An allow that cannot become one is told in `notes` and gives nothing; a deny
 * that can only be kept for what exists now is told in `notEnforced`.
 */
export function planReach(reach: readonly Reach[], around: Around): ReachPlan {
  const denies = once(reach.filter(({ effect }) => effect === 'deny'))
  const allows = reach
    .filter(({ effect }) => effect === 'allow')
    .map((rule) => kept(rule, planAllow(rule, around), denies, around.lookup))
  return {
    trees: widening(
      allows.flatMap((plan) => (typeof plan === 'string' ? [] : [plan])),
      around.own,
    ),
    notes: allows.filter((plan) => typeof plan === 'string'),
    denied: (tree, found) => denies.flatMap((rule) => planDeny(rule, tree, found, around.lookup)),
    notEnforced: unique(
      denies
        .filter(({ pattern }) => pathPattern(pattern).shape === 'loose')
        .map(
          ({ rule, pattern }) =>
            `${rule} denies ${pattern}: kept for what is there at the start, in the upper directories, not behind links`,
        ),
    ),
  }
}

/** A deny of every verb comes five times, and is two things to do: what may not be made may not be written. */
function once(denies: readonly Reach[]): Reach[] {
  return [...new Map(denies.map((deny) => [[deny.verb, deny.pattern, deny.rule].join('\n'), deny])).values()]
}

/** And one thing to say. */
function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)]
}

type Allowed = ReachPlan['trees'][number]

/**
 * Only what shows more: two allows of one place give the wider one, and an allow never narrows what surrounds it, for a
 * mount inside another one would. Where the profile shows a place itself, its word on writing stands.
 */
function widening(allowed: readonly Allowed[], own: readonly Tree[]): Allowed[] {
  const merged = [...Map.groupBy(allowed, ({ path }) => path).values()].flatMap(
    (same) => same.find(({ access }) => access === 'write') ?? same.slice(0, 1),
  )
  const isCovered = (tree: Allowed) =>
    own.some(({ path }) => path === tree.path) ||
    [...own, ...merged].some(
      (top) =>
        top.path !== tree.path &&
        isWithin(tree.path, top.path) &&
        (top.access === 'write' || tree.access === 'read'),
    )
  return merged.filter((tree) => !isCovered(tree))
}

/** What a deny covers as a whole is not shown at all: masks keep things shut inside directories, not what is itself allowed. */
function kept(
  allow: Reach,
  tree: Allowed | string,
  denies: readonly Reach[],
  lookup: Lookup,
): Allowed | string {
  if (typeof tree === 'string') return tree
  const deny = denies.find(
    ({ verb, pattern }) => (verb === 'read' || tree.access === 'write') && covers(pattern, tree.path, lookup),
  )
  return deny === undefined ? tree : notShown(allow, `${deny.rule} denies ${deny.verb} of ${deny.pattern}`)
}

function covers(pattern: string, path: string, lookup: Lookup): boolean {
  const { shape, base } = pathPattern(pattern)
  if (shape === 'loose') return matchesPath(pattern, path)
  return [base, lookup.real(base) ?? base].some((top) =>
    shape === 'tree' ? isWithin(path, top) : path === top,
  )
}

function notShown({ verb, pattern, rule }: Reach, why: string): string {
  return `${rule} allows ${verb} of ${pattern}, and the sandbox does not show it: ${why}`
}

function planAllow(allow: Reach, { exclusions, home, lookup }: Around): Allowed | string {
  const { verb, pattern, rule } = allow
  const { shape, base } = pathPattern(pattern)
  const no = (why: string) => notShown(allow, why)
  if (shape === 'loose') return no('only a whole path, or a directory followed by /**, can be shown')
  const path = lookup.real(base)
  const seen = path === undefined ? undefined : lookup.look(path)
  if (path === undefined || seen === undefined) return no('there is nothing at that path')
  const excluded = exclusions.find((exclusion) => isWithin(path, exclusion))
  const why = excluded === undefined ? whyTooWide(path, home) : `lies under the hard exclusion ${excluded}`
  if (why !== undefined) return no(`${path} ${why}`)
  if (shape === 'exact' && seen.kind === 'directory')
    return no('it is a directory: write the pattern with /**')
  if (seen.kind !== 'directory' && seen.kind !== 'file') return no('it is neither a file nor a directory')
  return { path, access: verb, why: rule }
}

function planDeny(
  { verb, pattern, rule }: Reach,
  tree: Tree,
  found: Found,
  lookup: Lookup,
): readonly Mount[] {
  const { shape, base } = pathPattern(pattern)
  const coversTree =
    shape === 'loose'
      ? matchesPath(pattern, tree.path)
      : [base, lookup.real(base) ?? base].some((top) => isWithin(tree.path, top))
  if (coversTree && (verb === 'read' || tree.access === 'write')) {
    throw new SandboxError(
      'SANDBOX_PATH_EXCLUDED',
      `${rule} denies ${verb} of ${pattern}, and this run would show ${tree.path}`,
      'choose another workspace, or a profile that does not show it',
    )
  }
  if (verb === 'write' && tree.access !== 'write') return []
  const paths = shape === 'loose' ? matchesIn(pattern, found) : [base]
  // before it is known where they lead: a link that leads out of the tree still lies in it
  if (verb === 'write') for (const path of new Set([base, ...paths])) refuseLinks(path, rule, tree, lookup)
  return paths.flatMap((path) => denyPath(path, verb, shape === 'tree', rule, tree, lookup))
}

function denyPath(
  path: string,
  verb: 'read' | 'write',
  isTree: boolean,
  rule: string,
  tree: Tree,
  lookup: Lookup,
): readonly Mount[] {
  const target = placeOf(path, lookup)
  if (!isWithin(target, tree.path)) return []
  if (lookup.look(target) !== undefined) {
    return verb === 'read' ? mask(target, rule, lookup) : readOnly(target, rule, lookup)
  }
  if (tree.access !== 'write') return []
  // not there yet: what must not be written must not be made either, nor a directory for it to be made in
  const missing = between(tree.path, target).find((directory) => lookup.look(directory) === undefined)
  // what the agent makes there itself it may read
  if (verb === 'read' && missing !== undefined) return []
  const kind = missing !== undefined || isTree ? 'directory' : 'file'
  return [{ type: 'mask', path: missing ?? target, kind, absent: true, why: rule }]
}

/**
 * The agent could take the link away and put something of its own in its place. Only a link that lies in the writable
 * tree is one of its own to replace, be it the name itself or a directory above it, and wherever it leads.
 */
function refuseLinks(path: string, rule: string, tree: Tree, lookup: Lookup): void {
  const link = linksOn(path, lookup).find((each) => each !== tree.path && isWithin(each, tree.path))
  if (link === undefined) return
  const what = link === path ? 'that is a link' : `on the way there ${link} is a link`
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `${rule} keeps ${path} from being written, and ${what}, which cannot be held in place`,
    'name what the link leads to in the rule, or put the real file or directory there',
  )
}

/** Where a path leads, also when only its directory is there: a name to be made lies where its directory really is. */
function placeOf(path: string, lookup: Lookup): string {
  const directory = lookup.real(dirname(path))
  return lookup.real(path) ?? (directory === undefined ? path : join(directory, basename(path)))
}
