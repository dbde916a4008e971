import { isMembers, type Members } from './frame.ts'
import { isQuickPattern } from '../../core/quick-pattern.ts'
import {
  checkArray,
  checkObject,
  checkScalar,
  OverBudget,
  type Look,
  type Misfit,
  type Spend,
} from './json-schema-words.ts'

/**
 * The schemas servers advertise for what they take and give (JSON Schema 2020-12 and draft 7), checked without making
 * code of them and within a budget: the schema is a stranger's, and so may be the value. Formats are not checked;
 * patterns that could take for ever are left out; what refers to somewhere else is refused.
 */

interface Run {
  readonly root: Members
  /** From a budget; when nothing is left the value counts as one that does not fit. */
  readonly spend: Spend
}

const MOST_STEPS = 50_000
const MOST_DEPTH = 100

/** @returns undefined when the value fits */
export function misfit(schema: unknown, value: unknown, steps = MOST_STEPS): Misfit | undefined {
  if (!isMembers(schema)) return schema === true ? undefined : { at: '', what: 'the schema allows nothing' }
  let left = steps
  const spend: Spend = (cost) => {
    left -= cost
    if (left <= 0) throw new OverBudget()
  }
  const run: Run = { root: schema, spend }
  const look: Look = (inner, part, at, depth) => looked(run, look, inner, part, at, depth)
  try {
    return look(schema, value, '', 0)
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error
    return { at: '', what: 'it takes too long to check' } // under `not` as well: what was not checked does not fit
  }
}

function looked(
  run: Run,
  look: Look,
  schema: unknown,
  value: unknown,
  at: string,
  depth: number,
): Misfit | undefined {
  run.spend(1)
  if (depth > MOST_DEPTH) throw new OverBudget()
  if (schema === true) return undefined
  if (!isMembers(schema)) return { at, what: 'nothing is allowed there' }
  return (
    referred(run, look, schema, value, at, depth) ??
    checkScalar(schema, value, at, run.spend) ??
    (Array.isArray(value)
      ? checkArray(schema, value as unknown[], { look, ...run, at, depth })
      : undefined) ??
    (isMembers(value) ? checkObject(schema, value, { look, ...run, at, depth }) : undefined) ??
    combined(look, schema, value, at, depth)
  )
}

function referred(
  { root }: Run,
  look: Look,
  schema: Members,
  value: unknown,
  at: string,
  depth: number,
): Misfit | undefined {
  const to = schema['$ref']
  if (to === undefined) return undefined
  const target = typeof to === 'string' && to.startsWith('#') ? pointed(root, to.slice(1)) : undefined
  if (target === undefined) return { at, what: 'the schema refers to something it does not hold' }
  return look(target, value, at, depth + 1)
}

/** RFC 6901, within the schema itself. */
function pointed(root: Members, pointer: string): unknown {
  if (pointer === '') return root
  if (!pointer.startsWith('/')) return undefined
  let here: unknown = root
  for (const part of pointer.slice(1).split('/')) {
    const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as Members)[name]
  }
  return here
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function combined(
  look: Look,
  schema: Members,
  value: unknown,
  at: string,
  depth: number,
): Misfit | undefined {
  const fits = (each: unknown): boolean => look(each, value, at, depth + 1) === undefined
  const list = (word: string): unknown[] => (Array.isArray(schema[word]) ? schema[word] : [])
  for (const each of list('allOf')) {
    const wrong = look(each, value, at, depth + 1)
    if (wrong !== undefined) return wrong
  }
  if (schema['anyOf'] !== undefined && !list('anyOf').some(fits))
    return { at, what: 'it fits none of the choices' }
  if (schema['oneOf'] !== undefined) {
    const count = list('oneOf').filter(fits).length
    if (count !== 1) return { at, what: `it fits ${count === 0 ? 'none' : 'more than one'} of the choices` }
  }
  if (schema['not'] !== undefined && fits(schema['not'])) return { at, what: 'it is what it must not be' }
  if (schema['if'] === undefined) return undefined
  const then = fits(schema['if']) ? schema['then'] : schema['else']
  return then === undefined ? undefined : look(then, value, at, depth + 1)
}

/** Patterns of a schema that are not checked, because a text could be found on which they take for ever. */
export function slowPatterns(schema: unknown, depth = 0): string[] {
  if (typeof schema !== 'object' || schema === null || depth > MOST_DEPTH) return []
  const own =
    isMembers(schema) && typeof schema['pattern'] === 'string' && !isQuickPattern(schema['pattern'])
      ? [schema['pattern'].slice(0, 100)]
      : []
  return [...own, ...Object.values(schema).flatMap((each) => slowPatterns(each, depth + 1))]
}
