import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { AgentName, Reason } from './words.ts'

const Labels = z.array(z.string()).describe('such as external-data, fs-read or suspicious')

export const TaintShape = z
  .object({
    agents: z.array(
      z.object({
        agent: z.string(),
        label: z.string(),
        origin: z.string().describe('what it was shown, such as a tool, an address or a marked file'),
        since: z.iso.datetime(),
      }),
    ),
    files: z
      .array(
        z.object({
          path: z.string(),
          isTree: z.boolean().describe('everything below it as well'),
          labels: Labels,
          agent: z.string().describe('who wrote it'),
          since: z.iso.datetime(),
        }),
      )
      .describe('what tainted agents wrote, the newest first, at most a thousand'),
    problem: z
      .string()
      .optional()
      .describe('why the book cannot be believed; then every agent counts as tainted'),
  })
  .meta({ id: 'Taint' })
export type TaintAnswer = z.infer<typeof TaintShape>

/** None of these is open to agents: what they were shown is not theirs to unsee. */
export const TAINT_ENDPOINTS = {
  taintShow: endpoint({
    method: 'GET',
    path: '/v1/taint',
    about: 'what agents were shown that nobody vouches for, and what they wrote since',
    input: z.strictObject({ agent: AgentName.optional() }),
    output: TaintShape,
  }),
  taintClear: endpoint({
    method: 'POST',
    path: '/v1/taint/:agent/clear',
    about: 'say that what an agent has seen is harmless',
    input: z.strictObject({
      agent: AgentName,
      files: z.boolean().default(false).describe('what it wrote as well'),
      reason: Reason,
    }),
    output: z.object({ labels: Labels, files: z.int() }),
  }),
} as const
