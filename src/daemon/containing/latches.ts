import { IncidentError, type IncidentBook } from '../../contain/incident/index.ts'
import { EVERY_AGENT } from './options.ts'
import { stoppedBy } from './holding.ts'

/**
 * A plain resume lifts no stop that a latched incident holds: what made it necessary was not looked at yet.
 *
 * @throws IncidentError `INCIDENT_LATCHED`
 */
export function refuseLatched(book: IncidentBook, agent: string | undefined): void {
  const incident = book.latching((order) => stoppedBy(order) === (agent ?? EVERY_AGENT))
  if (incident === undefined) return
  throw new IncidentError('INCIDENT_LATCHED', {
    what: `${agent ?? 'every agent'} is held by ${incident.id}: ${incident.summary}`,
    fix: `look at it, then: warder recover ${incident.id}`,
  })
}
