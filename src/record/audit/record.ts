import type { Details, StampedEvent } from './entry.ts'
import { isSecretName, MASK, maySecret, redactSecrets, type Redact } from './redact.ts'
import { write, type Written } from './serialise.ts'

/**
 * Redacts, then serialises: no secret is ever part of what is hashed, so none ever has to be taken out of the chain.
 *
 * @param redact applied to every text; without it the ledger's own rules apply
 */
export function recorded(event: StampedEvent, redact?: Redact): Written {
  if (redact === undefined) {
    const written = write(event)
    // one look at the whole instead of one per text: JSON's escapes hide none of the shapes we look for
    if (!maySecret(written.text)) return written
  }
  return write(redacted(event, redact ?? redactSecrets))
}

function redacted(event: StampedEvent, redact: Redact): StampedEvent {
  return {
    ...event,
    action: redact(event.action),
    agent: redact(event.agent),
    capabilities_used: event.capabilities_used.map((capability) => redact(capability)),
    decision_id: redact(event.decision_id),
    details: redactedDetails(event.details, redact),
    layer: redact(event.layer),
    permit_id: redact(event.permit_id),
    reason: redact(event.reason),
    request_id: redact(event.request_id),
    rule: redact(event.rule),
    target: redact(event.target),
  }
}

function redactedDetails(details: Details, redact: Redact): Details {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => {
      if (typeof value !== 'string') return [redact(key), value]
      return [redact(key), isSecretName(key) && value !== '' ? MASK : redact(value)]
    }),
  )
}
