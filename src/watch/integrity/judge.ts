import { digestOf } from '../../core/canonical.ts'
import type { Baseline } from './baseline.ts'
import { differences, type Category, type Entry, type Field } from './entry.ts'

/** One thing that is not as it was signed. */
export interface Violation {
  readonly path: string
  readonly category: Category
  readonly what: 'changed' | 'replaced' | 'new' | 'missing'
  readonly fields: readonly Field[]
  /** Names the change: the same file in the same wrong state has the same. */
  readonly key: string
  readonly before?: Entry
  readonly after?: Entry
}

/** Everything that differs from the baseline, by path. */
export function judge(baseline: Baseline, seen: ReadonlyMap<string, Entry>): Violation[] {
  const found: Violation[] = []
  const signed = new Set<string>()
  for (const before of baseline.entries) {
    signed.add(before.path)
    const violation = compare(before, seen.get(before.path))
    if (violation !== undefined) found.push(violation)
  }
  for (const after of seen.values()) {
    if (!signed.has(after.path)) found.push(violationOf('new', [], undefined, after))
  }
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

export function compare(before: Entry, after: Entry | undefined): Violation | undefined {
  if (after === undefined) return violationOf('missing', [], before, undefined)
  if (after === before) return undefined
  const fields = differences(before, after)
  if (fields.length === 0) return undefined
  // the number of a file that is gone is given to the next one that is made: when it was made tells them apart
  const isOther = (['inode', 'birth', 'kind'] as const).some((field) => fields.includes(field))
  return violationOf(isOther ? 'replaced' : 'changed', fields, before, after)
}

function violationOf(
  what: Violation['what'],
  fields: readonly Field[],
  before: Entry | undefined,
  after: Entry | undefined,
): Violation {
  const { path, category } = (before ?? after)!
  const { mark: _mark, ...state } = after ?? { mark: '' }
  const key = digestOf({ path, what, state }).slice(0, 24)
  return {
    ...{ path, category, what, fields, key },
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  }
}

export const STATES = ['unknown', 'trusted', 'degraded', 'recovery_required'] as const
export type IntegrityState = (typeof STATES)[number]

/** So many violations at one time are no accident. */
const RECOVERY_AT = 3

/** What people and agents change in the ordinary course: it is told, and makes nobody recover anything. */
const ORDINARY: readonly Category[] = ['policy', 'agent-settings']

/** The state these violations alone would be. */
export function stateOf(violations: readonly Pick<Violation, 'category'>[]): IntegrityState {
  const grave = violations.filter(({ category }) => !ORDINARY.includes(category)).length
  if (grave >= RECOVERY_AT) return 'recovery_required'
  return violations.length > 0 ? 'degraded' : 'trusted'
}

/** The worse of two; it never gets better by itself. */
export function worse(a: IntegrityState, b: IntegrityState): IntegrityState {
  return STATES.indexOf(a) >= STATES.indexOf(b) ? a : b
}

/** In words for people, without what the file holds. */
export function describe({ path, what, fields }: Violation): string {
  if (what === 'new') return `${path} was not there when the baseline was taken`
  if (what === 'missing') return `${path} is gone`
  const words = fields.map((field) => WORDS[field]).join(', ')
  return what === 'replaced' ? `${path} is another file: ${words}` : `${path} was changed: ${words}`
}

const WORDS: Readonly<Record<Field, string>> = {
  kind: 'kind',
  target: 'where it leads',
  sha256: 'content',
  size: 'size',
  inode: 'inode',
  birth: 'time it was made',
  mode: 'permissions',
  uid: 'owner',
  gid: 'group',
  links: 'number of names',
  xattrs: 'extended attributes',
}
