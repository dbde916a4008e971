import type { GrantAnswer } from '../../api/grant.ts'
import { parseDurationMs } from '../../core/quantity.ts'
import { PolicyError, type Grant, type GrantBook, type GrantState } from '../../decide/policy/index.ts'
import type { Acts } from '../acts.ts'
import type { Handlers } from './app.ts'

export interface GrantOptions {
  readonly grants: GrantBook
  readonly acts: Acts
  readonly now: () => number
  /** Masks secrets: a reason is kept, and shown to whoever lists the grants. */
  readonly redact: (text: string) => string
  /** Called when a grant was taken back, so that what runs on it is stopped. */
  readonly ended: (grant: Grant) => Promise<void>
}

export function grantHandlers({
  grants,
  acts,
  now,
  redact,
  ended,
}: GrantOptions): Pick<Handlers, 'grantAdd' | 'grantList' | 'grantRevoke'> {
  const whole = (id: string): string => {
    const matching = grants.list(now()).filter(({ grant }) => grant.id.startsWith(id))
    if (matching.length === 1) return matching[0]!.grant.id
    const what =
      matching.length === 0 ? `there is no grant ${id}` : `${matching.length} grants begin with ${id}`
    throw new PolicyError('GRANT_UNKNOWN', { what, fix: 'look at: warder grant list' })
  }
  return {
    async grantAdd({ principal, capability, reason: given, task, duration, startsIn }, { credential }) {
      const reason = redact(given)
      const asked = {
        credential,
        namespace: 'grant',
        verb: 'add',
        resource: principal,
        risk: 'high' as const,
        reason: `${capability}: ${reason}`,
        input: {
          principal,
          capability,
          reason,
          task: task ?? null,
          duration: duration ?? null,
          startsIn: startsIn ?? null,
        },
      }
      const { value } = await acts.act(asked, 'grants', ({ who }) => {
        const at = now()
        const request = {
          principal,
          capability,
          reason,
          ...(task === undefined ? {} : { task }),
          ...(duration === undefined ? {} : { durationMs: parseDurationMs(duration) }),
          ...(startsIn === undefined ? {} : { notBefore: at + parseDurationMs(startsIn) }),
        }
        return grants.add(request, who, at)
      })
      return { ...answerOf(value.grant, grants.state(value.grant, now())), warnings: [...value.warnings] }
    },
    grantList({ principal, all }) {
      const wanted = grants
        .list(now())
        .filter(({ grant }) => principal === undefined || grant.principal === principal)
        .filter(
          ({ state }) => all === true || state === 'live' || state === 'pending' || state === 'distrusted',
        )
      return { grants: wanted.map(({ grant, state }) => answerOf(grant, state)) }
    },
    async grantRevoke({ id, reason }, { credential }) {
      // an agent's question goes to the gate as it is: the answer to a prefix would tell it whose grants there are
      const grantId = credential.kind === 'agent' ? id : whole(id)
      const input = { id: grantId, reason: reason ?? null }
      const asked = {
        credential,
        namespace: 'grant',
        verb: 'revoke',
        resource: grantId,
        risk: 'medium' as const,
        input,
      }
      const { value } = await acts.act(asked, 'grants', async ({ who }) => {
        const grant = grants.revoke(grantId, who, now(), reason)
        await ended(grant)
        return grant
      })
      return answerOf(value, grants.state(value, now()))
    },
  }
}

function answerOf(grant: Grant, state: GrantState): GrantAnswer {
  const iso = (ms: number): string => new Date(ms).toISOString()
  return {
    id: grant.id,
    principal: grant.principal,
    capability: grant.capability,
    grantor: grant.grantor,
    reason: grant.reason,
    ...(grant.task === undefined ? {} : { task: grant.task }),
    notBefore: iso(grant.notBefore),
    expiresAt: iso(grant.expiresAt),
    createdAt: iso(grant.createdAt),
    ...(grant.revokedAt === undefined ? {} : { revokedAt: iso(grant.revokedAt) }),
    ...(grant.revokedBy === undefined ? {} : { revokedBy: grant.revokedBy }),
    state,
    warnings: [],
  }
}
