import type { CaseClass, IncidentState } from '../../core/incident.ts'
import type { RiskLevel } from '../../core/risk.ts'

/**
 * Every step there is. `contained` is reached only from a state in which actions are under way, so nothing is ever
 * called contained because somebody said so; and nothing is resolved that nobody acknowledged.
 */
export const TRANSITIONS: Readonly<Record<IncidentState, readonly IncidentState[]>> = {
  open: ['containing', 'acknowledged'],
  containing: ['contained', 'containment_failed'],
  contained: ['containing', 'acknowledged'],
  containment_failed: ['containing', 'contained', 'acknowledged'],
  acknowledged: ['containing', 'resolved'],
  resolved: [],
}

export function mayMove(from: IncidentState, to: IncidentState): boolean {
  return TRANSITIONS[from].includes(to)
}

export const ACTION_NAMES = [
  'freeze_agent',
  'snapshot_evidence',
  'kill_agent',
  'revoke_rights',
  'close_egress',
  'disable_secrets',
  'lock_secrets',
  'quarantine',
  'block_address',
  'roll_back',
  'log_alert',
] as const
export type ActionName = (typeof ACTION_NAMES)[number]

/** What shall be done, as it is written down before it is tried. */
export interface Order {
  readonly action: ActionName
  /** An agent, `*` for all of them, a path, `server` or `server/tool`, a host, a workspace. */
  readonly target: string
  readonly input?: Readonly<Record<string, string>> | undefined
}

/**
 * - `waiting`: not tried yet
 * - `done`: done, and seen in the world
 * - `nothing`: there was nothing it could act on, and it was looked
 * - `failed`: tried and not seen in the world; it is tried again
 */
export const ACTION_STATES = ['waiting', 'done', 'nothing', 'failed'] as const
export type ActionState = (typeof ACTION_STATES)[number]

/** An order with what became of it: the receipt. */
export interface Receipt extends Order {
  readonly state: ActionState
  readonly attempts: number
  /** Of the last attempt. */
  readonly began?: number
  readonly ended?: number
  readonly ms?: number
  /** What was seen in the world, or why it did not work. */
  readonly evidence: string
  /** When it is tried again. */
  readonly nextAt?: number
}

/** A step of a playbook. */
export interface StepDone {
  readonly step: string
  readonly state: 'done' | 'waived'
  readonly by: string
  readonly note: string
  readonly at: number
}

export interface Told {
  readonly by: string
  readonly at: number
  readonly why: string
}

export interface TimelineEntry {
  readonly at: number
  readonly what: string
}

export interface Incident {
  readonly id: string
  readonly class: CaseClass
  readonly severity: RiskLevel
  readonly state: IncidentState
  readonly source: string
  readonly rule: string
  readonly summary: string
  readonly key: string
  readonly agent?: string
  readonly run?: string
  readonly evidence: Readonly<Record<string, string | number | boolean>>
  /** How many reports it stands for. */
  readonly count: number
  readonly openedAt: number
  readonly lastAt: number
  /** When every action was confirmed for the last time. */
  readonly containedAt?: number
  readonly actions: readonly Receipt[]
  readonly acknowledged?: Told
  readonly resolved?: Told
  readonly steps: readonly StepDone[]
  readonly timeline: readonly TimelineEntry[]
}

/** Whether everything that was ordered was seen in the world. */
export function isConfirmed({ actions }: Pick<Incident, 'actions'>): boolean {
  return actions.every(({ state }) => state === 'done' || state === 'nothing')
}

/** The state that the receipts speak for, where actions are under way; undefined: as it is. */
export function stateOfActions({ state, actions }: Incident): IncidentState | undefined {
  if (actions.length === 0 || (state !== 'containing' && state !== 'containment_failed')) return undefined
  if (actions.some((each) => each.state === 'waiting')) return undefined
  const told = isConfirmed({ actions }) ? 'contained' : 'containment_failed'
  return told === state ? undefined : told
}

/** The numbers of the actions of an incident that are to be tried now. */
export function dueActions({ actions, state }: Incident, now: number): number[] {
  if (state === 'resolved') return []
  const isDue = ({ state: each, nextAt }: Receipt) =>
    each === 'waiting' || (each === 'failed' && nextAt !== undefined && nextAt <= now)
  return actions.flatMap((each, i) => (isDue(each) ? [i] : []))
}
