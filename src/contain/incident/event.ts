import { z } from 'zod'
import { INCIDENT_CLASSES, INCIDENT_STATES, OWN_CLASSES } from '../../core/incident.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { ACTION_NAMES, ACTION_STATES } from './incident.ts'

const At = z.int().min(0)
const Id = z.string().min(1).max(64)
const Text = z.string().max(2000)
const Class = z.enum([...INCIDENT_CLASSES, ...OWN_CLASSES])
const Evidence = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

const OrderShape = z.strictObject({
  action: z.enum(ACTION_NAMES),
  target: z.string().max(4096),
  input: z.record(z.string(), z.string()).optional(),
})

const ReceiptShape = z.strictObject({
  ...OrderShape.shape,
  state: z.enum(ACTION_STATES),
  attempts: z.int().min(0),
  began: At.optional(),
  ended: At.optional(),
  ms: z.number().min(0).optional(),
  evidence: Text,
  nextAt: At.optional(),
})

const ToldShape = z.strictObject({ by: Text, at: At, why: Text })
const StepShape = z.strictObject({
  step: Id,
  state: z.enum(['done', 'waived']),
  by: Text,
  note: Text,
  at: At,
})

const About = {
  class: Class,
  severity: z.enum(RISK_LEVELS),
  source: Text,
  rule: Text,
  summary: Text,
  key: Text,
  agent: Text.optional(),
  run: Text.optional(),
  evidence: Evidence,
}

export const IncidentShape = z.strictObject({
  id: Id,
  ...About,
  state: z.enum(INCIDENT_STATES),
  count: z.int().min(1),
  openedAt: At,
  lastAt: At,
  containedAt: At.optional(),
  actions: z.array(ReceiptShape),
  acknowledged: ToldShape.optional(),
  resolved: ToldShape.optional(),
  steps: z.array(StepShape),
  timeline: z.array(z.strictObject({ at: At, what: Text })),
})

/** One thing that happened to the incidents of this house. What they are now is what all of these add up to. */
export const EventShape = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('opened'), id: Id, at: At, ...About, actions: z.array(OrderShape) }),
  z.strictObject({ what: z.literal('again'), id: Id, at: At, times: z.int().min(1) }),
  z.strictObject({ what: z.literal('worse'), id: Id, at: At, severity: z.enum(RISK_LEVELS), why: Text }),
  /** Actions that are added, or done once more: those with the same name and target begin anew. */
  z.strictObject({ what: z.literal('ordered'), id: Id, at: At, actions: z.array(OrderShape), why: Text }),
  z.strictObject({ what: z.literal('began'), id: Id, at: At, action: z.int().min(0) }),
  z.strictObject({
    what: z.literal('ended'),
    id: Id,
    at: At,
    action: z.int().min(0),
    state: z.enum(['done', 'nothing', 'failed']),
    evidence: Text,
    ms: z.number().min(0),
    nextAt: At.optional(),
  }),
  z.strictObject({
    what: z.literal('moved'),
    id: Id,
    at: At,
    to: z.enum(INCIDENT_STATES),
    by: Text,
    why: Text,
  }),
  z.strictObject({ what: z.literal('step'), id: Id, ...StepShape.shape }),
  /** Everything before it, in short: what the book begins with when it was rewritten. */
  z.strictObject({ what: z.literal('kept'), at: At, number: At, incidents: z.array(IncidentShape) }),
])
export type IncidentEvent = z.infer<typeof EventShape>
export type EventOf<W extends IncidentEvent['what']> = Extract<IncidentEvent, { what: W }>
