import { KnownError, type ErrorCatalogue, type Problem } from '../../core/error.ts'

export const INCIDENT_ERRORS = {
  INCIDENT_UNKNOWN: { kind: 'missing', meaning: 'there is no incident with that id' },
  INCIDENT_STATE: { kind: 'conflict', meaning: 'an incident cannot go from the state it is in to that one' },
  INCIDENT_PENDING: {
    kind: 'conflict',
    meaning:
      'an incident cannot be resolved while an action or a step of it is neither confirmed nor accepted',
  },
  INCIDENT_EVIDENCE: {
    kind: 'conflict',
    meaning: 'an incident cannot be resolved without integrity evidence newer than its containment',
  },
  INCIDENT_LATCHED: {
    kind: 'conflict',
    meaning: 'a stop is held by an incident that only its recovery ends',
  },
  INCIDENTS_UNTRUSTED: {
    kind: 'unavailable',
    meaning: 'the book of incidents was changed by somebody else, cut, or cannot be written',
  },
  BUNDLE_INVALID: { kind: 'invalid', meaning: 'a file is not a bundle of incidents' },
} as const satisfies ErrorCatalogue

export class IncidentError extends KnownError<typeof INCIDENT_ERRORS> {
  override readonly name = 'IncidentError'

  constructor(code: keyof typeof INCIDENT_ERRORS, problem: Problem) {
    super(INCIDENT_ERRORS, code, problem)
  }
}
