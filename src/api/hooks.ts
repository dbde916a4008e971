import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { Reason } from './words.ts'

/** A payload of 1 MiB, as base64; the daemon looks at the bytes themselves, so that no reader in between changes them. */
const MOST_BASE64 = 1_398_104
const Base64 = z.base64().max(MOST_BASE64)

/** Fixed order: the small hook program reads it without a JSON reader. */
export const HookWordsShape = z.object({
  exit: z.union([z.literal(0), z.literal(2)]),
  stdout: z.base64(),
  stderr: z.base64(),
})

export const HookSessionShape = z.object({
  id: z.string(),
  harness: z.string(),
  workspace: z.string(),
  openedAt: z.iso.datetime(),
  heardAt: z.iso.datetime(),
  state: z.enum(['proven', 'waiting', 'locked']).describe('waiting: it has to attempt its marked call'),
  provenAt: z.iso.datetime().optional(),
  lockedAt: z.iso.datetime().optional(),
  why: z.string().optional(),
})
export type HookSessionAnswer = z.infer<typeof HookSessionShape>

/** What hooks of coding agents ask, and what their owner sees of them. */
export const HOOK_ENDPOINTS = {
  hookAsk: endpoint({
    method: 'POST',
    path: '/v1/hooks',
    about: 'a coding agent’s hook was called: what it shall answer',
    input: z.strictObject({ payload: Base64 }),
    output: HookWordsShape,
    agents: true,
  }),
  hookRan: endpoint({
    method: 'POST',
    path: '/v1/hooks/ran',
    about: 'a marked call that had to be refused says that it runs',
    input: z.strictObject({ nonce: z.string().min(1).max(100) }),
    output: z.object({ known: z.boolean() }),
    agents: true,
  }),
  hookList: endpoint({
    method: 'GET',
    path: '/v1/hooks/sessions',
    about: 'sessions of coding agents that are guarded by a hook',
    input: z.strictObject({}),
    output: z.object({ sessions: z.array(HookSessionShape) }),
  }),
  hookRelease: endpoint({
    method: 'POST',
    path: '/v1/hooks/sessions/:id/release',
    about: 'let a locked session go on; it has to prove itself again',
    input: z.strictObject({ id: z.string().min(1).max(128), reason: Reason }),
    output: HookSessionShape,
  }),
} as const satisfies Record<string, Endpoint>
