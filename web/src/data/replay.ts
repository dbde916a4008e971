import { VERBS } from 'virtual:routes'
import type { EntryAnswer, OutputOf } from '../../../src/api/endpoints.ts'
import { call } from './calls.ts'

/** One kind of decision of the past, and what a proposed policy says to it. */
export interface Flip {
  readonly who: string
  readonly action: string
  readonly was: string
  readonly would: string
  readonly rule: string
  readonly reason: string
  /** How often it was decided so, and the newest entry that says it. */
  readonly times: number
  readonly entry: number
}

export interface Replay {
  readonly decisions: number
  readonly kinds: number
  readonly flips: readonly Flip[]
  /** What cannot be asked again: its words are no longer a capability. */
  readonly unasked: number
}

interface Kind {
  readonly agent: string
  readonly action: string
  times: number
  entry: number
}

/** Whether somebody in the record is an agent, and not a person or Warder itself. */
export function isAgent(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]*$/.test(name) && !ROLES.includes(name)
}

const LOOKED_AT = 10_000
const ROLES = ['owner', 'warder', 'system', 'operator', 'guest', 'device', 'nobody']
/** Letters of the policy’s own syntax: what holds one of them is a rule and not a deed. */
const SYNTAX = /[*?{}[\]\p{Cc}]/u

/** Whether policy can be asked of it again, as it is written. */
function isAskable({ action, target }: EntryAnswer): boolean {
  const [namespace = '', verb = '', ...rest] = action.split(':')
  if (VERBS[namespace]?.includes(verb) !== true || SYNTAX.test(target)) return false
  return rest.length === 0 && (namespace !== 'fs' || target.startsWith('/'))
}

/**
 * Decides what agents asked in the past twice: by the policy in force and by the proposed one. Only what these two
 * differ in is a flip, so that grants, answers of people and states of the time do not look like one.
 */
export async function replay(policy: string): Promise<Replay> {
  const { entries } = await call('auditList', { limit: LOOKED_AT })
  const decided = entries.filter((entry) => entry.decision !== '' && !ROLES.includes(entry.agent))
  const asked = decided.filter(isAskable)
  const kinds = [...kindsOf(asked).values()]
  if (kinds.length === 0) return { decisions: decided.length, kinds: 0, flips: [], unasked: decided.length }
  const text = JSON.stringify(kinds.map(({ agent, action }) => ({ agent, action, expect: 'deny' })))
  const before = (await call('policyTest', { text })).cases
  const after = (await call('policyTest', { text, policy })).cases
  return {
    decisions: decided.length,
    kinds: kinds.length,
    unasked: decided.length - asked.length,
    flips: kinds.flatMap((kind, at) => flipOf(kind, before[at], after[at])),
  }
}

type Case = OutputOf<'policyTest'>['cases'][number]

function flipOf(kind: Kind, before: Case | undefined, after: Case | undefined): Flip[] {
  if (before === undefined || after === undefined || before.got === after.got) return []
  const { agent: who, action, times, entry } = kind
  return [
    { who, action, was: before.got, would: after.got, rule: after.rule, reason: after.reason, times, entry },
  ]
}

function kindsOf(entries: readonly EntryAnswer[]): Map<string, Kind> {
  const kinds = new Map<string, Kind>()
  for (const entry of entries) {
    const action = actionOf(entry)
    const key = `${entry.agent} ${action}`
    const kind = kinds.get(key) ?? { agent: entry.agent, action, times: 0, entry: entry.seq }
    kind.times += 1
    kind.entry = Math.max(kind.entry, entry.seq)
    kinds.set(key, kind)
  }
  return kinds
}

function actionOf({ action, target }: EntryAnswer): string {
  return target === '' ? action : `${action}:${target}`
}
