import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Reason } from './words.ts'

const Kind = z.enum(['file', 'credential', 'token', 'dns', 'tool', 'secret'])

export const CanaryShape = z
  .object({
    id: z.string(),
    kind: Kind,
    name: z.string(),
    plantedAt: z.iso.datetime(),
    watched: z.string().describe('what would tell of a use, and whether it names who it was'),
    traces: z.array(z.string()).describe('what befell it, found by looking at it now'),
  })
  .meta({ id: 'Canary' })
export type CanaryAnswer = z.infer<typeof CanaryShape>

const List = z.object({
  canaries: z.array(CanaryShape),
  most: z.int(),
  problem: z.string().optional().describe('why the list cannot be believed'),
})

/** None of these is open to agents: a canary is no canary for whoever knows it. */
export const CANARY_ENDPOINTS = {
  canaryList: endpoint({
    method: 'GET',
    path: '/v1/canaries',
    about: 'every canary, and what would tell of its use',
    input: z.strictObject({}),
    output: List,
  }),
  canaryCheck: endpoint({
    method: 'POST',
    path: '/v1/canaries/check',
    about: 'look at every canary now; what is found is told',
    input: z.strictObject({}),
    output: List,
  }),
  canaryPlant: endpoint({
    method: 'POST',
    path: '/v1/canaries',
    about: 'plant a canary; nothing is ever overwritten',
    input: z.strictObject({
      kind: Kind,
      name: z
        .string()
        .min(1)
        .max(4096)
        .optional()
        .describe('the path, the host, server/tool, or the name of the secret or token'),
      mode: z.int().min(0).max(0o777).optional().describe('permissions of the file'),
    }),
    output: z.object({
      canary: CanaryShape,
      value: z.string().optional().describe('of a token, shown this once: put it where a thief would look'),
    }),
  }),
  canaryRemove: endpoint({
    method: 'POST',
    path: '/v1/canaries/remove',
    about: 'take a canary away',
    input: z.strictObject({
      name: z.string().min(1).max(4096).optional().describe('its id or name; absent: all, and a new list'),
      reason: Reason.optional(),
    }),
    output: z.object({ removed: z.array(z.string()), left: z.array(z.string()) }),
  }),
} as const
