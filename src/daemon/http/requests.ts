import type { Action } from '../../core/action.ts'
import { digestOf } from '../../core/canonical.ts'
import { NAMESPACES, parseCapability } from '../../core/capability.ts'
import type { Decision } from '../../core/decision.ts'
import { newId } from '../../core/id.ts'
import type { Principal } from '../../core/principal.ts'
import { parseDurationMs } from '../../core/quantity.ts'
import type { RiskLevel } from '../../core/risk.ts'
import type { Somebody } from '../../decide/approval/index.ts'
import type { Approvals } from '../approvals.ts'
import {
  pass,
  permitOf,
  throughDoor,
  type Credential,
  type PermitBook,
  type Rooms,
} from '../../gate/index.ts'
import type { Grant, GrantBook, PolicyEngine } from '../../decide/policy/index.ts'
import { speaker } from '../runs.ts'
import type { Handlers } from './app.ts'

export interface RequestHandlerOptions {
  readonly rooms: Rooms
  readonly permits: PermitBook
  readonly mayRequest: PolicyEngine['mayRequest']
  /** What policy says; only to a principal the authenticator made. */
  readonly policy: Rooms['decide']
  /** The same decision, or a no for what is used up or done too often. */
  readonly within: (who: Principal, action: Action, decided: Decision) => Decision
  readonly grants: Pick<GrantBook, 'add'>
  /** Somebody as the authenticator made them. @throws when it did not */
  readonly genuine: (who: Somebody) => Principal
  readonly approvals: Pick<Approvals, 'ask' | 'answererOf' | 'isSomebodyThere'>
  /** How the gate judges a request again when its permit is spent, by the request's bytes. */
  readonly judged: Map<string, Rooms['decide']>
  /** How long a person has to answer. */
  readonly waitMs: number
  readonly now: () => number
  readonly monotonicMs: () => number
  /** Masks secrets: a reason is kept, and shown to whoever lists the grants. */
  readonly redact: (text: string) => string
}

/** An agent asks for what it does not hold: refused unasked outside of what the policy lets it ask for. */
export function requestHandlers(options: RequestHandlerOptions): Pick<Handlers, 'capabilityRequest'> {
  const { rooms, mayRequest, redact, waitMs } = options
  return {
    async *capabilityRequest({ as, capability, reason: given, duration, task }, { credential: by }) {
      const credential = speaker(by, as)
      const who = rooms.identify(credential)
      if (isHeld(options, who, capability)) {
        yield { what: 'held' as const, capability }
        return
      }
      const reason = redact(given)
      const action = requestAction(who, { capability, reason, duration, task })
      const isAsked =
        mayRequest(who.id, parseCapability(capability)) && options.approvals.isSomebodyThere(who.id)
      if (isAsked) yield { what: 'asked' as const, capability, waitMs }
      const grant = await granted(options, credential, action, { capability, reason, duration, task })
      const expiresAt = new Date(grant.expiresAt).toISOString()
      yield { what: 'granted' as const, capability, grant: grant.id, expiresAt, by: grant.grantor }
    },
  }
}

/** @throws DeniedError when the policy or a person says no */
async function granted(
  options: RequestHandlerOptions,
  credential: Credential,
  action: Action,
  wanted: Wanted,
): Promise<Grant> {
  const { rooms, permits, judged, within, monotonicMs } = options
  const answerer: { by?: Somebody } = {}
  const own = deciding(options, wanted.capability, answerer)
  // judged again without it: a permit that was given within a limit stays good when the limit is reached
  judged.set(action.bytes, own.decide)
  const decide: Rooms['decide'] = (who, of) => within(who, of, own.decide(who, of))
  try {
    const asked = { id: newId(), credential, action, door: 'grants' } as const
    const verdict = await pass(asked, { ...rooms, ...own, decide })
    const at = { permit: permitOf(verdict), door: 'grants', bytes: action.bytes } as const
    return await throughDoor(permits, at, () => give(options, verdict.who, wanted, answerer.by), monotonicMs)
  } finally {
    judged.delete(action.bytes)
  }
}

