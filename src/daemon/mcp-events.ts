import type { GateEvent } from '../gate/index.ts'
import type { WireEvent } from './mcp/words.ts'

export interface OfSession {
  readonly session: string
  readonly server: string
  readonly agent: string
}

const BARE = {
  event_type: 'tool_call',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: 'mcp',
  permit_id: '',
  reason: '',
  request_id: '',
  risk_level: 'low',
  rule: '',
} as const

/** What the firewall refused, or found and let pass; calls themselves are in the receipts. */
export function mcpEvent(of: OfSession, event: Exclude<WireEvent, { kind: 'call' }>): GateEvent {
  const { method, name, rule, reason } = event
  const isBlocked = event.kind === 'refused' || event.verdict === 'blocked'
  return {
    ...BARE,
    agent: of.agent,
    action: event.kind === 'refused' ? 'mcp:refuse' : 'mcp:find',
    target: name === '' ? of.server : `${of.server}/${name}`.slice(0, 300),
    decision: isBlocked ? 'deny' : '',
    reason: reason.slice(0, 500),
    result: isBlocked ? (event.kind === 'found' ? 'violation' : 'denied') : 'success',
    risk_level: event.kind === 'found' ? 'high' : 'medium',
    rule,
    details: {
      ...{ session: of.session, method },
      ...(event.kind === 'refused' ? { from: event.from } : { verdict: event.verdict }),
    },
  }
}

/** A session's end, with the head of its receipts: who has the head can tell whether any of them was changed. */
export function mcpSessionEvent(
  { session, server, agent }: OfSession,
  what: 'begin' | 'checkpoint' | 'end',
  details: Readonly<Record<string, string | number>>,
  reason = '',
): GateEvent {
  return {
    ...BARE,
    agent,
    action: `mcp:session-${what}`,
    target: server,
    reason: reason.slice(0, 500),
    result: 'success',
    details: { session, ...details },
  }
}

/** A session that could not be: its server is not named, or not as it has to be. */
export function mcpRefusedEvent(agent: string, server: string, rule: string, reason: string): GateEvent {
  return {
    ...BARE,
    agent,
    action: 'mcp:open',
    target: server,
    decision: 'deny',
    reason: reason.slice(0, 500),
    result: 'denied',
    risk_level: 'medium',
    rule,
    details: {},
  }
}
