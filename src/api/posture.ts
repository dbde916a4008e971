import { z } from 'zod'
import { endpoint } from './endpoint.ts'

export const PostureArea = z.enum(['keys', 'memory', 'files', 'network', 'programs'])

export const PostureShape = z
  .object({
    score: z
      .int()
      .describe('points against the machine: critical 10, high 7, medium 4, low 1, info 0; none is best'),
    areas: z.array(
      z.object({
        area: PostureArea,
        at: z.iso.datetime(),
        duration_ms: z.int(),
        score: z.int(),
        weaknesses: z.array(
          z.object({
            id: z.string().describe('what kind, such as files.world-writable'),
            severity: z.enum(['critical', 'high', 'medium', 'low', 'info']),
            what: z.string(),
            subject: z.string(),
            fix: z.string(),
            mendable: z.boolean().describe('Warder can do it by itself, with fix'),
          }),
        ),
        notes: z.array(z.string()).describe('what could not be looked at'),
        failed: z
          .string()
          .optional()
          .describe('why the scan of this area failed; then nothing is known of it'),
      }),
    ),
    mended: z.array(
      z.object({
        what: z.string(),
        result: z.enum(['done', 'would', 'failed']),
        why: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Posture' })
export type PostureAnswer = z.infer<typeof PostureShape>

/** None of these is open to agents: where a machine is weak is not theirs to know. */
export const POSTURE_ENDPOINTS = {
  postureShow: endpoint({
    method: 'GET',
    path: '/v1/posture',
    about: 'what the last look over the machine found',
    input: z.strictObject({}),
    output: PostureShape,
  }),
  postureScan: endpoint({
    method: 'POST',
    path: '/v1/posture/scan',
    about: 'look the machine over now, and mend what can be mended safely when told to',
    input: z.strictObject({
      areas: z.array(PostureArea).max(5).default([]).describe('empty: all'),
      fix: z.boolean().default(false),
      dry_run: z.boolean().default(false).describe('with fix: say what would be done, and do nothing'),
    }),
    output: PostureShape,
  }),
} as const
