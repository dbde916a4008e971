import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Nothing } from './words.ts'

export const ComponentShape = z.object({
  name: z.string(),
  state: z.enum(['ok', 'off', 'degraded', 'unknown', 'failed']),
  why: z.string(),
  fix: z.string().optional(),
})
export type ComponentAnswer = z.infer<typeof ComponentShape>

/** Somebody who works at this machine now, not through Warder. */
export const HumanShape = z.object({
  user: z.string(),
  line: z.string().describe('the terminal, or ssh'),
  from: z.string().optional().describe('the address, for somebody who is not at the machine'),
  since: z.iso.datetime().optional(),
})
export type HumanAnswer = z.infer<typeof HumanShape>

export const OverallShape = z.enum(['ok', 'degraded', 'failed'])

export const HealthShape = z.object({
  overall: OverallShape.describe('the worst of all parts; unknown is never better than degraded'),
  at: z.iso.datetime(),
  components: z.array(ComponentShape),
  slo: z.array(
    z.object({
      name: z.string(),
      about: z.string(),
      objective: z.number().describe('the share of samples that must be good'),
      good: z.int(),
      total: z.int(),
      state: z.enum(['met', 'missed', 'no data']),
      burned: z.number().describe('of the failures that seven days may have; 1 is all of them'),
      burnRate: z.number().describe('the same for the last hour alone'),
    }),
  ),
})
export type HealthAnswer = z.infer<typeof HealthShape>

/** What `status` tells of it. */
export const HealthStatusShape = z.object({
  overall: OverallShape,
  notWell: z.array(ComponentShape),
})

/** None of these is open to agents: where a guard is weak is not for those it guards. */
export const HEALTH_ENDPOINTS = {
  health: endpoint({
    method: 'GET',
    path: '/v1/health',
    about: 'how each part of Warder is, and whether it keeps its objectives',
    input: Nothing,
    output: HealthShape,
  }),
  metrics: endpoint({
    method: 'GET',
    path: '/v1/metrics',
    about: 'counts and states in the text format of Prometheus',
    input: Nothing,
    output: z.object({ text: z.string() }),
  }),
} as const
