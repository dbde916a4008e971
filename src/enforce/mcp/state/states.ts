import type { StateBinding, StatePort } from '../ports.ts'
import { Live } from './live.ts'
import { KEY_BYTES, NONCE_BYTES, seal, unseal, type Sealed } from './seal.ts'

export interface StateOptions {
  /** 32 bytes, of this process alone; with the process go all states it gave out. */
  readonly key: Uint8Array
  readonly now: () => number
  readonly randomBytes: (count: number) => Uint8Array
  /** How long a client may take to come back with a state (default 10 min). */
  readonly stateMs?: number
  /** How long a task can be asked about (default 24 h). */
  readonly taskMs?: number
  /** Of each kind; the oldest give way (default 1,000). */
  readonly mostPerCaller?: number
}

export interface States extends StatePort {
  /** Nothing of this caller's can be brought back any more. */
  forget(caller: string): void
  /** How many can still be brought back. */
  readonly size: number
}

/** Why a state is refused. Each is a rule's name in the record; a client may know which. */
export type StateProblem = 'altered' | 'late' | 'used' | 'foreign' | 'other-request' | 'other-kind'

const REASONS: Readonly<Record<StateProblem, string>> = {
  altered: 'it is not as it was given out, or was given out before a restart',
  late: 'it came back too late',
  used: 'it has been brought back already, or newer ones took its place',
  foreign: 'it was given to another caller, or for another server',
  'other-request': 'it belongs to a request that asked for something else',
  'other-kind': 'it is of another kind than what it is given as',
}

const STATE_MS = 10 * 60_000
const TASK_MS = 24 * 60 * 60_000
const MOST = 1000
const ID_BYTES = 16

/**
 * Request state and task ids of servers, in a wrapping of our own: only the caller it was given to can bring it back, for
 * the same request, in time, and a state only once. A task is asked about many times, so its id serves until it ends.
 *
 * @throws RangeError for a key that has not 32 bytes
 */
export function createStates(options: StateOptions): States {
  const { key, now, randomBytes, stateMs = STATE_MS, taskMs = TASK_MS, mostPerCaller = MOST } = options
  if (key.length !== KEY_BYTES) throw new RangeError(`a key for states has ${KEY_BYTES} bytes`)
  const states = new Live<true>(mostPerCaller)
  const tasks = new Live<string>(mostPerCaller)

  const sealed = (text: string, bound: StateBinding, id: string, untilMs: number): string => {
    const { kind, caller, server, request } = bound
    return seal(key, randomBytes(NONCE_BYTES), { kind, caller, server, request, id, untilMs, text })
  }
  const sealState = (text: string, bound: StateBinding): string => {
    const id = Buffer.from(randomBytes(ID_BYTES)).toString('base64url')
    states.add(bound.caller, id, now() + stateMs, true, now())
    return sealed(text, bound, id, now() + stateMs)
  }
  const sealTask = (text: string, bound: StateBinding): string => {
    // one task has one id: a client compares what it is told with what it was given
    const id = JSON.stringify([bound.server, text])
    const given = tasks.get(bound.caller, id, now())
    if (given !== undefined) return given
    const token = sealed(text, bound, id, now() + taskMs)
    tasks.add(bound.caller, id, now() + taskMs, token, now())
    return token
  }
  const isLive = ({ kind, caller, id }: Sealed): boolean =>
    kind === 'task'
      ? tasks.get(caller, id, now()) !== undefined
      : states.take(caller, id, now()) !== undefined

  return {
    seal: (text, bound) => (bound.kind === 'task' ? sealTask(text, bound) : sealState(text, bound)),
    open: (token, bound) => {
      const content = unseal(key, token)
      const problem = content === undefined ? 'altered' : problemOf(content, bound, now())
      if (problem !== undefined) return refused(bound, problem)
      return isLive(content as Sealed) ? { value: (content as Sealed).text } : refused(bound, 'used')
    },
    forget: (caller) => {
      states.forget(caller)
      tasks.forget(caller)
    },
    get size() {
      return states.size + tasks.size
    },
  }
}

/** Compared before it counts as used, so that who is refused does not spend what is another's. */
function problemOf(content: Sealed, bound: StateBinding, nowMs: number): StateProblem | undefined {
  if (content.kind !== bound.kind) return 'other-kind'
  if (content.caller !== bound.caller || content.server !== bound.server) return 'foreign'
  if (content.untilMs <= nowMs) return 'late'
  // who asks about a task names the task, not the request that began it
  return bound.kind === 'request-state' && content.request !== bound.request ? 'other-request' : undefined
}

function refused({ kind }: StateBinding, problem: StateProblem): { rule: string; reason: string } {
  const what = kind === 'task' ? 'the task id' : 'the request state'
  return { rule: `state-${problem}`, reason: `${what} is refused: ${REASONS[problem]}` }
}
