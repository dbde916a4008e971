import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Reason } from './words.ts'

export const EmergencyShape = z.object({
  lock: z
    .object({ since: z.string(), by: z.string(), reason: z.string() })
    .optional()
    .describe('absent: no emergency lock is in force'),
  keysInMemory: z.boolean().describe('of the secret store, in the daemon'),
  sessions: z.int().describe('of the owner that go on'),
  waysOut: z.int().describe('runs that could reach a network'),
})
export type EmergencyAnswer = z.infer<typeof EmergencyShape>

/** What a recorder tells of a session of a person who came in by an emergency way. */
export const SessionNote = z.strictObject({
  what: z.enum(['begin', 'end']),
  session: z.string().min(1).max(64),
  user: z.string().max(64),
  from: z.string().max(128).default(''),
  text: z.string().max(4000).default('').describe('the command that was asked for; none: a shell'),
  digest: z.string().max(64).default('').describe('SHA-256 of the whole of what was shown, at its end'),
  exit: z.int().optional(),
})
export type SessionNoteInput = z.input<typeof SessionNote>

/** None of these is open to agents. The wipe itself needs no daemon, and ends it. */
export const EMERGENCY_ENDPOINTS = {
  emergencyShow: endpoint({
    method: 'GET',
    path: '/v1/emergency',
    about: 'the emergency lock, and what it holds',
    input: z.strictObject({}),
    output: EmergencyShape,
  }),
  emergencyLock: endpoint({
    method: 'POST',
    path: '/v1/emergency/lock',
    about: 'take keys out of memory, end every session, shut the airlock; until it is lifted',
    input: z.strictObject({ reason: Reason }),
    output: EmergencyShape,
  }),
  emergencyUnlock: endpoint({
    method: 'POST',
    path: '/v1/emergency/unlock',
    about: 'lift the emergency lock; agents stay stopped until they are resumed',
    input: z.strictObject({ reason: Reason }),
    output: EmergencyShape,
  }),
  emergencyNote: endpoint({
    method: 'POST',
    path: '/v1/emergency/notes',
    about: 'put on record what a person does who came in by an emergency way',
    input: SessionNote,
    output: z.object({ entry: z.int() }),
  }),
} as const
