import { z } from 'zod'
import { readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { HARNESSES } from './call.ts'
import type { Session } from './liveness.ts'

/** Keeps sessions across restarts: a locked one must not be let go by a crash. */
export interface SessionStore {
  /** @throws FileError, Error when what is kept is unsafe or not of our shape */
  read(): readonly Session[]
  write(sessions: readonly Session[]): void
}

const Marker = z.strictObject({ nonce: z.string(), askedAt: z.number(), strictAt: z.number() })
const Kept = z.strictObject({
  version: z.literal(1),
  sessions: z.array(
    z.strictObject({
      id: z.string(),
      harness: z.enum(HARNESSES),
      workspace: z.string(),
      openedAt: z.number(),
      heardAt: z.number(),
      process: z.strictObject({ pid: z.int().min(1), startTime: z.string() }).optional(),
      marker: Marker.optional(),
      refusedMarkers: z.array(z.string()),
      provenAt: z.number().optional(),
      waited: z.int(),
      lock: z.strictObject({ at: z.number(), why: z.string() }).optional(),
      isTakenOver: z.boolean().optional(),
    }),
  ),
})

const MAX_BYTES = 8 * 1024 * 1024

export function fileSessionStore(path: string): SessionStore {
  return {
    read: () => {
      const text = readPrivateFile(path, MAX_BYTES)?.toString()
      if (text === undefined) return []
      return Kept.parse(JSON.parse(text)).sessions.map((session) => withoutUndefined(session))
    },
    write: (sessions) => writeFileAtomic(path, `${JSON.stringify({ version: 1, sessions })}\n`),
  }
}

function withoutUndefined(session: z.infer<typeof Kept>['sessions'][number]): Session {
  return Object.fromEntries(
    Object.entries(session).filter(([, value]) => value !== undefined),
  ) as unknown as Session
}

/** The twin without a disk. */
export function memorySessionStore(): SessionStore {
  const kept: { sessions: readonly Session[] } = { sessions: [] }
  return {
    read: () => kept.sessions,
    write: (sessions) => void (kept.sessions = structuredClone(sessions) as Session[]),
  }
}
