import type { Json } from '../../core/canonical.ts'
import type { Principal } from '../../core/principal.ts'
import type { RiskLevel } from '../../core/risk.ts'
import type { Credential } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { People } from '../people.ts'

/** What the owner is about to do to the book of people. */
export interface AdminWhat {
  readonly verb: string
  readonly target: string
  readonly input: Json
  readonly reason?: string
  /** It lets somebody in: with a passphrase set, it must have been given a short time ago. */
  readonly fresh?: boolean
  readonly risk?: RiskLevel
}

export type AdminAct = <T>(
  credential: Credential,
  what: AdminWhat,
  work: (who: Principal) => T | Promise<T>,
) => Promise<T>

/** Every such act goes through the gate as `sec:write:people/VERB/TARGET`, and is on record before it is done. */
export function adminAct({ people, acts }: { readonly people: People; readonly acts: Acts }): AdminAct {
  return async (credential, { verb, target, input, reason, fresh = false, risk = 'high' }, work) => {
    if (fresh) await people.fresh(credential, `${verb} ${target}`)
    const asked = {
      credential,
      namespace: 'sec',
      verb: 'write',
      resource: `people/${verb}/${target}`,
      risk,
      input: { verb, target, input },
      ...(reason === undefined ? {} : { reason }),
    }
    const { value } = await acts.act(asked, 'people', ({ who }) => work(who))
    return value
  }
}
