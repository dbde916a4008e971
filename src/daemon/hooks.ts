import { join } from 'node:path'
import { messageOf } from '../core/error.ts'
import {
  fileSessionStore,
  instruction,
  newNonce,
  nonceIn,
  readPayload,
  refusal,
  SessionBook,
  wordsFor,
  type HookCall,
  type HookWords,
  type Session,
} from '../enforce/session/index.ts'
import type { Credential, GateEvent } from '../gate/index.ts'
import { hookLockEvent, hookProvenEvent, hookRefusalEvent } from './hook-events.ts'
import { behind, isHarnessAlive } from './hook-harness.ts'
import { HookTaint } from './hook-taint.ts'
import { judgeCall, type JudgeOptions } from './hook-judge.ts'
import { askNamed, textsIn } from './named-paths.ts'
import { hookWorkspaces, type HookWorkspaceOptions } from './hook-workspaces.ts'
import { speaker } from './runs.ts'
import type { TaintRoom } from './taint.ts'

export interface HooksOptions extends JudgeOptions {
  readonly stateDirectory: string
  readonly now: () => number
  readonly append: (event: GateEvent) => Promise<unknown>
  /** Told when something could not be written down. */
  readonly lost: (error: unknown) => void
  readonly workspaces: HookWorkspaceOptions
  /** What a marked call looks like, for this nonce: run, it tells the daemon so and does nothing else. */
  readonly markedCommand: (nonce: string) => string
  readonly taint: TaintRoom
}

/** What `doctor` calls its sessions: always refused, and never remembered. */
const DOCTOR = /^warder-doctor-/
const SWEEP_MS = 30_000

/** The hooks of coding agents, answered. */
export interface Hooks {
  ask(payload: Uint8Array, credential: Credential): Promise<HookWords>
  ran(nonce: string): boolean
  list(): readonly Session[]
  release(id: string): Session
  /** What the owner should know. */
  warnings(): string[]
  isBusy(): boolean
  close(): void
}

/** @throws when what is known of earlier sessions cannot be read */
export function openHooks(options: HooksOptions): Hooks {
  const { now, append, lost } = options
  const write = (event: GateEvent): void => void append(event).catch(lost)
  const book = new SessionBook({
    ...{ now, newNonce },
    store: fileSessionStore(join(options.stateDirectory, 'hook-sessions.json')),
    onLock: (session) => write(hookLockEvent(session)),
    isAlive: isHarnessAlive,
    // it ended without a word: its workspace is nobody's any more
    onGone: ({ id }) => {
      workspaces.leave(id)
      tainting.forget(id)
    },
  })
  const workspaces = hookWorkspaces(options.workspaces)
  const tainting = new HookTaint(options)
  const timer = setInterval(() => {
    try {
      book.sweep()
    } catch (error) {
      lost(error)
    }
  }, SWEEP_MS)
  const desk: Desk = { options, book, workspaces, tainting, write }
  return {
    ask: (payload, credential) => answer(payload, credential, desk),
    ran: (nonce) => book.ran(nonce) !== undefined,
    list: () => book.list(),
    release: (id) => book.release(id),
    warnings: () => [
      ...(options.taint.problem() === undefined
        ? []
        : [`${options.taint.problem()}; every agent counts as tainted`]),
      ...book
        .list()
        .filter(({ lock }) => lock !== undefined)
        .map(
          ({ id, harness, lock }) =>
            `hook session ${id} of ${harness} is locked: ${lock?.why ?? ''} (let it go on: warder hook release ${id})`,
        ),
    ],
    isBusy: () => book.isBusy(),
    close: () => {
      clearInterval(timer)
      workspaces.close()
    },
  }
}

interface Desk {
  readonly options: HooksOptions
  readonly book: SessionBook
  readonly workspaces: ReturnType<typeof hookWorkspaces>
  readonly tainting: HookTaint
  readonly write: (event: GateEvent) => void
}

/** Whatever goes wrong in here is a refusal: an error that reached the harness might let the call through. */
async function answer(payload: Uint8Array, credential: Credential, desk: Desk): Promise<HookWords> {
  let call: HookCall
  try {
    call = ofCaller(readPayload(payload), credential)
  } catch (error) {
    desk.write(hookRefusalEvent('unknown', 'hook.payload', messageOf(error)))
    return refusal(messageOf(error))
  }
  try {
    return await inMoment(call, credential, desk)
  } catch (error) {
    const why = `it could not be decided: ${messageOf(error)}`
    desk.write(hookRefusalEvent(call.harness, 'hook.failed', why, call))
    if (call.moment === 'before') desk.book.tell(call, 'refused')
    return wordsFor(call, { effect: 'deny', reason: why })
  }
}

