import type { Observed } from './event.ts'
import { Detector } from './engine.ts'
import { findingOf } from './finding.ts'
import type { Rule, RuleTest } from './schema.ts'

/** How one test of a rule went. */
export interface RuleCheck {
  readonly rule: string
  readonly test: string
  readonly isMet: boolean
  readonly expected: string
  readonly fired: number
  /** What the alert would say, where it fired. */
  readonly says?: string
}

const HOME = '/home/you'
const BEGINNING = Date.UTC(2026, 0, 1)

/** Holds every rule against its own tests, each with an empty memory. `~` is `/home/you` in them. */
export function checkRules(rules: readonly Rule[]): readonly RuleCheck[] {
  return rules.flatMap((rule) => rule.tests.map((test) => checkOne(rule, test)))
}

function checkOne(rule: Rule, test: RuleTest): RuleCheck {
  const detector = new Detector([rule], HOME)
  const hits = eventsOf(test).flatMap((event) => detector.observe(event))
  const { fires } = test
  const isMet = typeof fires === 'boolean' ? hits.length > 0 === fires : hits.length === fires
  const [first] = hits
  return {
    ...{ rule: rule.id, test: test.name, isMet, fired: hits.length },
    expected: fires === true ? 'at least once' : fires === false ? 'never' : `${fires} times`,
    ...(first === undefined ? {} : { says: findingOf(first).summary }),
  }
}

/** The events of a test, as they would come. */
export function eventsOf(test: RuleTest): readonly Observed[] {
  const all: Observed[] = []
  const next = { at: 0 }
  for (const { at, repeat, every, fields, source, type, agent, run } of test.events) {
    const from = at ?? next.at
    for (let nth = 0; nth < repeat; nth += 1) {
      const numbered = Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.replaceAll('{n}', String(nth)) : value,
      ])
      all.push({
        ...{ at: BEGINNING + Math.round((from + nth * every) * 1000), source, type, seq: all.length + 1 },
        ...(agent === undefined ? {} : { agent }),
        ...(run === undefined ? {} : { run }),
        fields: Object.fromEntries(numbered) as Observed['fields'],
      })
    }
    next.at = from + repeat * every
  }
  return all.toSorted((one, other) => one.at - other.at)
}
