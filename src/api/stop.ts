import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { AgentName, Reason } from './words.ts'

const StopAnswer = z.object({
  mode: z.enum(['normal', 'manual']),
  cancelledPermits: z.int(),
  halted: z.array(
    z.object({
      agent: z.string(),
      runId: z.string(),
      processesBefore: z.int(),
      processesAfter: z.int(),
      frozenMs: z.number().optional(),
      ms: z.number(),
      error: z.string().optional(),
    }),
  ),
  entry: z.int().optional(),
})

/** Ending what runs, and keeping it ended. */
export const STOP_ENDPOINTS = {
  stop: endpoint({
    method: 'POST',
    path: '/v1/stop',
    about: 'freeze and kill agents and keep them stopped',
    input: z.strictObject({ agent: AgentName.optional(), reason: Reason }),
    output: StopAnswer,
    agents: true,
  }),
  resume: endpoint({
    method: 'POST',
    path: '/v1/resume',
    about: 'lift a stop',
    input: z.strictObject({
      agent: AgentName.optional(),
      reason: Reason,
      since: z.iso.datetime().optional().describe('of the stop that was looked at; a later one stays'),
      confirmed: z
        .enum(['terminal', 'flag'])
        .optional()
        .describe(
          'how somebody said so: typed at a terminal, or written in a command; recorded, never trusted',
        ),
    }),
    output: z.object({ mode: z.enum(['normal', 'manual']), stops: z.int(), entry: z.int().optional() }),
    agents: true,
  }),
} as const satisfies Record<string, Endpoint>
