import { kindOf, type Rule } from './schema.ts'

/** A rule in words, line by line. */
export function explainRule(rule: Rule): readonly string[] {
  const names = (title: string, list: readonly string[]) =>
    list.length === 0 ? [] : [`${`${title}:`.padEnd(16)} ${list.join(', ')}`]
  return [
    `${rule.id}: ${rule.title}`,
    '',
    rule.about,
    '',
    `fires:           ${firesWhen(rule)}`,
    `says:            ${rule.say}`,
    `severity:        ${rule.severity}`,
    `makes:           ${rule.class === undefined ? 'an alert' : `an alert and an incident of class ${rule.class}`}`,
    `false positives: ${rule.false_positives}`,
    ...names('MITRE ATT&CK', rule.attack),
    ...names('MITRE ATLAS', rule.atlas),
    ...names('OWASP agentic', rule.owasp),
  ]
}

/** When it fires, in one line; the conditions themselves stand in the rule. */
export function firesWhen(rule: Rule): string {
  const per = (by: readonly string[]) => (by.length === 0 ? '' : `, counted by ${by.join(' and ')}`)
  switch (kindOf(rule)) {
    case 'match':
      return 'on each event that fits'
    case 'count': {
      const { at_least: atLeast, within, by } = rule.count!
      return `on ${atLeast} events that fit within ${within} s${per(by)}`
    }
    case 'distinct': {
      const { at_least: atLeast, within, by, of } = rule.distinct!
      return `on ${atLeast} different values of ${of} within ${within} s${per(by)}`
    }
    case 'sum': {
      const { at_least: atLeast, within, by, of, times } = rule.sum!
      const usual = times === undefined ? '' : ` and ${times} times the usual`
      return `when ${of} adds up to ${atLeast}${usual} within ${within} s${per(by)}`
    }
    case 'rhythm': {
      const { at_least: atLeast, within, by, pause, jitter } = rule.rhythm!
      return `on ${atLeast} events within ${within} s at pauses of ${pause} s or more that differ by at most ${jitter * 100} %${per(by)}`
    }
    case 'sequence': {
      const { within, first, then } = rule.sequence!
      const names =
        then.names === undefined ? '' : `, whose ${then.names} names the ${first.keep} of the first`
      return `on one event and then another within ${within} s${names}${per(first.by)}`
    }
  }
}
