import type { Finding } from '../../core/incident.ts'
import type { GateEvent } from '../../gate/index.ts'
import type { Canary, NamedUse, Trace } from '../../watch/canary/index.ts'
import type { LiveRun } from '../runs.ts'
import { whoEvidence } from './integrity-finding.ts'
import type { Touch } from './sentry.ts'

const BARE = {
  event_type: 'system',
  agent: 'warder',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: 'watch',
  permit_id: '',
  reason: '',
  request_id: '',
  risk_level: 'medium',
  rule: '',
  result: 'success',
} as const

export const CANARY_PLANTED = 'canary:plant'
export const CANARY_REMOVED = 'canary:remove'

/** That the list of canaries was changed, without what it says: the record is read by more than its owner. */
export function canaryEvent(what: 'plant' | 'remove', revision: number, kind: string): GateEvent {
  const action = what === 'plant' ? CANARY_PLANTED : CANARY_REMOVED
  return { ...BARE, action, target: 'canaries.json', details: { revision, kind } }
}

const WHAT: Readonly<Record<Touch['what'], string>> = {
  open: 'was opened',
  write: 'was written to',
  make: 'was laid over',
  remove: 'was moved or removed',
  attribute: 'was given other rights',
}

const TRACES: Readonly<Record<Trace, string>> = {
  gone: 'is gone',
  replaced: 'is another file',
  content: 'was written to',
  permissions: 'has other permissions',
  owner: 'belongs to somebody else',
  read: 'was read',
  unreadable: 'cannot be read any more',
}

function bare(canary: Canary, at: number, how: string) {
  return {
    rule: 'canary.tripped',
    source: 'canary',
    severity: 'critical',
    at,
    class: 'unauthorized_access',
    key: `canary:${canary.id}:${how}`,
  } as const
}

function evidenceOf({ id, kind, name }: Canary): Record<string, string> {
  return { canary: id, kind, name }
}

/** Somebody touched the file of a canary, and the kernel said so. */
export function touchFinding(canary: Canary, { what, who }: Touch, at: number, run?: LiveRun): Finding {
  const by = who === undefined ? '' : ` by ${who.program === '' ? who.command : who.program} (pid ${who.pid})`
  const whose = run === undefined ? '' : ` of ${run.running.agent}`
  return {
    ...bare(canary, at, `${what}:${run?.running.runId ?? who?.pid ?? 0}`),
    summary: `the canary ${canary.name} ${WHAT[what]}${by}${whose}`,
    ...(run === undefined ? {} : { agent: run.running.agent, run: run.running.runId }),
    evidence: { ...evidenceOf(canary), path: canary.name, what, ...whoEvidence(who) },
  }
}

/** Something befell it that is only seen afterwards: nobody knows who it was. */
export function traceFinding(canary: Canary, trace: Trace, at: number): Finding {
  return {
    ...bare(canary, at, trace),
    summary: `the canary ${canary.name} ${TRACES[trace]}; nobody saw who did it`,
    evidence: { ...evidenceOf(canary), path: canary.name, what: trace, ...whoEvidence(undefined) },
  }
}

/** It was asked for by its name, and that is on record. */
export function useFinding(canary: Canary, entry: NamedUse, at: number): Finding {
  const run = entry.details['run']
  const isAgent = entry.agent !== 'owner' && entry.agent !== 'warder'
  return {
    ...bare(canary, at, `used:${entry.agent}`),
    summary: `the canary ${canary.name} (${canary.kind}) was used by ${entry.agent}: ${entry.action.replace(':', ' ')} ${entry.target}`,
    ...(isAgent ? { agent: entry.agent } : {}),
    ...(typeof run === 'string' ? { run } : {}),
    evidence: { ...evidenceOf(canary), entry: entry.seq, action: entry.action, by: entry.agent },
  }
}

/** The agent at whose own socket something was shown. */
export interface Shower {
  readonly name: string
  readonly run?: string
}

/** Its token was shown to Warder itself. */
export function tokenFinding(
  canary: Canary,
  { uid, by }: { readonly uid: number | undefined; readonly by?: Shower | undefined },
  at: number,
): Finding {
  const who = by !== undefined ? ` by ${by.name}` : uid === undefined ? '' : ` by uid ${uid}`
  return {
    ...bare(canary, at, `shown:${by?.name ?? uid ?? 'unknown'}`),
    summary: `the fake token ${canary.name} was used at Warder's own door${who}`,
    ...(by === undefined ? {} : { agent: by.name }),
    ...(by?.run === undefined ? {} : { run: by.run }),
    evidence: { ...evidenceOf(canary), ...(uid === undefined ? {} : { uid }) },
  }
}

/** The list itself was touched. */
export function listFinding(problem: string, at: number): Finding {
  return {
    ...{ rule: 'canary.list', source: 'canary', severity: 'critical', at },
    key: 'canary:list',
    class: 'integrity_violation',
    summary: problem,
    evidence: { own: true, category: 'trust', path: 'canaries.json' },
  }
}