/** Inside a sandbox an agent may call its sessions what it likes: they are its own, and nobody else's. */
function ofCaller(call: HookCall, credential: Credential): HookCall {
  return credential.kind === 'agent' ? { ...call, session: `${credential.name}:${call.session}` } : call
}

async function inMoment(call: HookCall, credential: Credential, desk: Desk): Promise<HookWords> {
  if (DOCTOR.test(call.session.slice(call.session.indexOf(':') + 1)))
    return wordsFor(call, { effect: 'deny', reason: 'this call asks whether the hook is alive: it is' })
  if (call.moment !== 'end') desk.book.behind(call, behind(credential))
  // what was written is looked at as well, so it is named here once more
  await askNamed(
    call.moment === 'start' || call.moment === 'before' ? [] : textsIn(call.input),
    call.cwd,
    desk.options.home,
  )
  switch (call.moment) {
    case 'start':
      return start(call, desk)
    case 'before':
      return before(call, credential, desk)
    case 'end':
      desk.book.end(call)
      desk.workspaces.leave(call.session)
      desk.tainting.forget(call.session)
      return wordsFor(call, { effect: 'none' })
    default:
      return after(call, credential, desk)
  }
}

function start(call: HookCall, { book, workspaces, options }: Desk): HookWords {
  const session = book.of(call)
  const { marker, lock } = session
  const note = workspaces.enter(session)
  const context = [
    ...(lock === undefined ? [] : [lockedReason(lock.why)]),
    ...(lock === undefined && marker !== undefined ? [instruction(options.markedCommand(marker.nonce))] : []),
    ...(note === undefined ? [] : [note]),
  ]
  return wordsFor(call, {
    effect: 'none',
    ...(context.length === 0 ? {} : { context: context.join('\n\n') }),
  })
}

async function before(call: HookCall, credential: Credential, desk: Desk): Promise<HookWords> {
  const { book, workspaces, tainting, options, write } = desk
  const { standing, session } = book.before(call, nonceIn(JSON.stringify(call.input)))
  if (standing === 'locked' || standing === 'marker' || standing === 'unproven') {
    book.tell(call, 'refused')
    const { rule, reason } = standingReason(standing, session, options)
    if (standing === 'marker') write(hookProvenEvent(session))
    else write(hookRefusalEvent(call.harness, rule, reason, call))
    return wordsFor(call, { effect: 'deny', reason })
  }
  workspaces.enter(session)
  const asking = speaker(credential, call.harness)
  const { effect, reason } = await judgeCall(call, asking, session.workspace, options)
  // what the harness is left to ask may run, if its user says so
  book.tell(call, effect === 'deny' ? 'refused' : 'allowed')
  if (effect !== 'deny') tainting.before(call, nameOf(call, credential), session.workspace)
  return wordsFor(call, effect === 'allow' ? { effect: 'none' } : { effect, reason })
}

function standingReason(
  standing: 'locked' | 'marker' | 'unproven',
  { lock, marker }: Session,
  { markedCommand }: HooksOptions,
): { readonly rule: string; readonly reason: string } {
  if (standing === 'locked') return { rule: 'hook.locked', reason: lockedReason(lock?.why ?? '') }
  if (standing === 'marker')
    return { rule: 'hook.marker', reason: 'refused, as it had to be: the guard works. Go on with your task' }
  const reason = `nothing is allowed before the guard was seen to work. First ${instruction(markedCommand(marker?.nonce ?? '')).replace(/^[^]*?run/, 'run')}`
  return { rule: 'hook.unproven', reason }
}

function lockedReason(why: string): string {
  return `this session is locked: ${why}. Its owner can let it go on: warder hook list, warder hook release`
}

/** As whom it asks: the agent of the sandbox it runs in, or its harness. */
function nameOf({ harness }: HookCall, credential: Credential): string {
  return credential.kind === 'agent' ? credential.name : harness
}

function after(call: HookCall, credential: Credential, { book, tainting, options }: Desk): HookWords {
  const { lock, marker, workspace } = book.after(call)
  tainting.after(call, nameOf(call, credential), workspace)
  if (lock !== undefined)
    return wordsFor(call, { effect: 'deny', reason: lockedReason(lock.why), halt: true })
  return marker === undefined
    ? wordsFor(call, { effect: 'none' })
    : wordsFor(call, { effect: 'none', context: instruction(options.markedCommand(marker.nonce)) })
}
