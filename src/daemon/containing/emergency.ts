import { SessionNote, type EmergencyAnswer } from '../../api/emergency.ts'
import type { HumanAnswer } from '../../api/health.ts'
import {
  humanSessions,
  isRecoveryBoot,
  readLock,
  readWipe,
  removeLock,
  sessionNotesPath,
  writeLock,
  type EmergencyLock,
} from '../../contain/emergency/index.ts'
import { takeNotes } from '../../contain/stop/index.ts'
import { messageOf } from '../../core/error.ts'
import type { GateEvent } from '../../gate/index.ts'
import { readSmallFile } from '../../platform/files.ts'
import type { Component } from '../../watch/health/index.ts'
import type { Handlers } from '../http/app.ts'
import type { WatchOptions } from '../watch/wire.ts'

type EmergencyHandlers = Pick<
  Handlers,
  'emergencyShow' | 'emergencyLock' | 'emergencyUnlock' | 'emergencyNote'
>

export interface Emergency {
  readonly handlers: EmergencyHandlers
  /** What a lock that was made without us still asks for. */
  begin(): Promise<void>
  /** The lock and the last wipe, as a part of the whole. */
  part(): Component
  /** Adds to the status who works at this machine now. */
  readonly inStatus: <H extends Pick<Handlers, 'status'>>(handlers: H) => H
}

/** The daemon's share of an emergency: it lets go of keys and sessions, and keeps what people do on record. */
export function openEmergency(options: WatchOptions): Emergency {
  const { values, acts, people, append } = options
  const state = values['paths.state']
  return {
    handlers: {
      emergencyShow: () => shown(options),
      async emergencyLock({ reason }, { credential }) {
        const asked = { ...ACT, credential, risk: 'low' as const, input: { lock: true, reason }, reason }
        const by = people.identify(credential).id
        return (await acts.act(asked, 'containment', () => lock(options, by, reason))).value
      },
      async emergencyUnlock({ reason }, { credential }) {
        await people.fresh(credential, 'emergencyUnlock')
        const asked = {
          ...ACT,
          credential,
          risk: 'critical' as const,
          input: { lock: false, reason },
          reason,
        }
        const unlock = () => {
          removeLock(state)
          return shown(options)
        }
        return (await acts.act(asked, 'containment', unlock)).value
      },
      async emergencyNote(note) {
        const entry = (await append(sessionEvent(note))) as { readonly seq: number }
        return { entry: entry.seq }
      },
    },
    async begin() {
      await takeNotes(sessionNotesPath(state), async (line) => void (await append(noted(line))))
      stopIfRecovery(options)
      const found = readLock(state)
      if (found === undefined) return
      endSessions(options)
      if (found.recorded) return
      await append(lockEvent(found))
      writeLock(state, { ...unversioned(found), recorded: true })
    },
    part: () => partOf(state),
    inStatus: (handlers) => ({
      ...handlers,
      status: async (input, caller) => ({
        ...(await handlers.status(input, caller)),
        humans: humanSessions() satisfies HumanAnswer[],
      }),
    }),
  }
}

const ACT = { namespace: 'config', verb: 'write', resource: 'emergency-lock' } as const

async function lock(options: WatchOptions, by: string, reason: string): Promise<EmergencyAnswer> {
  const { values, secrets, out, clock } = options
  const state = values['paths.state']
  // who locked first is who locked; the act itself is on record either way
  const found = readLock(state)
  const since = found?.since ?? new Date(clock.now()).toISOString()
  writeLock(state, { since, by: found?.by ?? by, reason: found?.reason ?? reason, recorded: true })
  secrets.shutIfTold()
  endSessions(options)
  await out.shut()
  return shown(options)
}

/** A machine that was booted to be mended starts no agent, until somebody says so. */
function stopIfRecovery({ stops, clock }: WatchOptions): void {
  if (!isRecoveryBoot(readSmallFile('/proc/cmdline')?.toString() ?? '')) return
  const since = new Date(clock.now()).toISOString()
  stops.stop(undefined, { since, by: 'warder', reason: 'the machine was booted for recovery' })
}

/** What was kept while no daemon ran; a line that cannot be read is on record as one that cannot. */
function noted(line: unknown): GateEvent {
  const note = SessionNote.safeParse(line).data
  const unreadable = {
    what: 'end',
    session: 'unknown',
    user: '',
    from: '',
    text: 'a note that cannot be read',
  }
  return sessionEvent(note ?? { ...unreadable, what: 'end', digest: '' })
}

function endSessions({ people, lost }: WatchOptions): void {
  try {
    people.rooms().sessions.endAll()
  } catch (error) {
    lost(error) // a book that cannot be read lets nobody in
  }
}

function shown({ values, secrets, people, out }: WatchOptions): EmergencyAnswer {
  const found = readLock(values['paths.state'])
  const { since, by, reason } = found ?? {}
  return {
    ...(since === undefined || by === undefined || reason === undefined
      ? {}
      : { lock: { since, by, reason } }),
    keysInMemory: !secrets.shutIfTold(),
    sessions: people.room.roomsIfAny()?.sessions.list().length ?? 0,
    waysOut: out.facts().runs,
  }
}

function unversioned({ since, by, reason, recorded }: EmergencyLock): Omit<EmergencyLock, 'v'> {
  return { since, by, reason, recorded }
}

function partOf(state: string): Component {
  const name = 'emergency'
  const found = readLock(state)
  try {
    const wipe = readWipe(state)
    if (wipe?.status === 'running' || wipe?.status === 'incomplete') {
      const why = `a wipe of level ${wipe.level} of ${wipe.startedAt} is not whole`
      return { name, state: 'failed', why, fix: 'warder emergency wipe --resume' }
    }
  } catch (error) {
    return { name, state: 'unknown', why: messageOf(error) }
  }
  return found === undefined
    ? { name, state: 'ok', why: 'no lock is in force' }
    : {
        ...{ name, state: 'degraded', fix: 'warder emergency unlock' },
        why: `locked since ${found.since} by ${found.by}: ${found.reason}`,
      }
}

const BARE = {
  ...{ agent: 'owner', capabilities_used: [], decision_id: '', permit_id: '', request_id: '', rule: '' },
  ...{ decision: '' as const, result: 'success' as const, layer: 'containment' },
}

function lockEvent({ since, by, reason }: EmergencyLock): GateEvent {
  return {
    ...{ ...BARE, event_type: 'containment', action: 'emergency:lock', target: '*', agent: by, reason },
    risk_level: 'critical',
    details: { at: since },
  }
}

type Note = Parameters<EmergencyHandlers['emergencyNote']>[0]

function sessionEvent({ what, session, user, from, text, digest, exit }: Note): GateEvent {
  return {
    ...{ ...BARE, event_type: 'authentication', action: `emergency:session-${what}`, target: session },
    ...{ reason: text, risk_level: 'high' },
    details: {
      user,
      from,
      ...(digest === '' ? {} : { transcript_sha256: digest }),
      ...(exit === undefined ? {} : { exit_code: exit }),
    },
  }
}
