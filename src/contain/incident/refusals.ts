import { IncidentError } from './errors.ts'
import type { Incident } from './incident.ts'

export function unknown(id: string, why: string): IncidentError {
  return new IncidentError('INCIDENT_UNKNOWN', {
    what: `"${id}" names no one incident: ${why}`,
    fix: 'see which there are with: warder incident list',
  })
}

export function wrongState({ id, state }: Incident, to: string): IncidentError {
  const fixes: Partial<Record<Incident['state'], string>> = {
    resolved: 'a new report makes a new incident',
    containing: `wait until it is contained: warder incident show ${id}`,
  }
  const fix = fixes[state] ?? `acknowledge it first: warder incident ack ${id}`
  return new IncidentError('INCIDENT_STATE', { what: `${id} is ${state} and cannot be ${to}`, fix })
}

export function pending({ id, actions }: Incident): IncidentError {
  const open = actions.filter(({ state }) => state === 'waiting' || state === 'failed')
  const words = open.map(({ action, target, evidence }) => `${action} ${target} (${evidence || 'not tried'})`)
  return new IncidentError('INCIDENT_PENDING', {
    what: `${id} is not contained: ${words.join('; ')}`,
    fix: `try again: warder incident retry ${id}; to leave it so: --accept unconfirmed`,
  })
}

export function stepsLeft({ id }: Incident, steps: readonly string[]): IncidentError {
  return new IncidentError('INCIDENT_PENDING', {
    what: `${id} has steps that nobody has done or waived: ${steps.join(', ')}`,
    fix: `warder incident step ${id} ${steps[0] ?? ''} --note "what was done", or with --waive and the reason`,
  })
}

export function noEvidence({ id }: Incident, since: number, evidenceAt: number | undefined): IncidentError {
  const iso = (at: number) => new Date(at).toISOString()
  const last = evidenceAt === undefined ? 'it was not' : `it was last so at ${iso(evidenceAt)}`
  return new IncidentError('INCIDENT_EVIDENCE', {
    what: `${id} needs Warder to be seen whole after ${iso(since)}; ${last}`,
    fix: 'see what its integrity is (warder integrity status), and let it be looked at again',
  })
}

export function unwritable(why: string, cause: unknown): IncidentError {
  return new IncidentError('INCIDENTS_UNTRUSTED', {
    what: `the book of incidents cannot be written: ${why}`,
    fix: 'make room on the disk, then try again; what contains goes on meanwhile',
    cause,
  })
}