interface Wanted {
  readonly capability: string
  readonly reason: string
  readonly duration: string | undefined
  readonly task: string | undefined
}

/** The same gate, asked whether this may be asked for; a stop comes first as ever. */
function deciding(
  options: RequestHandlerOptions,
  capability: string,
  answerer: { by?: Somebody },
): Pick<Rooms, 'decide' | 'ask'> {
  return {
    decide: (who, action) => requestDecision(options, who, action, capability),
    async ask(who, action, decision) {
      const answer = await options.approvals.ask(who, action, decision, 'capability')
      const by = options.approvals.answererOf(answer)
      if (by !== undefined) answerer.by = by
      return answer
    },
  }
}

function requestDecision(
  { policy, mayRequest }: RequestHandlerOptions,
  who: Principal,
  action: Action,
  capability: string,
): Decision {
  const { evidence } = policy(who, action)
  const base = { layer: 'policy', capabilities: [], evidence } as const
  if (who.role === 'agent' && mayRequest(who.id, parseCapability(capability))) {
    const reason = `${who.id} does not hold ${capability}, and may ask for it`
    return { ...base, effect: 'ask', rule: 'may_request', reason }
  }
  return {
    ...base,
    effect: 'deny',
    rule: 'request.not_requestable',
    reason: `${capability} is not among what ${who.id} may ask for`,
    fix: `the owner may add it to may_request of agents.${who.id} in the policy file`,
  }
}

/** A pattern is held only when a grant or rule says so of it all; what is exact is asked of the policy. */
function isHeld({ policy }: RequestHandlerOptions, who: Principal, text: string): boolean {
  const { namespace, verb, pattern = '' } = parseCapability(text)
  if (verb === '*' || pattern.includes('*')) return false
  const action: Action = { namespace, verb, resource: pattern, risk: riskOf(text), bytes: digestOf({ text }) }
  return policy(who, action).effect === 'allow'
}

function requestAction(who: Principal, { capability, reason, duration, task }: Wanted): Action {
  return {
    namespace: 'grant',
    verb: 'add',
    resource: who.id,
    risk: riskOf(capability),
    // its own, so that what is judged again is this request and no other
    bytes: digestOf({
      ...{ request: newId(), principal: who.id, capability },
      ...{ duration: duration ?? null, task: task ?? null },
    }),
    reason,
    about: { capability, ...(duration === undefined ? {} : { duration }) },
    ...(task === undefined ? {} : { task }),
  }
}

const READS = new Set(['read', 'list', 'status', 'resolve', 'verify'])
const BORDER = new Set([
  'policy',
  'grant',
  'firewall',
  'sec',
  'model',
  'secret',
  'config',
  'crypto',
  'approval',
])

/** How much could be broken with it; what names no resource, or every verb, is asked for twice. */
function riskOf(text: string): RiskLevel {
  const { namespace, verb, pattern } = parseCapability(text)
  const isWide = verb === '*' || pattern === undefined || pattern === '**' || pattern === '/**'
  if (isWide || BORDER.has(namespace) || NAMESPACES[namespace] === undefined) return 'high'
  return READS.has(verb) ? 'low' : verb === 'delete' || verb === 'kill' ? 'high' : 'medium'
}

function give(
  { grants, genuine, now }: RequestHandlerOptions,
  who: Principal,
  { capability, reason, duration, task }: Wanted,
  by: Somebody | undefined,
): Grant {
  const request = {
    ...{ principal: who.id, capability, reason },
    ...(duration === undefined ? {} : { durationMs: parseDurationMs(duration) }),
    ...(task === undefined ? {} : { task }),
  }
  if (by === undefined) throw new Error('a capability was asked for, and nobody said yes')
  // in the name of who said yes, as the authenticator knows them; the book refuses whoever may not give
  return grants.add(request, genuine(by), now()).grant
}
