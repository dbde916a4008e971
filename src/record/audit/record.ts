import type { Details, StampedEvent } from './entry.ts'
import { lookAtEvent, PLAIN, SUSPECT } from './look.ts'
import { isSecretName, MASK, redactSecrets, type Redact } from './redact.ts'
import { write, writePlain, type Written } from './serialise.ts'

/**
 * Redacts, then serialises: no secret is ever part of what is hashed, so none ever has to be taken out of the chain.
 *
 * @param redact applied to every text; without it the ledger's own rules apply
 */
export function recorded(event: StampedEvent, redact?: Redact): Written {
  if (redact !== undefined) {
    const clean = redacted(event, redact)
    return lookAtEvent(clean) === PLAIN ? writePlain(clean) : write(clean)
  }
  const seen = lookAtEvent(event)
  if (seen === PLAIN) return writePlain(event)
  return write((seen & SUSPECT) === 0 ? event : redacted(event, redactSecrets))
}

function redacted(event: StampedEvent, redact: Redact): StampedEvent {
  return {
    ...event,
    action: redactedName(event.action, redact),
    agent: redact(event.agent),
    capabilities_used: event.capabilities_used.map((capability) => redactedName(capability, redact)),
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

/** `secret:read` and `secret:use:github-token` are names of acts, though they look like a secret being told. */
function redactedName(text: string, redact: Redact): string {
  const [, name, resource] = /^([a-z_]{2,24}:(?:[a-z_-]{1,32}|\*))(?::([\s\S]*))?$/.exec(text) ?? []
  if (name === undefined) return redact(text)
  return resource === undefined ? name : `${name}:${redact(resource)}`
}

function redactedDetails(details: Details, redact: Redact): Details {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => {
      if (typeof value !== 'string') return [redact(key), value]
      return [redact(key), isSecretName(key) && value !== '' ? MASK : redact(value)]
    }),
  )
}
