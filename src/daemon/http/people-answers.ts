import type { z } from 'zod'
import type { ActivityShape, MemberAnswer, PairingAnswer, SessionShape, SlipShape } from '../../api/people.ts'
import {
  fingerprintOf,
  principalOf,
  type Member,
  type Pairing,
  type Session,
  type Slip,
} from '../../decide/identity/index.ts'
import type { Ledger } from '../../record/audit/index.ts'

/** What the owner, guests and devices are told of one another; never a key, a token or a MAC. */

const iso = (ms: number): string => new Date(ms).toISOString()

export function memberAnswer(member: Member, now: number): MemberAnswer {
  const { id, what, name, type, scope, workspace, publicKey, madeAt, redeemBy, activeAt, token } = member
  const { expiresAt, revokedAt, revokedBy } = member
  return {
    ...{ id, what, name, type, principal: principalOf(member), state: stateOf(member, now) },
    ...{ scope: [...scope], madeAt: iso(madeAt), expiresAt: iso(expiresAt) },
    ...(workspace === null ? {} : { workspace }),
    ...(publicKey === null ? {} : { fingerprint: fingerprintOf(publicKey) }),
    ...(redeemBy === null ? {} : { redeemBy: iso(redeemBy) }),
    ...(activeAt === null ? {} : { activeAt: iso(activeAt) }),
    ...(revokedAt === null ? {} : { revokedAt: iso(revokedAt) }),
    ...(revokedBy === null ? {} : { revokedBy }),
    ...(token === null ? {} : { tokenExpiresAt: iso(token.expiresAt) }),
  }
}

function stateOf({ revokedAt, activeAt, redeemBy, expiresAt }: Member, now: number): MemberAnswer['state'] {
  if (revokedAt !== null) return 'revoked'
  if (activeAt === null) return now < (redeemBy ?? 0) ? 'invited' : 'lapsed'
  return now < expiresAt ? 'active' : 'expired'
}

export function sessionAnswer(
  { id, startedAt, seenAt, endsAt, console: at }: Session,
  fresh: boolean,
  current: string | undefined,
): z.output<typeof SessionShape> {
  const times = { startedAt: iso(startedAt), seenAt: iso(seenAt), endsAt: iso(endsAt) }
  return { id, ...times, fresh, current: id === current, ...(at === null ? {} : { console: at }) }
}

export function pairingAnswer(pairing: Pairing): PairingAnswer {
  const { id, what, state, name, type, publicKey, uid, requestedAt, expiresAt } = pairing
  return {
    ...{ id, what, state, name, type, requestedAt: iso(requestedAt), expiresAt: iso(expiresAt) },
    ...(publicKey === '' ? {} : { fingerprint: fingerprintOf(publicKey) }),
    ...(uid === null ? {} : { uid }),
  }
}

export function slipAnswer(slip: Slip, now: number): z.output<typeof SlipShape> {
  const { id, agent, task, issuedAt, expiresAt, spentAt, revokedAt } = slip
  const state =
    revokedAt !== null ? 'revoked' : spentAt !== null ? 'spent' : now < expiresAt ? 'issued' : 'expired'
  return { id, agent, task, state, issuedAt: iso(issuedAt), expiresAt: iso(expiresAt) }
}

const NEWEST = 50
const MOST_COUNTED = 10_000

/** What the record knows of a guest or device. */
export function activityOf(ledger: Pick<Ledger, 'query'>, principal: string): z.output<typeof ActivityShape> {
  const all = ledger.query({ agent: principal, order: 'newest', limit: MOST_COUNTED })
  const asked = all.filter(({ decision }) => decision !== '')
  return {
    requests: asked.length,
    ...(all[0] === undefined ? {} : { lastAt: all[0].timestamp }),
    entries: all.slice(0, NEWEST).map((entry) => ({
      seq: entry.seq,
      timestamp: entry.timestamp,
      kind: kindOf(entry),
      action: entry.action,
      target: entry.target,
      decision: entry.decision,
      result: entry.result,
    })),
  }
}

type Kind = z.output<typeof ActivityShape>['entries'][number]['kind']

function kindOf(entry: { event_type: string; result: string; decision: string; action: string }): Kind {
  if (entry.result === 'error') return 'error'
  if (entry.event_type === 'authentication') return 'session event'
  if (entry.decision === 'deny') return 'permission check'
  return entry.action.startsWith('process:') || entry.action.startsWith('tool:') ? 'tool call' : 'request'
}
