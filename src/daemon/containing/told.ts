import type { Incident } from '../../contain/incident/index.ts'
import type { AlertEvent } from '../watch/alerts-event.ts'
import { oneLine } from '../watch/alerts-words.ts'

/** What whoever is told of alerts must hear as well: how it ended, and above all when it did not. */
const WORDS = { contained: 'is contained', containment_failed: 'is NOT contained' } as const
export type Outcome = keyof typeof WORDS

export function isOutcome(state: Incident['state']): state is Outcome {
  return Object.hasOwn(WORDS, state)
}

/** @param redact what leaves the machine holds no secret */
export function outcomeToTell(
  incident: Incident,
  outcome: Outcome,
  redact: (text: string) => string,
): AlertEvent {
  const { id, severity, source, rule, agent = '', run = '', summary, count, key, openedAt, lastAt } = incident
  const shown = (text: string) => oneLine(redact(text))
  const receipts = incident.actions.map(
    ({ action, target, state, evidence }) =>
      [shown(`${action} ${target}`).slice(0, 200), shown(`${state}: ${evidence}`)] as const,
  )
  return {
    type: `incident.${outcome}`,
    alert: {
      ...{ id, severity, source: shown(source), rule: shown(rule), principal: shown(agent), run: shown(run) },
      ...{ time: new Date(openedAt).toISOString(), last: new Date(lastAt).toISOString() },
      ...{ incident: id, message: shown(`${id} ${WORDS[outcome]}: ${summary}`), count, key: shown(key) },
      evidence: Object.fromEntries([['class', incident.class], ...receipts]),
    },
  }
}
