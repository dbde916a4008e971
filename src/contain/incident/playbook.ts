import type { CaseClass } from '../../core/incident.ts'
import type { ActionName, Incident } from './incident.ts'

export interface Step {
  readonly id: string
  readonly title: string
  /** What a person does, with the command where there is one. */
  readonly how: string
  /** Done by Warder when the case is opened; the step is done when all of these are confirmed. */
  readonly actions: readonly ActionName[]
  /** Must be done this long after the case was opened. */
  readonly withinMs?: number
}

export interface Playbook {
  readonly title: string
  readonly steps: readonly Step[]
}

const HOUR_MS = 3_600_000

/** What is done about two cases, in order: what Warder does by itself, and what only a person can. */
export const PLAYBOOKS = {
  credential_compromise: {
    title: 'a credential may be known to somebody else',
    steps: [
      {
        id: 'rotate',
        title: 'give it a new value where it is accepted',
        how: 'warder secret rotate NAME; where no hook does it, change it at its service first',
        actions: [],
        withinMs: 4 * HOUR_MS,
      },
      {
        id: 'revoke',
        title: 'take it, and what was given with it, out of use',
        how: 'done by Warder: the secret is disabled, its ways out end, rights of its agent are taken back',
        actions: ['disable_secrets', 'revoke_rights'],
      },
      {
        id: 'audit-use',
        title: 'find out where it was used',
        how: 'warder audit list --action secret: and the log of its service',
        actions: [],
        withinMs: 24 * HOUR_MS,
      },
      { id: 'update-systems', title: 'give the new value to whoever needs it', how: 'by hand', actions: [] },
      {
        id: 'review-cause',
        title: 'find out how it got out',
        how: 'warder audit list --agent NAME',
        actions: [],
      },
      {
        id: 'add-controls',
        title: 'make sure it cannot happen that way again',
        how: 'bind it to its hosts (warder secret bind), narrow the policy, plant a canary',
        actions: [],
      },
    ],
  },
  data_breach: {
    title: 'data may have left that should not have',
    steps: [
      {
        id: 'identify',
        title: 'say what left, when, and to where',
        how: 'warder audit list --action net: --agent NAME',
        actions: [],
        withinMs: 4 * HOUR_MS,
      },
      {
        id: 'contain',
        title: 'stop whoever did it, and close its ways out',
        how: 'done by Warder: the agent is stopped, its connections are cut, its rights are taken back',
        actions: ['freeze_agent', 'close_egress', 'revoke_rights', 'kill_agent'],
      },
      {
        id: 'assess',
        title: 'keep the evidence, and say whose data it was',
        how: 'the evidence is kept by Warder; whose data it was, a person says',
        actions: ['snapshot_evidence'],
      },
      {
        id: 'notify',
        title: 'tell the authority, and those concerned',
        how: 'by hand; in the EU within 72 hours (GDPR, article 33). Warder tells nobody',
        actions: [],
        withinMs: 72 * HOUR_MS,
      },
      {
        id: 'remediate',
        title: 'close the way it left by',
        how: 'policy, profile and settings',
        actions: [],
      },
      {
        id: 'document',
        title: 'keep what was found and done',
        how: 'warder incident export FILE --id INCIDENT',
        actions: [],
      },
    ],
  },
} as const satisfies Readonly<Record<string, Playbook>>
export type PlaybookName = keyof typeof PLAYBOOKS

export interface StepState extends Step {
  /** `automatic`: Warder is at it, or could not finish it. */
  readonly state: 'done' | 'waived' | 'open' | 'automatic'
  readonly by?: string
  readonly note?: string
  readonly at?: number
  readonly dueAt?: number
}

export function playbookOf(kind: CaseClass): Playbook | undefined {
  return Object.hasOwn(PLAYBOOKS, kind) ? PLAYBOOKS[kind as PlaybookName] : undefined
}

/** The steps of a case and how far they are. */
export function stepsOf(incident: Incident): StepState[] {
  return (playbookOf(incident.class)?.steps ?? []).map((step) => {
    const said = incident.steps.find((each) => each.step === step.id)
    const due = step.withinMs === undefined ? {} : { dueAt: incident.openedAt + step.withinMs }
    if (said !== undefined) {
      const { state, by, note, at } = said
      return { ...step, ...due, state, by, note, at }
    }
    return { ...step, ...due, state: stateOf(step, incident) }
  })
}

/** A step of Warder's is done when what it stands for was seen in the world; nobody has to say so. */
function stateOf({ actions }: Step, incident: Incident): StepState['state'] {
  const own = incident.actions.filter(({ action }) => actions.includes(action))
  if (own.length === 0) return 'open'
  return own.every(({ state }) => state === 'done' || state === 'nothing') ? 'done' : 'automatic'
}

export function openSteps(incident: Incident): string[] {
  return stepsOf(incident)
    .filter(({ state }) => state === 'open' || state === 'automatic')
    .map(({ id }) => id)
}

/** Steps that must be done soon, or should have been: the last quarter of their time, and after it. */
export function dueSteps(incident: Incident, now: number): StepState[] {
  if (incident.state === 'resolved') return []
  return stepsOf(incident).filter(
    ({ state, dueAt, withinMs = 0 }) =>
      state === 'open' && dueAt !== undefined && now >= dueAt - withinMs / 4,
  )
}

/** Steps that a person should have done by now. */
export function overdueSteps(incident: Incident, now: number): StepState[] {
  return dueSteps(incident, now).filter(({ dueAt = Infinity }) => dueAt <= now)
}
