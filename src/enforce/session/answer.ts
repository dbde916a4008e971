import type { Harness, HookCall } from './call.ts'

/** What is said to a harness. `none` lets it go on as if there were no hook: its own rules stay in force. */
export interface HookAnswer {
  readonly effect: 'none' | 'ask' | 'deny'
  /** For the model and the person: layer, rule, reason and fix. */
  readonly reason?: string
  /** Words added to what the model knows. */
  readonly context?: string
  /** Ends the agent's turn, where the harness can be told to. */
  readonly halt?: boolean
}

/** What the hook program does with it: write both, and exit. */
export interface HookWords {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** The only exit code every harness takes for a refusal; any other lets the call through. */
export const BLOCKING_EXIT = 2

/** A refusal in no dialect: the exit code alone blocks in each of them. */
export function refusal(reason: string): HookWords {
  return { exit: BLOCKING_EXIT, stdout: '', stderr: `Warder: ${reason}\n` }
}

/** The answer as this harness wants it. */
export function wordsFor(
  call: Pick<HookCall, 'harness' | 'event' | 'moment'>,
  answer: HookAnswer,
): HookWords {
  const reason = answer.reason ?? ''
  // Codex has no question to put to its user here, and takes one for a mistake
  const effect = answer.effect === 'ask' && call.harness === 'codex' ? 'deny' : answer.effect
  const body =
    call.harness === 'cursor' ? cursor(call, { ...answer, effect }) : grouped(call, { ...answer, effect })
  const stdout = body === undefined ? '' : `${JSON.stringify(body)}\n`
  if (effect === 'deny' && call.moment === 'before')
    return { exit: BLOCKING_EXIT, stdout, stderr: `Warder: ${reason}\n` }
  return { exit: 0, stdout, stderr: '' }
}

function grouped(
  { event, moment }: Pick<HookCall, 'event' | 'moment'>,
  answer: HookAnswer,
): object | undefined {
  const { effect, reason = '', context, halt = false } = answer
  const said = moment === 'before' && effect !== 'none'
  const specific = {
    hookEventName: event,
    ...(said ? { permissionDecision: effect, permissionDecisionReason: `Warder: ${reason}` } : {}),
    ...(context === undefined || moment === 'before' || moment === 'end'
      ? {}
      : { additionalContext: context }),
  }
  const body = {
    ...(halt && moment === 'after' ? { continue: false, stopReason: `Warder: ${reason}` } : {}),
    ...(effect === 'deny' && moment === 'after' ? { decision: 'block', reason: `Warder: ${reason}` } : {}),
    ...(Object.keys(specific).length > 1 ? { hookSpecificOutput: specific } : {}),
  }
  return Object.keys(body).length === 0 ? undefined : body
}

function cursor({ moment }: Pick<HookCall, 'moment'>, answer: HookAnswer): object {
  const { effect, reason = '', context } = answer
  if (moment === 'before') {
    const permission = effect === 'none' ? 'allow' : effect
    if (permission === 'allow') return { permission }
    return { permission, user_message: `Warder: ${reason}`, agent_message: `Warder: ${reason}` }
  }
  return context === undefined ? {} : { additional_context: context }
}

/** Modes in which a harness puts a question to its user. In any other, known or not, it might be a yes. */
const ASKS = new Set(['default', 'plan'])

/** Whether a person would see a question the harness is told to ask. */
export function canHarnessAsk({
  harness,
  mode,
}: {
  readonly harness: Harness
  readonly mode: string
}): boolean {
  return harness !== 'codex' && ASKS.has(mode)
}
