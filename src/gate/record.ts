import type { Action } from '../core/action.ts'
import { actionName } from '../core/action.ts'
import type { Decision } from '../core/decision.ts'
import { messageOf } from '../core/error.ts'
import type { Principal } from '../core/principal.ts'
import { isAtLeast } from '../core/risk.ts'
import { verdictEvent, type GateEvent } from './event.ts'
import type { Request, Verdict } from './gate.ts'
import type { PermitBook } from './permits.ts'

/** As much of the ledger as the gate needs. */
export interface EventLog {
  /** Resolves when the entry is durable. @throws when it could not be written */
  append(event: GateEvent): Promise<{ readonly seq: number }>
}

export interface RecordOptions {
  readonly log: EventLog
  readonly permits: PermitBook
  readonly newId: () => string
  readonly epoch: () => number
  /** The gate's judgement of the same question, made again when the permit is spent. */
  readonly judge: (who: Principal, action: Action) => Decision
}

/**
 * Writes a verdict down, then hands out the permit. Nothing of medium risk or above is allowed that was not written
 * first; a low-risk verdict goes out without an entry number while the ledger is down, and status says it is.
 */
export function createRecorder({ log, permits, newId, epoch, judge }: RecordOptions) {
  return async (request: Request, who: Principal, action: Action, decided: Decision): Promise<Verdict> => {
    const opens = decided.effect === 'allow' ? request.door : undefined
    const ids = { request: request.id, decision: newId(), permit: opens === undefined ? '' : newId() }
    let decision = decided
    let entry: number | undefined
    try {
      entry = (await log.append(verdictEvent(ids, who, action, decided))).seq
    } catch (error) {
      decision = unwritten(decided, action, messageOf(error))
    }
    const verdict = { request: request.id, id: ids.decision, who, action, decision }
    const numbered = entry === undefined ? verdict : { ...verdict, entry }
    if (decision.effect !== 'allow' || opens === undefined) return numbered
    const claims = {
      id: ids.permit,
      request: ids.request,
      decision: ids.decision,
      principal: who.id,
      door: opens,
      action: actionName(action),
      bytes: action.bytes,
      epoch: decision.evidence.epoch,
    }
    return { ...numbered, permit: permits.issue(claims, () => judge(who, action), epoch) }
  }
}

function unwritten(decision: Decision, action: Action, why: string): Decision {
  if (decision.effect !== 'allow' || !isAtLeast(action.risk, 'medium')) return decision
  return {
    ...decision,
    effect: 'deny',
    layer: 'ledger',
    rule: 'ledger.unwritable',
    reason: `allowed by ${decision.rule}, but the ledger cannot be written: ${why}`,
    fix: 'free disk space or mend the ledger directory (warder doctor), then ask again',
  }
}
