import type { IncidentAnswer, ReceiptAnswer } from '../../api/incidents.ts'
import {
  isLatched,
  needsEvidence,
  overdueSteps,
  stepsOf,
  type Incident,
  type Receipt,
} from '../../contain/incident/index.ts'

/** From the order until each was seen in the world. */
export function timesOf({ openedAt, actions }: Incident): Record<string, number> {
  const named = {
    freeze_agent: 'frozen',
    kill_agent: 'dead',
    revoke_rights: 'revoked',
    roll_back: 'rolledBack',
  } as const
  return Object.fromEntries(
    actions.flatMap(({ action, state, ended }) => {
      const name = action in named ? named[action as keyof typeof named] : undefined
      return name === undefined || state !== 'done' || ended === undefined ? [] : [[name, ended - openedAt]]
    }),
  )
}

export function iso(at: number): string {
  return new Date(at).toISOString()
}

/** @param now epoch milliseconds: what should have been done by then says so */
export function incidentAnswer(incident: Incident, now: number): IncidentAnswer {
  const {
    openedAt,
    lastAt,
    containedAt,
    acknowledged,
    resolved,
    actions,
    timeline,
    key: _,
    ...rest
  } = incident
  const late = new Set(overdueSteps(incident, now).map(({ id }) => id))
  const told = (said: NonNullable<Incident['resolved']>) => ({ ...said, at: iso(said.at) })
  return {
    ...rest,
    ...{ openedAt: iso(openedAt), lastAt: iso(lastAt) },
    ...(containedAt === undefined ? {} : { containedAt: iso(containedAt) }),
    ...(acknowledged === undefined ? {} : { acknowledged: told(acknowledged) }),
    ...(resolved === undefined ? {} : { resolved: told(resolved) }),
    ...{
      latched: isLatched(incident.class),
      needsEvidence: needsEvidence(incident.class, incident.severity),
    },
    actions: actions.map(receiptAnswer),
    steps: stepsOf(incident).map(({ actions: own, at, dueAt, withinMs: __, ...step }) => ({
      ...{ ...step, automatic: own.length > 0 },
      ...(at === undefined ? {} : { at: iso(at) }),
      ...(dueAt === undefined ? {} : { dueAt: iso(dueAt) }),
      overdue: late.has(step.id),
    })),
    timeline: timeline.map(({ at, what }) => ({ at: iso(at), what })),
  }
}

function receiptAnswer({
  action,
  target,
  state,
  attempts,
  began,
  ended,
  ms,
  evidence,
  nextAt,
}: Receipt): ReceiptAnswer {
  return {
    ...{ action, target, state, attempts, evidence },
    ...(began === undefined ? {} : { began: iso(began) }),
    ...(ended === undefined ? {} : { ended: iso(ended) }),
    ...(ms === undefined ? {} : { ms }),
    ...(nextAt === undefined ? {} : { nextAt: iso(nextAt) }),
  }
}
