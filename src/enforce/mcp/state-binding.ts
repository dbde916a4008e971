import { digestOf, type Json } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import type { Desk } from './desk.ts'
import type { Members, ReadMessage } from './frame.ts'
import type { StateBinding } from './ports.ts'
import type { Refusal } from './refusal.ts'

type Request = Extract<ReadMessage, { kind: 'request' }>

/** What may differ when a request is made again with answers: everything else has to be the same request. */
const ROUNDS = new Set(['requestState', 'inputResponses', '_meta'])

/** SHA-256 of the request without what makes it a later round of itself. */
export function requestDigest({ method, params }: Pick<Request, 'method' | 'params'>): string {
  const rest = Object.fromEntries(Object.entries(params).filter(([name]) => !ROUNDS.has(name)))
  return digestOf({ method, params: rest } as Json)
}

export function bindingOf(desk: Pick<Desk, 'policy' | 'caller'>, request: string): StateBinding {
  return { kind: 'request-state', server: desk.policy.name, caller: desk.caller, request }
}

/** The params with the server's own state in them again, when they hold state that was given to this caller for this request. */
export function openState(
  desk: Desk,
  message: Request,
): { readonly params: Members } | { readonly refusal: Refusal } {
  const { params } = message
  const { requestState } = params
  if (requestState === undefined || desk.ports.state === undefined) return { params }
  if (typeof requestState !== 'string') return { refusal: refused('state.shape', 'request state is a text') }
  try {
    const opened = desk.ports.state.open(requestState, bindingOf(desk, requestDigest(message)))
    if ('value' in opened) return { params: { ...params, requestState: opened.value } }
    return { refusal: refused(opened.rule, opened.reason) }
  } catch (error) {
    return { refusal: refused('state.error', messageOf(error)) }
  }
}

function refused(rule: string, reason: string): Refusal {
  return {
    kind: 'state',
    layer: 'inspection',
    rule,
    reason,
    fix: 'make the request again from the beginning',
  }
}
