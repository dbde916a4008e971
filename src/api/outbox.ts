import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { AgentName } from './words.ts'

/** Results of a task in a container, scanned and kept for the owner. */
export const DeliveryShape = z
  .object({
    run: z.string(),
    agent: z.string(),
    deliveredAt: z.iso.datetime(),
    totalBytes: z.int(),
    files: z.array(z.object({ name: z.string(), sizeBytes: z.int(), sha256: z.string() })),
  })
  .meta({ id: 'Delivery' })
export type DeliveryAnswer = z.infer<typeof DeliveryShape>

const OfDelivery = { agent: AgentName, run: z.string().min(1).max(64).optional() }

/** None of these is open to agents: what comes out of a task is the owner's to look at. */
export const OUTBOX_ENDPOINTS = {
  outboxList: endpoint({
    method: 'GET',
    path: '/v1/outbox',
    about: 'results of tasks that wait for you',
    input: z.strictObject({ agent: AgentName.optional() }),
    output: z.object({ deliveries: z.array(DeliveryShape) }),
  }),
  outboxShow: endpoint({
    method: 'GET',
    path: '/v1/outbox/:agent',
    about: 'the oldest results of one agent, or those of one run',
    input: z.strictObject(OfDelivery),
    output: DeliveryShape,
  }),
  outboxTake: endpoint({
    method: 'POST',
    path: '/v1/outbox/:agent/take',
    about: 'give results to their owner, in a new folder',
    input: z.strictObject({
      ...OfDelivery,
      to: z.string().min(2).max(4096).startsWith('/').describe('absolute; nothing may stand there yet'),
    }),
    output: z.object({ to: z.string(), delivery: DeliveryShape, entry: z.int().optional() }),
  }),
} as const
