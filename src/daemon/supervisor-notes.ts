import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { takeNotes, type HaltedRun } from '../contain/stop/index.ts'
import type { GateEvent } from '../gate/index.ts'

/** What a supervisor did while there was no daemon to record it. */
export interface SupervisorNote {
  readonly what: 'hung' | 'crashed' | 'gave-up' | 'orphans'
  /** ISO time. */
  readonly at: string
  readonly why: string
  readonly receipts: readonly HaltedRun[]
}

const NoteShape = z.object({
  what: z.enum(['hung', 'crashed', 'gave-up', 'orphans']),
  at: z.string(),
  why: z.string(),
  receipts: z.array(
    z.object({
      agent: z.string(),
      runId: z.string(),
      processesBefore: z.int(),
      processesAfter: z.int(),
      ms: z.number(),
      frozenMs: z.number().optional(),
    }),
  ),
})

/** Keeps a note until a daemon takes it over. @throws when it cannot be written */
export function noteForDaemon(stateDirectory: string, note: SupervisorNote): void {
  appendFileSync(notesIn(stateDirectory), `${JSON.stringify(note)}\n`, { mode: 0o600 })
}

/** Puts the notes on record, oldest first. @returns how many @throws what `write` throws; then none is forgotten */
export async function recordNotes(
  stateDirectory: string,
  write: (event: GateEvent) => Promise<unknown>,
): Promise<number> {
  return await takeNotes(notesIn(stateDirectory), async (line) => {
    for (const event of eventsOf(line)) await write(event)
  })
}

function notesIn(stateDirectory: string): string {
  return join(stateDirectory, 'supervisor-notes.jsonl')
}

const BARE = {
  event_type: 'containment',
  agent: 'warder',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: 'containment',
  permit_id: '',
  request_id: '',
  risk_level: 'high',
} as const

/** One entry for what happened to the daemon, and one for each run that was ended for it. */
function eventsOf(line: unknown): GateEvent[] {
  const { success, data } = NoteShape.safeParse(line)
  if (!success) {
    const reason = 'a note of the supervisor cannot be read'
    return [
      {
        ...BARE,
        action: 'daemon:note',
        target: '',
        reason,
        result: 'error',
        rule: 'supervisor.note',
        details: {},
      },
    ]
  }
  const { what, at, why, receipts } = data
  const left = receipts.filter(({ processesAfter }) => processesAfter !== 0).length
  return [
    {
      ...BARE,
      // the one that leaves a stop behind: should its file be taken away, this entry is the witness
      action: what === 'gave-up' ? 'agent:stop' : `daemon:${what}`,
      target: what === 'gave-up' ? '*' : '',
      reason: why,
      result: left === 0 ? 'success' : 'failure',
      rule: `supervisor.${what}`,
      details: { at, runs: receipts.length },
    },
    ...receipts.map(({ agent, runId, processesBefore, processesAfter, ms, frozenMs }): GateEvent => ({
      ...BARE,
      agent,
      action: 'agent:end',
      target: runId,
      reason: why,
      result: processesAfter === 0 ? 'success' : 'failure',
      rule: `supervisor.${what}`,
      details: {
        at,
        processes_before: processesBefore,
        processes_after: processesAfter,
        microseconds: Math.round(ms * 1000),
        ...(frozenMs === undefined ? {} : { frozen_microseconds: Math.round(frozenMs * 1000) }),
      },
    })),
  ]
}
