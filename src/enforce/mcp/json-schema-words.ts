import { isMembers, type Members } from './frame.ts'
import { patternOf } from '../../core/quick-pattern.ts'

/** Why a value does not fit: where, and what is wrong there, without the value. */
export interface Misfit {
  /** A JSON pointer; '' for the whole. */
  readonly at: string
  readonly what: string
}

/** Takes so much of the budget. @throws OverBudget when nothing is left */
export type Spend = (steps: number) => void

export class OverBudget extends Error {
  override readonly name = 'OverBudget'
}

/** Looks at one value with one schema. */
export type Look = (schema: unknown, value: unknown, at: string, depth: number) => Misfit | undefined

interface At {
  readonly look: Look
  readonly spend: Spend
  readonly at: string
  readonly depth: number
}

/** To compare each with each costs more than it tells. */
const MOST_UNIQUE = 10_000

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: isMembers,
}

/** What is said of a value without looking into it: type, enum, const, numbers, texts. */
export function checkScalar(schema: Members, value: unknown, at: string, spend: Spend): Misfit | undefined {
  const { type } = schema
  if (type !== undefined) {
    const names = Array.isArray(type) ? (type as unknown[]) : [type]
    const isOne = names.some(
      (name) => typeof name === 'string' && Object.hasOwn(TYPES, name) && TYPES[name]!(value),
    )
    if (!isOne) return { at, what: `it is no ${names.map(String).join(' or ').slice(0, 80)}` }
  }
  if (Object.hasOwn(schema, 'const') && !isSameAs(value, spend)(schema['const']))
    return { at, what: 'it is not the one value' }
  if (Array.isArray(schema['enum'])) {
    spend(schema['enum'].length / CHEAP)
    if (!schema['enum'].some(isSameAs(value, spend))) return { at, what: 'it is none of the values' }
  }
  if (typeof value === 'number') return checkNumber(schema, value, at)
  return typeof value === 'string' ? checkString(schema, value, at, spend) : undefined
}

/** So many of the cheapest comparisons are one step. */
const CHEAP = 100
/** So many characters read are one step. */
const CHARACTERS = 2000

function checkNumber(schema: Members, value: number, at: string): Misfit | undefined {
  const bound = (word: string): number | undefined => {
    const limit = schema[word]
    return typeof limit === 'number' ? limit : undefined
  }
  const [least, most] = [bound('minimum'), bound('maximum')]
  const [above, below] = [bound('exclusiveMinimum'), bound('exclusiveMaximum')]
  const step = bound('multipleOf')
  if (least !== undefined && value < least) return { at, what: `it is less than ${least}` }
  if (most !== undefined && value > most) return { at, what: `it is more than ${most}` }
  if (above !== undefined && value <= above) return { at, what: `it is not more than ${above}` }
  if (below !== undefined && value >= below) return { at, what: `it is not less than ${below}` }
  if (step === undefined || step <= 0) return undefined
  const quotient = value / step
  const isMultiple = Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient))
  return isMultiple ? undefined : { at, what: `it is no multiple of ${step}` }
}

function checkString(schema: Members, value: string, at: string, spend: Spend): Misfit | undefined {
  const { minLength, maxLength, pattern } = schema
  if (typeof minLength === 'number' && isShorter(value, minLength, spend))
    return { at, what: `it is shorter than ${minLength}` }
  if (typeof maxLength === 'number' && !isShorter(value, maxLength + 1, spend))
    return { at, what: `it is longer than ${maxLength}` }
  if (typeof pattern !== 'string') return undefined
  // what cannot be told in time passes: it is the server's own wish, which it can look after itself
  return isMatch(pattern, value, spend) === false ? { at, what: 'it does not match the pattern' } : undefined
}

/** So many tries of a pattern are one step. */
const TRIES = 2000

function isMatch(source: string, text: string, spend: Spend): boolean | undefined {
  const pattern = patternOf(source)
  spend(0.05 + (pattern?.tries(text.length) ?? 0) / TRIES)
  return pattern?.matches(text)
}

/** In characters, as the standard counts them, and only where the cheaper count leaves a doubt: two units are one at most. */
function isShorter(value: string, length: number, spend: Spend): boolean {
  if (value.length < length) return true
  if (value.length >= 2 * length) return false
  spend(value.length / CHARACTERS)
  let count = 0
  for (const _ of value) count += 1
  return count < length
}

