import { z } from 'zod'
import { INCIDENT_CLASSES, INCIDENT_STATES, OWN_CLASSES } from '../core/incident.ts'
import { endpoint } from './endpoint.ts'
import { AgentName, Id, Reason, Risk } from './words.ts'

const IncidentClass = z.enum([...INCIDENT_CLASSES, ...OWN_CLASSES])
const Told = z.object({ by: z.string(), at: z.iso.datetime(), why: z.string() })

const ReceiptShape = z
  .object({
    action: z.string().describe('such as freeze_agent, close_egress or revoke_rights'),
    target: z.string().describe('an agent, `*` for all, a path, a server, a workspace'),
    state: z
      .enum(['waiting', 'done', 'nothing', 'failed'])
      .describe('done: seen in the world; nothing: there was nothing to act on'),
    attempts: z.int(),
    began: z.iso.datetime().optional(),
    ended: z.iso.datetime().optional(),
    ms: z.number().optional().describe('of the last attempt'),
    evidence: z.string().describe('what was seen, or why it did not work'),
    nextAt: z.iso.datetime().optional().describe('when it is tried again'),
  })
  .meta({ id: 'ActionReceipt' })

const StepShape = z
  .object({
    id: z.string(),
    title: z.string(),
    how: z.string(),
    automatic: z.boolean().describe('done by Warder'),
    state: z.enum(['done', 'waived', 'open', 'automatic']),
    by: z.string().optional(),
    note: z.string().optional(),
    at: z.iso.datetime().optional(),
    dueAt: z.iso.datetime().optional(),
    overdue: z.boolean().describe('it should have been done by now'),
  })
  .meta({ id: 'PlaybookStep' })

export const IncidentShape = z
  .object({
    id: z.string(),
    class: IncidentClass,
    severity: Risk,
    state: z
      .enum(INCIDENT_STATES)
      .describe('contained: every action was seen in the world; containment_failed: one was not'),
    source: z.string(),
    rule: z.string(),
    summary: z.string(),
    agent: z.string().optional(),
    run: z.string().optional(),
    evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    count: z.int().describe('how many reports it stands for'),
    openedAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
    containedAt: z.iso.datetime().optional(),
    latched: z.boolean().describe('only its recovery ends what it holds'),
    needsEvidence: z.boolean().describe('resolved only after Warder itself was seen whole'),
    actions: z.array(ReceiptShape),
    acknowledged: Told.optional(),
    resolved: Told.optional(),
    steps: z.array(StepShape).describe('of its playbook'),
    timeline: z.array(z.object({ at: z.iso.datetime(), what: z.string() })),
  })
  .meta({ id: 'Incident' })
export type IncidentAnswer = z.infer<typeof IncidentShape>
export type ReceiptAnswer = z.infer<typeof ReceiptShape>

const By = z.string().min(1).max(100).describe('who says so, by name')

/** None of these is open to agents. */
export const INCIDENT_ENDPOINTS = {
  incidentList: endpoint({
    method: 'GET',
    path: '/v1/incidents',
    about: 'what went wrong, the worst first',
    input: z.strictObject({
      class: IncidentClass.optional(),
      state: z.enum([...INCIDENT_STATES, 'active']).optional(),
      severity: Risk.optional().describe('at least so bad'),
      agent: AgentName.optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    output: z.object({
      incidents: z.array(IncidentShape),
      total: z.int().describe('how many match'),
      problem: z.string().optional().describe('why the book of incidents cannot be believed'),
    }),
  }),
  incidentShow: endpoint({
    method: 'GET',
    path: '/v1/incidents/:id',
    about: 'one incident, with its receipts and timeline',
    input: z.strictObject({ id: Id }),
    output: IncidentShape,
  }),
  incidentAck: endpoint({
    method: 'POST',
    path: '/v1/incidents/:id/ack',
    about: 'say that somebody has looked at it, and what the cause was',
    input: z.strictObject({ id: Id, by: By, cause: Reason }),
    output: IncidentShape,
  }),
  incidentResolve: endpoint({
    method: 'POST',
    path: '/v1/incidents/:id/resolve',
    about: 'end it, and give back what it held',
    input: z.strictObject({
      id: Id,
      by: By,
      reason: Reason,
      accept: z.array(z.enum(['unconfirmed'])).default([]),
      dry: z.boolean().default(false).describe('only say whether it could be'),
    }),
    output: z.object({ incident: IncidentShape, lifted: z.array(z.string()) }),
  }),
  incidentRetry: endpoint({
    method: 'POST',
    path: '/v1/incidents/:id/retry',
    about: 'do what is not confirmed once more',
    input: z.strictObject({ id: Id }),
    output: IncidentShape,
  }),
  incidentPlaybook: endpoint({
    method: 'POST',
    path: '/v1/incidents',
    about: 'open a case that follows a playbook',
    input: z.strictObject({
      playbook: z.enum(['credential', 'breach']),
      agent: AgentName.optional(),
      secret: z.string().min(1).max(128).optional(),
      reason: Reason,
    }),
    output: IncidentShape,
  }),
  incidentStep: endpoint({
    method: 'POST',
    path: '/v1/incidents/:id/steps/:step',
    about: 'say that a step of a playbook is done, or why it is left out',
    input: z.strictObject({ id: Id, step: Id, by: By, note: Reason, waive: z.boolean().default(false) }),
    output: IncidentShape,
  }),
  incidentExport: endpoint({
    method: 'POST',
    path: '/v1/incidents/export',
    about: 'incidents, their stretch of the record and the state of the house, signed',
    input: z.strictObject({ ids: z.array(Id).max(100).default([]).describe('none: all that are kept') }),
    output: z.object({ bundle: z.string(), incidents: z.int(), entries: z.int(), left: z.int() }),
  }),
  contain: endpoint({
    method: 'POST',
    path: '/v1/contain',
    about: 'stop an agent, keep the evidence, take back its rights, and put its workspace back',
    input: z.strictObject({
      agent: AgentName,
      reason: Reason,
      to: Id.optional().describe('the snapshot its workspace goes back to'),
      keepWorkspace: z.boolean().default(false),
      block: z
        .array(z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be a host or an address'))
        .max(16)
        .default([])
        .describe('hosts and addresses that nobody here reaches any more, until it is resolved'),
    }),
    output: z.object({
      incident: IncidentShape,
      times: z
        .record(z.string(), z.number())
        .describe(
          'milliseconds from the order until frozen, dead, revoked, rolledBack; absent: not confirmed',
        ),
      entry: z.int().optional(),
    }),
  }),
  quarantineList: endpoint({
    method: 'GET',
    path: '/v1/quarantine',
    about: 'files that were taken away',
    input: z.strictObject({}),
    output: z.object({
      files: z.array(
        z.object({
          id: z.string(),
          path: z.string(),
          sha256: z.string(),
          sizeBytes: z.int(),
          at: z.iso.datetime(),
          incident: z.string(),
          restored: z.boolean(),
        }),
      ),
    }),
  }),
  quarantineRestore: endpoint({
    method: 'POST',
    path: '/v1/quarantine/:id/restore',
    about: 'put a file back where it was',
    input: z.strictObject({ id: Id, reason: Reason }),
    output: z.object({ path: z.string(), sha256: z.string() }),
  }),
} as const
