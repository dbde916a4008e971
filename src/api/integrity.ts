import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Nothing, Reason } from './words.ts'

const State = z.enum(['unknown', 'trusted', 'degraded', 'recovery_required'])
const Category = z.enum(['program', 'unit', 'trust', 'policy', 'model', 'agent-settings', 'watched'])

export const IntegrityShape = z
  .object({
    state: State.describe('unknown: no baseline was taken, so nothing is known; never better than degraded'),
    since: z.iso.datetime().optional(),
    reason: z.string().optional().describe('what made it so'),
    problems: z.array(z.string()).describe('why baseline or state cannot be believed'),
    baseline: z
      .object({ revision: z.int(), takenAt: z.iso.datetime(), files: z.int(), roots: z.int() })
      .optional(),
    differing: z.int().describe('how many things are not as they were signed'),
    lastComplete: z.object({ at: z.iso.datetime(), state: State }).optional(),
    lastPass: z.object({ at: z.iso.datetime(), milliseconds: z.number(), filesRead: z.int() }).optional(),
    instant: z.object({
      inForce: z.boolean(),
      source: z.enum(['fanotify', 'inotify']).optional(),
      why: z.string().optional(),
      failed: z.array(z.string()).describe('what is only seen by the passes'),
    }),
  })
  .meta({ id: 'Integrity' })
export type IntegrityAnswer = z.infer<typeof IntegrityShape>

const Side = z.record(z.string(), z.union([z.string(), z.number()]))

export const ViolationShape = z
  .object({
    path: z.string(),
    category: Category,
    what: z.enum(['changed', 'replaced', 'new', 'missing']),
    fields: z.array(z.string()),
    before: Side.optional(),
    after: Side.optional(),
  })
  .meta({ id: 'IntegrityViolation' })
export type ViolationAnswer = z.infer<typeof ViolationShape>

/** None of these is open to agents: what is watched, and whether, is not for those it is watched for. */
export const INTEGRITY_ENDPOINTS = {
  integrityShow: endpoint({
    method: 'GET',
    path: '/v1/integrity',
    about: 'whether the machine is as the baseline says, and how well that is watched',
    input: Nothing,
    output: IntegrityShape,
  }),
  integrityDiff: endpoint({
    method: 'GET',
    path: '/v1/integrity/diff',
    about: 'everything that differs from the baseline, looked at now',
    input: Nothing,
    output: z.object({ state: State, differences: z.array(ViolationShape), more: z.int() }),
  }),
  integrityBaseline: endpoint({
    method: 'POST',
    path: '/v1/integrity/baseline',
    about: 'sign what is there now as right',
    input: z.strictObject({
      accept: z.boolean().default(false).describe('what differs from the last baseline was looked at'),
      reason: Reason.optional(),
    }),
    output: z.object({
      revision: z.int(),
      files: z.int(),
      bytesRead: z.number(),
      milliseconds: z.number(),
      unreadable: z.array(z.string()).describe('of these only what the system tells is compared'),
    }),
  }),
} as const
