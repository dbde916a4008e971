import type { Members } from './frame.ts'

/**
 * Some readers of JSON take no notice of capitals in the names of members (Go does not): what is one name to them must
 * not be two to us, of which one is looked at and the other obeyed.
 */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase() // both ways, for letters that have but one of them
}

/** A name that stands in the object once more in other capitals. */
export function twice(members: Members): string | undefined {
  const seen = new Set<string>()
  return Object.keys(members).find((name) => {
    const before = seen.size
    return seen.add(folded(name)).size === before
  })
}

/** How names are written, for whoever takes no notice of capitals. */
export type Spellings = ReadonlyMap<string, string>

export function spellingsOf(known: readonly string[]): Spellings {
  return new Map(known.map((name) => [folded(name), name]))
}

/** A name that is one of these but for its capitals. */
export function misspelled(members: Members, right: Spellings): string | undefined {
  return Object.keys(members).find((name) => (right.get(folded(name)) ?? name) !== name)
}
