import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { AgentName, Reason } from './words.ts'

/** One place outside that a run may reach, and what went there. */
const PlaceShape = z.object({
  host: z.string(),
  port: z.int(),
  rule: z.string().describe('what allowed it'),
  since: z.iso.datetime(),
  connections: z.int(),
  bytesOut: z.int(),
  bytesIn: z.int(),
})

export const WayShape = z
  .object({
    run: z.string(),
    agent: z.string(),
    profile: z.string(),
    mode: z.enum(['policy', 'domains']),
    inspected: z.array(z.string()).describe('hosts whose TLS is opened on the way'),
    places: z.array(PlaceShape),
    requests: z.int(),
    refused: z.int(),
    bytesOut: z.int(),
    bytesIn: z.int(),
  })
  .meta({ id: 'WayOut' })
export type WayAnswer = z.infer<typeof WayShape>

/** The airlock: where it is used nothing leaves any sandbox, until the owner opens it for a time. */
export const AirlockShape = z
  .object({
    mode: z.enum(['off', 'on']).describe('off: rules alone decide; on: closed unless it was opened'),
    openUntil: z.iso.datetime().optional(),
  })
  .meta({ id: 'Airlock' })
export type AirlockAnswer = z.infer<typeof AirlockShape>

/** None of these is open to agents: a way out is the owner's to open and to look at. */
export const EGRESS_ENDPOINTS = {
  egressList: endpoint({
    method: 'GET',
    path: '/v1/egress',
    about: 'what runs reach outside, and how much went there',
    input: z.strictObject({ agent: AgentName.optional() }),
    output: z.object({
      proxy: z.enum(['running', 'not started', 'broken']),
      problem: z.string().optional(),
      airlock: AirlockShape,
      ways: z.array(WayShape),
    }),
  }),
  airlockShow: endpoint({
    method: 'GET',
    path: '/v1/airlock',
    about: 'whether anything may leave',
    input: z.strictObject({}),
    output: AirlockShape,
  }),
  airlockOpen: endpoint({
    method: 'POST',
    path: '/v1/airlock/open',
    about: 'let out what rules allow, for a time',
    input: z.strictObject({
      for: z.string().max(32).describe('for how long, such as 30m; at most 24h'),
      reason: Reason,
    }),
    output: AirlockShape,
  }),
  airlockClose: endpoint({
    method: 'POST',
    path: '/v1/airlock/close',
    about: 'shut the airlock now; what is under way ends',
    input: z.strictObject({ reason: Reason.optional() }),
    output: AirlockShape,
  }),
} as const
