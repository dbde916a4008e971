import type { Action } from '../core/action.ts'
import type { Decision } from '../core/decision.ts'
import type { Door, Permit } from '../core/permit.ts'
import type { Principal } from '../core/principal.ts'

/** How a caller is known before the gate asks who it is; made by the listener that accepted it, never by the caller. */
export type Credential =
  /**
   * The far end of the daemon's own socket: same user, and it holds the socket's secret. `session` was said, not
   * checked; `pid` is the process that connected, as the kernel recorded it, and may be gone by now.
   */
  | {
      readonly kind: 'peer'
      readonly uid?: number
      readonly pid?: number
      readonly as?: string
      readonly session?: string
    }
  /** The far end of a socket that was made for one agent alone, for one of its runs. */
  | { readonly kind: 'agent'; readonly name: string; readonly run?: string }
  /** A guest or a paired device that proved possession of its key; only the authenticator makes one that counts. */
  | { readonly kind: 'member'; readonly id: string }
  /** A chat sender the owner let in, of a message its bridge signed; only the authenticator makes one that counts. */
  | { readonly kind: 'sender'; readonly channel: string; readonly sender: string }
  /** A person at the console, of a request that came with the token of a session; only the authenticator makes one that counts. */
  | { readonly kind: 'console'; readonly session: string }
  /** A caller who proved nothing, where the owner switched authentication off (profile dev, local socket). */
  | { readonly kind: 'anonymous' }
  /** The program that opened Warder in its own process. */
  | { readonly kind: 'library'; readonly as?: string }

export interface Request {
  readonly id: string
  readonly credential: Credential
  readonly action: Action
  /** The door an allow shall open; without one the answer is only an answer. */
  readonly door?: Door
}

/** The recorded answer. Only an allow for a door carries a permit. */
export interface Verdict {
  readonly request: string
  readonly id: string
  readonly who: Principal
  readonly action: Action
  readonly decision: Decision
  /** Sequence number of the ledger entry; absent only when the ledger could not be written and the risk was low, or for a refusal. */
  readonly entry?: number
  readonly permit?: Permit
}

/** What the gate is handed. It has no other way to learn or to do anything. */
export interface Rooms {
  /** @throws when nobody known stands behind the credential */
  identify(credential: Credential): Principal
  /** The same action, with what was found in it. */
  inspect(who: Principal, action: Action): Promise<Action>
  /** The answer of a stop that is in force for this principal or action, if there is one. */
  contained(who: Principal, action: Action): Decision | undefined
  decide(who: Principal, action: Action): Decision
  /** A human's answer; a deny when nobody can be asked or nobody answers. */
  ask(who: Principal, action: Action, decision: Decision): Promise<Decision>
  /** Writes the verdict to the ledger and, for an allow with a door, issues the permit. */
  record(request: Request, who: Principal, action: Action, decision: Decision): Promise<Verdict>
}

/** The path of one request. If anything throws there is no verdict, hence no permit: the door stays shut. */
export async function pass(request: Request, rooms: Rooms): Promise<Verdict> {
  const who = rooms.identify(request.credential)
  const action = await rooms.inspect(who, request.action) // the same action, with what was found in it
  const judge = () => rooms.contained(who, action) ?? rooms.decide(who, action)
  let decision = judge()
  if (decision.effect === 'ask') {
    const answer = await rooms.ask(who, action, decision)
    const since = judge() // a stop or a new rule that came while we waited beats an old yes
    decision = since.effect === 'deny' ? since : answer
  }
  return rooms.record(request, who, action, decision) // written before anyone acts; only an allow carries a permit
}
