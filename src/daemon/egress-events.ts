import type { AlertEvent, DecisionEvent, EgressEvent, EndEvent } from '../enforce/egress/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { SecretUse } from './secrets-events.ts'
import { nameOf } from './ways-out-run.ts'

const OF_PROXY = {
  event_type: 'network',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: 'egress',
  permit_id: '',
  reason: '',
  request_id: '',
  rule: '',
} as const

/** What the proxy decided or carried, as an entry of the record: never a query, a header's value or a body. */
export function egressEvent(event: EgressEvent): GateEvent {
  if (event.kind === 'decision') return decisionEvent(event)
  return event.kind === 'end' ? endEvent(event) : alertEvent(event)
}

function decisionEvent(event: DecisionEvent): GateEvent {
  const { runId, agent, id, via, host, port, method, path, verdict, rule, code, reason, asked } = event
  return {
    ...OF_PROXY,
    agent,
    action: 'net:connect',
    target: nameOf({ host, port }),
    decision: verdict,
    request_id: id,
    reason,
    result: verdict === 'allow' ? 'allowed' : 'denied',
    risk_level: verdict === 'allow' ? 'low' : 'medium',
    rule,
    // in the order of their names, as the record writes them: it need not put them in order again
    details: {
      asked,
      ...(code === undefined ? {} : { code }),
      ...(method === undefined ? {} : { method }),
      ...(path === undefined ? {} : { path }),
      run: runId,
      via,
    },
  }
}

function endEvent(event: EndEvent): GateEvent {
  const {
    runId,
    agent,
    id,
    host,
    port,
    address,
    bytesOut,
    bytesIn,
    ms,
    status,
    code,
    labels,
    secrets,
    findings,
  } = event
  const words = (name: string, list: readonly string[]) =>
    list.length === 0 ? {} : { [name]: list.join(' ') }
  return {
    ...OF_PROXY,
    agent,
    action: 'net:end',
    target: nameOf({ host, port }),
    request_id: id,
    reason: event.reason ?? '',
    result: code === undefined ? 'success' : 'violation',
    risk_level: code === undefined ? 'low' : 'medium',
    details: {
      ...(address === undefined ? {} : { address }),
      bytes_in: Math.round(bytesIn),
      bytes_out: Math.round(bytesOut),
      ...(code === undefined ? {} : { code }),
      duration_ms: Math.round(ms),
      ...words('findings', findings),
      ...(event.fix === undefined ? {} : { fix: event.fix }),
      ...words('labels', labels),
      run: runId,
      ...words('secrets', secrets),
      ...(status === undefined ? {} : { status }),
    },
  }
}

function alertEvent({ runId, agent, alert, host, reason, secret }: AlertEvent): GateEvent {
  return {
    ...OF_PROXY,
    agent,
    action: 'net:alert',
    target: host,
    reason,
    result: 'violation',
    risk_level: alert === 'canary-used' ? 'critical' : 'high',
    rule: `egress.${alert}`,
    // by another name than `secret`, whose value nobody would see in the record, nor who looks there for canaries
    details: { ...(secret === undefined ? {} : { binding: secret }), run: runId },
  }
}

/** What an event says of the secrets of a run. */
export function secretUses(event: EgressEvent): readonly SecretUse[] {
  if (event.kind === 'end') {
    return event.secrets.map((name) => use(event, name, event.host, 'used'))
  }
  const what = event.kind === 'alert' ? OF_ALERT[event.alert] : undefined
  if (event.kind !== 'alert' || what === undefined || event.secret === undefined) return []
  return [{ ...use(event, event.secret, event.host, what), where: event.reason }]
}

function use(
  { agent, runId }: { readonly agent: string; readonly runId: string },
  name: string,
  host: string,
  what: SecretUse['what'],
): SecretUse {
  return { agent, run: runId, name, hosts: [host], what }
}

const OF_ALERT: Readonly<Partial<Record<AlertEvent['alert'], SecretUse['what']>>> = {
  'secret-astray': 'astray',
  'canary-used': 'canary',
  'secret-echo-removed': 'echo',
  'secret-budget-spent': 'budget',
}
