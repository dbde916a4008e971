import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { z } from 'zod'

/**
 * What daemon and supervisor tell each other over the socket between them: one JSON line each. Either of them takes the
 * end of it for the other's death.
 */

/** The descriptor a supervisor gives its daemon; nobody else does. */
export const SUPERVISOR_FD = 3

export const BEAT_MS = 1000

const PlaceShape = z.strictObject({
  /** Where the runs stand. */
  runtimeDirectory: z.string().startsWith('/'),
  /** Where stops and notes are written. */
  stateDirectory: z.string().startsWith('/'),
  hungAfterMs: z.number().min(0),
})
/** What a supervisor has to know of its daemon; the daemon tells it, so that both mean the same directories. */
export type Place = z.output<typeof PlaceShape>

const FromDaemonShape = z.discriminatedUnion('say', [
  PlaceShape.extend({ say: z.literal('hello') }),
  z.strictObject({ say: z.literal('beat') }),
  z.strictObject({ say: z.literal('ready') }),
  z.strictObject({ say: z.literal('ending') }),
])
export type FromDaemon = z.output<typeof FromDaemonShape>

const ToDaemonShape = z.strictObject({
  say: z.literal('go'),
  /** Why the daemons before this one ended, oldest first. */
  failures: z.array(z.strictObject({ at: z.string(), why: z.string() })),
})
export type ToDaemon = z.output<typeof ToDaemonShape>

export function tell(socket: Duplex, words: FromDaemon | ToDaemon): void {
  if (socket.writable) socket.write(`${JSON.stringify(words)}\n`)
}

/** @param hear told of each line that is understood; the others come from another version, and say nothing to us */
export function hearDaemon(socket: Duplex, hear: (words: FromDaemon) => void): void {
  listen(socket, FromDaemonShape, hear)
}

export function hearSupervisor(socket: Duplex, hear: (words: ToDaemon) => void): void {
  listen(socket, ToDaemonShape, hear)
}

function listen<S extends z.ZodType>(socket: Duplex, shape: S, hear: (words: z.output<S>) => void): void {
  const lines = createInterface({ input: socket })
  lines.on('error', () => undefined) // that of the socket, whose end is what counts
  lines.on('line', (line) => {
    const words = shape.safeParse(parsed(line))
    if (words.success) hear(words.data)
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
