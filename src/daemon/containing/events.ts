import type { Incident, IncidentEvent } from '../../contain/incident/index.ts'
import type { GateEvent } from '../../gate/index.ts'
import type { Ledger } from '../../record/audit/index.ts'

const ACTION = 'incident:'

/** Which events go on record; the counts of a burst and the beginnings of attempts stand in the book alone. */
type Recorded = Exclude<IncidentEvent, { what: 'again' | 'began' | 'kept' }>

export function isRecorded(event: IncidentEvent): event is Recorded {
  return event.what !== 'again' && event.what !== 'began' && event.what !== 'kept'
}

/** @param number of the event in the book, so that the record is a witness against a book that was cut */
export function incidentEvent(event: Recorded, incident: Incident, number: number): GateEvent {
  const { id, agent, severity, state, count } = incident
  return {
    event_type: 'containment',
    agent: 'warder',
    action: `${ACTION}${nameOf(event)}`,
    target: id,
    capabilities_used: [],
    decision: '',
    decision_id: '',
    layer: 'containment',
    permit_id: '',
    reason: reasonOf(event, incident).slice(0, 500),
    request_id: '',
    result: event.what === 'ended' && event.state === 'failed' ? 'failure' : 'success',
    risk_level: severity,
    rule: `incident.${incident.class}`,
    details: {
      ...{ book: number, class: incident.class, state, count },
      ...(agent === undefined ? {} : { about: agent }),
      ...detailsOf(event, incident),
    },
  }
}

/** The last event of the book that the record has heard of. */
export function bookInRecord(ledger: Pick<Ledger, 'query'>): number {
  const filter = {
    action: ACTION,
    eventType: 'containment',
    agent: 'warder',
    order: 'newest',
    limit: 1,
  } as const
  const book = ledger.query(filter)[0]?.details['book']
  return typeof book === 'number' ? book : 0
}

function nameOf(event: Recorded): string {
  if (event.what === 'moved') return event.to
  return event.what === 'ended' ? 'action' : event.what
}

function reasonOf(event: Recorded, { summary, actions }: Incident): string {
  switch (event.what) {
    case 'opened':
      return summary
    case 'ended':
      return `${actions[event.action]?.action ?? ''}: ${event.evidence}`
    case 'step':
      return event.note
    default:
      return event.why
  }
}

function detailsOf(event: Recorded, { actions }: Incident): GateEvent['details'] {
  switch (event.what) {
    case 'opened':
      return {
        source: event.source,
        found_by: event.rule,
        orders: event.actions.map(({ action }) => action).join(' '),
      }
    case 'ended': {
      const { action = '', target = '', attempts = 0 } = actions[event.action] ?? {}
      return {
        action,
        on: target.slice(0, 200),
        became: event.state,
        attempts,
        microseconds: Math.round(event.ms * 1000),
      }
    }
    case 'ordered':
      return { orders: event.actions.map(({ action }) => action).join(' ') }
    case 'moved':
      return { by: event.by }
    case 'step':
      return { step: event.step, became: event.state, by: event.by }
    case 'worse':
      return {}
  }
}
