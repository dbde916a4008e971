import { RISK_LEVELS } from '../../../core/risk.ts'
import { assignedLook, SCHEME_SIGNS, schemeLook } from './assigned.ts'
import { PAIR_SIGNS, pairLook, URL_SIGNS, urlLook } from './address.ts'
import { contactsIn } from './contact.ts'
import { encodedPieces } from './encoded.ts'
import { BACK, type Look, type Match, type SecretFamily } from './family.ts'
import { JWT_SIGNS, jwtLook } from './jwt.ts'
import { KEY_SIGNS, keyLook } from './keyblock.ts'
import { NAME_SIGNS } from './name.ts'
import { numbersIn } from './number.ts'
import { Prefilter, RULE_LIMIT, type Sign } from '../prefilter.ts'
import { TOKEN_ROWS } from './rules/index.ts'
import { signsOf, tokenLook } from './token.ts'

/** A match, and where what told of it begins: the name before a value, or the match itself. */
export interface Placed extends Match {
  readonly origin: number
}

/** What is in a piece of a text. */
export interface Found {
  /** In order, none over another. */
  readonly matches: readonly Placed[]
  /** Nothing that is found later begins before this place. */
  readonly settled: number
}

export type Finder = (text: string, from: number, isLast: boolean) => Found

interface Rule {
  readonly family: SecretFamily
  readonly signs: readonly string[]
  readonly isFolded: boolean
  readonly look: Look
}

const TABLE: readonly Rule[] = [
  { family: 'key', signs: KEY_SIGNS, isFolded: false, look: keyLook },
  { family: 'jwt', signs: JWT_SIGNS, isFolded: false, look: jwtLook },
  { family: 'url', signs: URL_SIGNS, isFolded: false, look: urlLook },
  { family: 'url', signs: PAIR_SIGNS, isFolded: false, look: pairLook },
  { family: 'assigned', signs: NAME_SIGNS, isFolded: true, look: assignedLook },
  { family: 'assigned', signs: SCHEME_SIGNS, isFolded: true, look: schemeLook },
  ...TOKEN_ROWS.map((row) => ({
    family: 'token' as const,
    signs: signsOf(row),
    isFolded: false,
    look: tokenLook(row),
  })),
]

/**
 * Looks for these families. What it says of a place depends on {@link BACK} characters before it and what lies behind it
 * alone, so that a text in pieces gives the same as the whole.
 */
export function createFinder(families: readonly SecretFamily[]): Finder {
  const rules = TABLE.filter(({ family }) => families.includes(family))
  const signs: Sign[] = rules.flatMap((each, rule) =>
    each.signs.map((text) => ({ text, isFolded: each.isFolded, rule })),
  )
  const prefilter = signs.length === 0 ? undefined : new Prefilter(signs)
  const bySign = (text: string, from: number, isLast: boolean) =>
    matchesBySign(rules, prefilter, { text, from, isLast })
  const sources: Source[] = [bySign]
  if (families.some((family) => family !== 'identity' && family !== 'contact'))
    sources.push((text, from, isLast) => encoded(bySign, text, from, isLast))
  if (families.includes('identity')) sources.push(numbersIn)
  if (families.includes('contact')) sources.push(contactsIn)
  return (text, from, isLast) => {
    let settled = text.length
    let known: Placed[] | undefined
    for (const source of sources) {
      const found = source(text, from, isLast)
      settled = Math.min(settled, found.settled)
      if (found.matches.length > 0) known = (known ?? []).concat(found.matches.map(placed))
    }
    return {
      matches: disjoint(known ?? NONE),
      settled: isLast ? text.length : Math.max(from, settled - BACK),
    }
  }
}

const NONE: readonly Placed[] = []

function placed(match: Match): Placed {
  return { origin: match.start, ...match }
}

interface Source {
  (
    text: string,
    from: number,
    isLast: boolean,
  ): { readonly matches: readonly Match[]; readonly settled: number }
}

interface Piece {
  readonly text: string
  readonly from: number
  readonly isLast: boolean
}

// most texts are short and hold nothing: what is made for those is made once
function matchesBySign(
  rules: readonly Rule[],
  prefilter: Prefilter | undefined,
  { text, from, isLast }: Piece,
) {
  if (prefilter === undefined) return { matches: NONE, settled: text.length }
  const settledAt = isLast ? text.length : Math.max(from, text.length - prefilter.longest)
  const hits = prefilter.find(text, from)
  if (hits.length === 0) return { matches: NONE, settled: settledAt }
  const matches: Placed[] = []
  const covered = new Map<number, number>()
  for (const hit of hits) {
    const at = Math.floor(hit / RULE_LIMIT)
    const rule = hit % RULE_LIMIT
    if (at < (covered.get(rule) ?? 0)) continue // within what this rule already found
    const seen = rules[rule]!.look(text, at, isLast)
    if (seen === 'more') return { matches, settled: at }
    if (seen === undefined) continue
    matches.push({ ...seen, origin: Math.min(at, seen.start) })
    // a short placeholder may hold the name of the next value
    if (seen.risk !== 'low' || seen.end - seen.start > 64) covered.set(rule, seen.end)
  }
  return { matches, settled: settledAt }
}

/** What stands in base64, once: the whole piece is the match, for a part of it would say what the rest is. */
function encoded(bySign: Source, text: string, from: number, isLast: boolean) {
  const { pieces, settled } = encodedPieces(text, from, isLast)
  if (pieces.length === 0) return { matches: NONE, settled }
  const matches = pieces.flatMap(({ start, end, text: inner }) => {
    const worst = worstOf(bySign(inner, 0, true).matches)
    if (worst === undefined || worst.risk === 'low') return []
    return [
      {
        ...worst,
        rule: `encoded-${worst.rule}`,
        start,
        end,
        origin: start,
        note: `${worst.note}, in base64`,
      },
    ]
  })
  return { matches, settled }
}

const rankOf = ({ risk }: Match): number => RISK_LEVELS.indexOf(risk)

function worstOf(matches: readonly Match[]): Match | undefined {
  return matches.reduce<Match | undefined>(
    (worst, each) => (worst === undefined || rankOf(each) > rankOf(worst) ? each : worst),
    undefined,
  )
}

/** Matches that overlap become one, from the first's beginning to the last's end, under the name of the worst. */
function disjoint(matches: readonly Placed[]): readonly Placed[] {
  if (matches.length < 2) return matches
  const sorted = matches.toSorted((a, b) => a.start - b.start || rankOf(b) - rankOf(a) || b.end - a.end)
  const merged: Placed[] = []
  for (const match of sorted) {
    const last = merged.at(-1)
    if (last === undefined || match.start >= last.end) {
      merged.push(match)
      continue
    }
    const named =
      rankOf(match) > rankOf(last) || (rankOf(match) === rankOf(last) && last.rule === 'assigned')
        ? match
        : last
    merged[merged.length - 1] = {
      ...named,
      start: last.start,
      end: Math.max(last.end, match.end),
      origin: Math.min(last.origin, match.origin),
    }
  }
  return merged
}
