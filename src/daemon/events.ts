import type { HaltedRun } from '../contain/stop/index.ts'
import type { Action } from '../core/action.ts'
import { KnownError, messageOf } from '../core/error.ts'
import type { Principal } from '../core/principal.ts'
import type { Grant } from '../decide/policy/index.ts'
import type { SpawnRecord } from '../enforce/sandbox/index.ts'
import type { GateEvent, Refusal } from '../gate/index.ts'
import { cutText } from './cut-text.ts'
import { haltEvent } from './http/stop.ts'

/** What goes on record beside verdicts and outcomes. */

const BARE = {
  agent: 'warder',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: '',
  permit_id: '',
  reason: '',
  request_id: '',
  risk_level: 'low',
  rule: '',
  target: '',
  details: {},
} as const

/** The daemon's own beginning. */
export function startEvent(version: string): GateEvent {
  return {
    ...BARE,
    event_type: 'system',
    action: 'daemon:start',
    target: version,
    result: 'success',
    details: { pid: process.pid },
  }
}

/** A program that began inside a run: the run's permit allowed it, the kernel told of it. */
export function spawnEvent({ runId, pid, argv, program }: SpawnRecord, agent: string): GateEvent {
  return {
    ...BARE,
    event_type: 'tool_call',
    agent,
    action: 'process:spawn',
    target: program ?? '',
    layer: 'sandbox',
    result: 'success',
    rule: 'sandbox.spawn',
    details: {
      run: runId,
      pid,
      command: cutText((argv ?? ['(ended before it could be looked at)']).join(' '), 2000),
    },
  }
}

/** A permit that opened nothing: forged, used, expired, for something else, or overtaken. */
export function refusalEvent({ code, what, door, claims }: Refusal): GateEvent {
  const [namespace = 'permit', verb = 'redeem', ...rest] = claims?.action.split(':') ?? []
  return {
    ...BARE,
    event_type: 'authentication',
    agent: claims?.principal ?? 'unknown',
    action: `${namespace}:${verb}`,
    target: rest.join(':'),
    decision: 'deny',
    decision_id: claims?.decision ?? '',
    layer: 'permit',
    permit_id: claims?.id ?? '',
    reason: what,
    request_id: claims?.request ?? '',
    result: 'denied',
    risk_level: 'high',
    rule: code,
    details: { door },
  }
}

/** An agent that called what only its owner may call. */
export function notForAgentEvent(agent: string, call: string): GateEvent {
  return {
    ...BARE,
    event_type: 'authentication',
    agent,
    action: 'socket:call',
    target: call,
    decision: 'deny',
    layer: 'identity',
    reason: `${call} is not for agents`,
    result: 'denied',
    risk_level: 'medium',
    rule: 'NOT_FOR_AGENTS',
  }
}

/** An agent that asked more than it may; told once for as long as it goes on. */
export function floodEvent(agent: string): GateEvent {
  return {
    ...BARE,
    event_type: 'authentication',
    agent,
    action: 'socket:call',
    target: '*',
    decision: 'deny',
    layer: 'identity',
    reason: `${agent} asks faster than it may; what is too much is refused without an entry of its own`,
    result: 'denied',
    risk_level: 'medium',
    rule: 'RATE_LIMITED',
  }
}

/** A grant that ended because the run it was given for did not begin. */
export function withdrawnEvent({ id, principal, capability }: Grant, by: Principal, why: string): GateEvent {
  return {
    ...BARE,
    event_type: 'capability',
    agent: by.id,
    action: 'grant:revoke',
    target: id,
    decision: 'allow',
    layer: 'gate',
    reason: why,
    result: 'success',
    risk_level: 'medium',
    rule: 'grant.unused',
    details: { principal, capability },
  }
}

/** A run that could not even be planned: refused by the sandbox, before the gate was asked. */
export function planEvent(who: Principal, action: Omit<Action, 'bytes'>, error: unknown): GateEvent {
  return {
    ...BARE,
    event_type: action.namespace === 'agent' ? 'agent' : 'tool_call',
    agent: who.id,
    action: `${action.namespace}:${action.verb}`,
    target: action.resource,
    decision: 'deny',
    layer: 'sandbox',
    reason: messageOf(error),
    result: 'denied',
    risk_level: action.risk,
    rule: error instanceof KnownError ? error.code : 'error',
  }
}

/** What `warder stop` did while no daemon could record it. */
export function noteEvent(line: unknown): GateEvent {
  if (!isNote(line)) {
    return {
      ...BARE,
      event_type: 'containment',
      action: 'agent:stop',
      target: '*',
      layer: 'containment',
      rule: 'containment.note',
      reason: 'a note of a stop made without the daemon cannot be read; look at: warder status',
      result: 'error',
      risk_level: 'medium',
    }
  }
  const { agent, reason, at, receipts, told } = line
  const [receipt] = receipts
  const failed = receipts.some(({ processesAfter }) => processesAfter !== 0)
  const base = receipt === undefined ? BARE : haltEvent(receipt, '', reason)
  return {
    ...base,
    event_type: 'containment',
    agent: 'owner',
    action: 'agent:stop',
    target: agent ?? '*',
    layer: 'containment',
    rule: 'containment.halt',
    reason,
    result: failed ? 'failure' : 'success',
    risk_level: 'medium',
    details: {
      at,
      without_daemon: !told,
      runs: receipts.length,
      processes_before: receipts.reduce((sum, { processesBefore }) => sum + Math.max(0, processesBefore), 0),
    },
  }
}

interface Note {
  readonly told: boolean
  readonly agent?: string
  readonly reason: string
  readonly at: string
  readonly receipts: readonly HaltedRun[]
}

function isNote(line: unknown): line is Note {
  if (typeof line !== 'object' || line === null) return false
  const { reason, at, receipts, told } = line as Partial<Record<keyof Note, unknown>>
  return (
    typeof reason === 'string' &&
    typeof at === 'string' &&
    typeof told === 'boolean' &&
    Array.isArray(receipts)
  )
}
