import { z } from 'zod'
import { ApprovalsStatusShape } from './approvals.ts'
import { DAEMON } from './daemon.ts'
import { AirlockShape } from './egress.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { HealthStatusShape, HumanShape } from './health.ts'
import { RunShape } from './run.ts'
import { GuaranteeShape, SelfTestShape } from './sandbox.ts'
import { Nothing } from './words.ts'

export const StatusShape = z.object({
  ...DAEMON,
  policy: z.object({
    file: z.string(),
    digest: z.string(),
    epoch: z.int(),
    rules: z.int(),
    grants: z.int(),
    problem: z.string().optional(),
  }),
  ledger: z.object({
    ok: z.boolean(),
    directory: z.string(),
    seq: z.int(),
    head: z.string(),
    witness: z.string().optional(),
    degraded: z.array(z.string()),
  }),
  sandbox: z.object({
    driver: z.string(),
    available: z.boolean(),
    level: z.string().describe('none, landlock, container or full: computed from the guarantees in force'),
    guarantees: z.array(GuaranteeShape),
    tests: z
      .array(SelfTestShape.extend({ escaped: z.array(z.string()), isCurrent: z.boolean() }))
      .describe('the last self-test of this boot for each driver and profile; none: not tested on this boot'),
  }),
  memory: z.array(GuaranteeShape).describe('what keeps the memory of the daemon from others'),
  approvals: ApprovalsStatusShape,
  egress: z.object({
    proxy: z.enum(['running', 'not started', 'broken']),
    problem: z.string().optional(),
    airlock: AirlockShape,
    runs: z.int().describe('that have a way out'),
  }),
  runs: z.array(RunShape),
  unsettled: z.int().describe('permits that were issued and never settled'),
  health: HealthStatusShape.optional().describe('all parts together, and those that are not well'),
  humans: z.array(HumanShape).optional().describe('who works at this machine now, not through Warder'),
  degraded: z.array(z.string()),
})
export type StatusAnswer = z.infer<typeof StatusShape>

/** What is in force. */
export const STATUS_ENDPOINTS = {
  status: endpoint({
    method: 'GET',
    path: '/v1/status',
    about: 'what is in force right now',
    input: Nothing,
    output: StatusShape,
  }),
} as const satisfies Record<string, Endpoint>
