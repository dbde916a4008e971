import type { Finding } from '../../core/incident.ts'
import { fieldOf } from './condition.ts'
import type { Hit } from './hit.ts'
import { kindOf } from './schema.ts'

const LONGEST = 200

/** What goes to the alert feed: which rule, which facts, which entries. */
export function findingOf(hit: Hit): Finding {
  const { rule, event, at, by, count, entries } = hit
  const { agent, run } = event
  const seconds = secondsOf(hit)
  return {
    ...{ rule: rule.id, source: 'detect', severity: rule.severity, at, summary: said(hit) },
    // counted apart as the rule counts: one alert for each agent, account or address
    key: [rule.id, agent ?? '', ...by.filter((value) => value !== agent)].join(' '),
    ...(rule.class === undefined ? {} : { class: rule.class }),
    ...(agent === undefined ? {} : { agent }),
    ...(run === undefined ? {} : { run }),
    evidence: {
      ...Object.fromEntries(facts(hit)),
      ...hit.found,
      ...(count > 1 ? { events: count, seconds } : {}),
      ...(entries.length === 0 ? {} : { entries: entries.join(' ') }),
      ...(rule.attack.length === 0 ? {} : { attack: rule.attack.join(' ') }),
    },
  }
}

function facts({ rule, event }: Hit): readonly (readonly [string, string | number | boolean])[] {
  return rule.facts.flatMap((field) => {
    const value = fieldOf(event, field)
    if (value === undefined || value === '') return []
    const name = field.replace(/^details\./, '')
    return [[name, typeof value === 'string' ? value.slice(0, LONGEST) : value] as const]
  })
}

function said(hit: Hit): string {
  const { rule, event, count } = hit
  const shape = rule[kindOf(rule)]
  const of: Readonly<Record<string, string | number>> = {
    ...hit.found,
    count,
    within: shape !== undefined && 'within' in shape ? `${shape.within} s` : '',
    seconds: secondsOf(hit),
  }
  return rule.say.replaceAll(/\{([a-z0-9_.]+)\}/g, (_, name: string) =>
    String(of[name] ?? fieldOf(event, name) ?? 'unknown').slice(0, LONGEST),
  )
}

/** From the first to the last, at least one: `in 0 s` says nothing. */
function secondsOf({ at, since }: Hit): number {
  return Math.max(1, Math.round((at - since) / 1000))
}