export function checkArray(
  schema: Members,
  value: readonly unknown[],
  { look, spend, at, depth }: At,
): Misfit | undefined {
  const { minItems, maxItems, prefixItems, items, contains, uniqueItems } = schema
  if (typeof minItems === 'number' && value.length < minItems)
    return { at, what: `it has fewer than ${minItems} items` }
  if (typeof maxItems === 'number' && value.length > maxItems)
    return { at, what: `it has more than ${maxItems} items` }
  // draft 7 writes a list under `items` for what is now `prefixItems`
  const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
  const rest = Array.isArray(items) ? schema['additionalItems'] : items
  for (const [i, each] of value.entries()) {
    const wanted: unknown = i < first.length ? first[i] : rest
    const wrong = wanted === undefined ? undefined : look(wanted, each, `${at}/${i}`, depth + 1)
    if (wrong !== undefined) return wrong
  }
  if (
    contains !== undefined &&
    !value.some((each, i) => look(contains, each, `${at}/${i}`, depth + 1) === undefined)
  ) {
    return { at, what: 'it lacks an item it must contain' }
  }
  if (uniqueItems !== true || value.length > MOST_UNIQUE) return undefined
  const seen = new Set(value.map((each) => stable(each, spend)))
  return seen.size === value.length ? undefined : { at, what: 'an item stands in it twice' }
}

export function checkObject(schema: Members, value: Members, where: At): Misfit | undefined {
  const { look, spend, at, depth } = where
  const names = Object.keys(value)
  spend(names.length / CHEAP)
  const { minProperties, maxProperties, required, propertyNames } = schema
  if (typeof minProperties === 'number' && names.length < minProperties)
    return { at, what: 'it has too few members' }
  if (typeof maxProperties === 'number' && names.length > maxProperties)
    return { at, what: 'it has too many members' }
  if (Array.isArray(required)) {
    spend(required.length / CHEAP)
    const missing = required.find((name) => typeof name === 'string' && !Object.hasOwn(value, name)) as string
    if (missing !== undefined) return { at, what: `${short(missing)} is missing` }
  }
  const dependent = checkDependent(schema, value, where)
  if (dependent !== undefined) return dependent
  const properties = isMembers(schema['properties']) ? schema['properties'] : {}
  const patterns = isMembers(schema['patternProperties']) ? Object.entries(schema['patternProperties']) : []
  for (const name of names) {
    const inner = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 80)}`
    const own = Object.hasOwn(properties, name) ? [properties[name]] : []
    const matched = patterns.filter(([pattern]) => isMatch(pattern, name, spend) === true)
    const wanted = [...own, ...matched.map(([, each]) => each)]
    if (wanted.length === 0 && schema['additionalProperties'] !== undefined) {
      if (schema['additionalProperties'] === false) return { at, what: `there is no ${short(name)}` }
      wanted.push(schema['additionalProperties'])
    }
    if (propertyNames !== undefined) {
      const wrong = look(propertyNames, name, inner, depth + 1)
      if (wrong !== undefined) return wrong
    }
    for (const each of wanted) {
      const wrong = look(each, value[name], inner, depth + 1)
      if (wrong !== undefined) return wrong
    }
  }
  return undefined
}

function checkDependent(schema: Members, value: Members, { at, spend }: At): Misfit | undefined {
  const { dependentRequired } = schema
  if (!isMembers(dependentRequired)) return undefined
  spend(Object.keys(dependentRequired).length / CHEAP)
  for (const [name, needed] of Object.entries(dependentRequired)) {
    if (!Object.hasOwn(value, name) || !Array.isArray(needed)) continue
    spend(needed.length / CHEAP)
    const missing = needed.find((each) => typeof each === 'string' && !Object.hasOwn(value, each)) as string
    if (missing !== undefined) return { at, what: `${short(missing)} is missing beside ${short(name)}` }
  }
  return undefined
}

function short(name: string): string {
  return JSON.stringify(name.slice(0, 80))
}

/** Whether another is the same; what the one is as text is made out once. */
function isSameAs(one: unknown, spend: Spend): (other: unknown) => boolean {
  let text: string | undefined
  return (other) => {
    if (one === other) return true
    if (typeof one !== 'object' || typeof other !== 'object') return false
    text ??= stable(one, spend)
    return text === stable(other, spend)
  }
}

/** The same text for the same value, whatever the order of its keys. */
function stable(value: unknown, spend: Spend): string {
  spend(typeof value === 'string' ? 0.1 + value.length / CHARACTERS : 0.1)
  if (Array.isArray(value)) return `[${value.map((each) => stable(each, spend)).join(',')}]`
  if (!isMembers(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${stable(value[name], spend)}`)
  return `{${members.join(',')}}`
}
