import type { GateEvent } from '../../gate/index.ts'
import type { Alert } from './alerts.ts'

const LONGEST = 2000
/** Controls, formats (which hold the bidirectional ones), separators, halves of signs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** One line that can neither move a cursor nor hide: such characters are written as `\u{1b}`. */
export function oneLine(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return short.replace(UNSEEN, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`)
}

/** What an alert looks like in the ledger. The acting principal is Warder: whom it is about stands in the details. */
export function alertEvent(alert: Alert): GateEvent {
  const { id, severity, source, rule, principal, run, message, count, evidence } = alert
  const whole = Object.entries(evidence).map(
    ([name, value]) => [name, typeof value === 'number' ? Math.round(value) : value] as const,
  )
  return {
    ...{ event_type: 'system', agent: 'warder', action: 'alert:raise', target: rule },
    ...{ capabilities_used: [], decision: '', decision_id: '', layer: '', permit_id: '', request_id: '' },
    ...{ reason: message, result: 'success', risk_level: severity, rule },
    details: {
      ...Object.fromEntries(whole),
      alert: id,
      count,
      source,
      ...(run === '' ? {} : { run }),
      principal,
    },
  }
}
