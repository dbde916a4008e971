import { Prefilter, RULE_LIMIT } from '../prefilter.ts'
import type { Hit } from './match.ts'
import type { RuleFamily } from './rules/index.ts'

/** Tries at one rule in one text: so many marks that come to nothing are a flood, and told of as one. */
const MOST_TRIES = 4000
const FLOOD = 0.35
const MOST_HITS = 40

/** A finder of mark rules in a text as it is written. */
export function createMarkFinder(families: readonly RuleFamily[]): (text: string) => Hit[] {
  const rules = families.flatMap(({ family, marks }) =>
    marks.map((rule) => ({
      ...rule,
      family,
      expression: rule.body === undefined ? undefined : new RegExp(rule.body, 'iy'),
    })),
  )
  const prefilter = new Prefilter(
    rules.flatMap(({ signs }, rule) => signs.map((text) => ({ text, isFolded: true, rule }))),
  )
  return (text) => {
    const hits: Hit[] = []
    const tries = new Uint32Array(rules.length)
    for (const place of prefilter.find(text, 0)) {
      const start = Math.floor(place / RULE_LIMIT)
      const index = place % RULE_LIMIT
      const { family, id, reason, weight, isLine, signs, expression } = rules[index]!
      if (tries[index]!++ > MOST_TRIES) {
        hits.push({
          rule: `${family}.flood`,
          family,
          reason: `${reason}, thousands of times`,
          weight: FLOOD,
          start,
          end: start + 1,
        })
        break
      }
      if (isLine === true && !beginsLine(text, start)) continue
      const end =
        expression === undefined ? start + lengthOf(signs, text, start) : endOf(expression, text, start)
      if (end > start) hits.push({ rule: `${family}.${id}`, family, reason, weight, start, end })
      if (hits.length >= MOST_HITS) break
    }
    return hits
  }
}

function lengthOf(signs: readonly string[], text: string, start: number): number {
  return signs.find((sign) => text.slice(start, start + sign.length).toLowerCase() === sign)?.length ?? 0
}

function endOf(expression: RegExp, text: string, start: number): number {
  expression.lastIndex = start
  return expression.test(text) ? expression.lastIndex : 0
}

function beginsLine(text: string, start: number): boolean {
  for (let at = start - 1; at >= Math.max(0, start - 8); at--) {
    const code = text.charCodeAt(at)
    if (code === 10 || code === 13) return true
    if (code !== 32 && code !== 9 && code !== 62) return false
  }
  return start < 8
}
