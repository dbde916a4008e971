/**
 * Data can leave in names alone: a question for `6d79.key.evil.example` reaches whoever serves `evil.example`, even when
 * no connection follows. An agent chooses names only below a wildcard or where somebody said yes, so there they are
 * counted: below one parent, over a whole run.
 */
export const NAME_LIMITS = {
  /** What one program talks to below one domain is a few names; package mirrors and buckets are dozens. */
  distinct: 100,
  /** All different labels together: enough for 100 ordinary names, and no more than a page of text. */
  payloadBytes: 2048,
  /** Ordinary labels are words. 24 letters of base 32 carry 15 bytes, worth the trouble to somebody who carries data out. */
  longLabel: 24,
  /** Of its letters and digits, one in so many stands beside one of the other kind: twice as often as in names people give. */
  lettersPerChange: 8,
  /** Letters in a row without a vowel: no word has so many. */
  consonants: 6,
  /** Content addresses and endpoints with an id in their name look random as well, but there are few of them. */
  random: 8,
  /** Parents that are remembered; with more, nothing new is looked up. */
  parents: 256,
} as const

interface Parent {
  readonly names: Set<string>
  payloadBytes: number
  random: number
  isSpent: boolean
}

/** The names of one run. Memory is bounded by the limits themselves. */
export class NameCount {
  readonly #parents = new Map<string, Parent>()

  /**
   * @param parent what the agent could not choose: the name behind the wildcard
   * @returns why the name is refused; undefined when it may be looked up
   */
  refuse(name: string, parent: string): string | undefined {
    const known = this.#parents.get(parent)
    if (known === undefined && this.#parents.size >= NAME_LIMITS.parents)
      return 'too many domains were asked for in one run'
    const seen = known ?? { names: new Set(), payloadBytes: 0, random: 0, isSpent: false }
    this.#parents.set(parent, seen)
    if (seen.names.has(name)) return undefined
    if (seen.isSpent) return `names below ${parent} carry too much`
    const label = name.endsWith(`.${parent}`) ? name.slice(0, -parent.length - 1) : name
    seen.payloadBytes += label.length
    seen.random += looksRandom(label) ? 1 : 0
    const why = excess(seen, parent)
    seen.isSpent = why !== undefined
    if (why === undefined) seen.names.add(name)
    return why
  }
}

function excess({ names, payloadBytes, random }: Parent, parent: string): string | undefined {
  if (names.size >= NAME_LIMITS.distinct)
    return `more than ${NAME_LIMITS.distinct} different names below ${parent}`
  if (payloadBytes > NAME_LIMITS.payloadBytes)
    return `the names below ${parent} hold more than ${NAME_LIMITS.payloadBytes} bytes`
  if (random > NAME_LIMITS.random) return `more than ${NAME_LIMITS.random} long random names below ${parent}`
  return undefined
}

/**
 * Whether a label looks like data and not like words. Dots are taken out first: four labels of eight carry as much as one
 * of thirty-two. Data in made-up words passes; the bytes of all names together are counted as well.
 */
export function looksRandom(label: string): boolean {
  if (label.length < NAME_LIMITS.longLabel) return false // it has no more without its dots
  const joined = label.replaceAll(/[._-]/g, '').toLowerCase()
  if (joined.length < NAME_LIMITS.longLabel) return false
  const changes = joined.match(/[a-z](?=\d)|\d(?=[a-z])/g)?.length ?? 0
  return changes * NAME_LIMITS.lettersPerChange >= joined.length || CONSONANTS.test(joined)
}

const CONSONANTS = new RegExp(`[bcdfghjklmnpqrstvwxz]{${NAME_LIMITS.consonants}}`)
