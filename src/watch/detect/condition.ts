import { patternOf } from '../../core/quick-pattern.ts'
import type { FieldValue, Observed } from './event.ts'
import type { FieldTest, When } from './schema.ts'

export type Condition = (event: Observed) => boolean
type Test = (value: FieldValue | undefined) => boolean

/** A field of an event, by its name in a rule. */
export function fieldOf(event: Observed, field: string): FieldValue | undefined {
  switch (field) {
    case 'agent':
      return event.agent
    case 'run':
      return event.run
    case 'source':
      return event.source
    case 'type':
      return event.type
    default:
      return Object.hasOwn(event.fields, field) ? event.fields[field] : undefined
  }
}

/**
 * Makes a condition of a rule ready to be asked. Where it cannot be told (a text too long for its pattern) the rule
 * holds, and nothing is spared: whoever makes texts longer must not get past a rule that way.
 *
 * @param home what `~` in a path stands for
 */
export function conditionOf(when: When, unless: When | undefined, home: string): Condition {
  const holds = anyOf(when, { home, unsure: true })
  const spares = unless === undefined ? undefined : anyOf(unless, { home, unsure: false })
  return spares === undefined ? holds : (event) => holds(event) && !spares(event)
}

interface Given {
  readonly home: string
  /** What a test says when it cannot tell. */
  readonly unsure: boolean
}

function anyOf(when: When, given: Given): Condition {
  const all = (Array.isArray(when) ? when : [when]).map((each) => allOf(each, given))
  const [only] = all
  return all.length === 1 && only !== undefined ? only : (event) => all.some((each) => each(event))
}

function allOf(tests: Readonly<Record<string, FieldTest>>, given: Given): Condition {
  const ready = Object.entries(tests).map(([field, test]) => ({ field, test: testOf(test, given) }))
  return (event) => {
    for (const { field, test } of ready) if (!test(fieldOf(event, field))) return false
    return true
  }
}

type Words = string | readonly string[]

function testOf(test: FieldTest, given: Given): Test {
  if (typeof test !== 'object') return (value) => value === test
  if (Array.isArray(test)) return oneOf(test)
  const {
    is,
    in: among,
    begins,
    ends,
    has,
    word,
    begins_word,
    matches,
    under,
    above,
    below,
    there,
    not,
  } = test
  const parts: Test[] = []
  if (is !== undefined) parts.push((value) => value === is)
  if (among !== undefined) parts.push(oneOf(among))
  if (begins !== undefined) parts.push(someText(begins, (text, each) => text.startsWith(each)))
  if (ends !== undefined) parts.push(someText(ends, (text, each) => text.endsWith(each)))
  if (has !== undefined) parts.push(someText(has, (text, each) => text.includes(each)))
  if (word !== undefined) parts.push(someWord(word, (text, each) => text === each))
  if (begins_word !== undefined) parts.push(someWord(begins_word, (text, each) => text.startsWith(each)))
  if (matches !== undefined) parts.push(matching(matches, given.unsure))
  if (under !== undefined) parts.push(pathUnder(under, given.home))
  if (above !== undefined) parts.push((value) => typeof value === 'number' && value > above)
  if (below !== undefined) parts.push((value) => typeof value === 'number' && value < below)
  if (there !== undefined) parts.push((value) => (value !== undefined && value !== '') === there)
  if (not !== undefined) parts.push(opposite(testOf(not, { ...given, unsure: !given.unsure })))
  return (value) => parts.every((part) => part(value))
}

function opposite(test: Test): Test {
  return (value) => !test(value)
}

function oneOf(values: readonly FieldValue[]): Test {
  const set = new Set(values)
  return (value) => value !== undefined && set.has(value)
}

function someText(wanted: Words, fits: (text: string, each: string) => boolean): Test {
  const list = typeof wanted === 'string' ? [wanted] : wanted
  return (value) => typeof value === 'string' && list.some((each) => fits(value, each))
}

function someWord(wanted: Words, fits: (word: string, each: string) => boolean): Test {
  const list = typeof wanted === 'string' ? [wanted] : wanted
  return (value) =>
    typeof value === 'string' && value.split(' ').some((word) => list.some((each) => fits(word, each)))
}

function matching(source: string, unsure: boolean): Test {
  const pattern = patternOf(source)
  return (value) => typeof value === 'string' && (pattern?.matches(value) ?? unsure)
}

function pathUnder(places: readonly string[], home: string): Test {
  const fixed = places.filter((place) => !place.startsWith('**/'))
  const roots = fixed.map((place) =>
    place === '~' || place.startsWith('~/') ? home + place.slice(1) : place,
  )
  const anywhere = places.filter((place) => place.startsWith('**/')).map((place) => place.slice(2))
  return (value) =>
    typeof value === 'string' &&
    (roots.some((root) => value === root || value.startsWith(root.endsWith('/') ? root : `${root}/`)) ||
      anywhere.some((part) => value.endsWith(part) || value.includes(`${part}/`)))
}
