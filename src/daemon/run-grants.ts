import { messageOf } from '../core/error.ts'
import type { Principal } from '../core/principal.ts'
import type { Grant, GrantBook } from '../decide/policy/index.ts'
import { withdrawnEvent } from './events.ts'
import type { Handlers } from './http/app.ts'
import type { Outcomes } from './outcomes.ts'
import type { RunsOptions } from './runs.ts'

export interface RunGrantOptions {
  readonly grants: GrantBook
  /** The owner's own way to give a grant: asked for, answered by the gate, recorded. */
  readonly grantAdd: Handlers['grantAdd']
  readonly outcomes: Outcomes
  readonly ended: (grant: Grant) => Promise<void>
  /** The hosts a secret is bound to. @throws SecretsError when there is none of that name */
  readonly hostsOf: (secret: string) => readonly string[]
  readonly now: () => number
}

const GIVE_WITHIN_MS = 60_000

/** Grants that are given with a run, and are taken back when that run does not begin. */
export function runGrants({
  grants,
  grantAdd,
  outcomes,
  ended,
  hostsOf,
  now,
}: RunGrantOptions): Pick<RunsOptions, 'grantsOf' | 'addGrant' | 'withdrawGrant'> {
  return {
    // a secret nobody can send anywhere is of no use: its hosts come with it
    grantsOf: ({ grants: asked, secrets = [] }) => {
      const forSecrets = secrets.flatMap(({ name, hosts }) => [
        `secret:use:${name}`,
        ...(hosts.length === 0 ? hostsOf(name) : hosts).map(reachOf),
      ])
      return [...new Set([...asked, ...forSecrets])]
    },
    async addGrant(credential, { agent = '', grantFor, reason }, capability) {
      const input = { principal: agent, capability, reason: reason ?? 'given when the agent was started' }
      const asked = grantFor === undefined ? input : { ...input, duration: grantFor }
      return (await grantAdd(asked, { credential, signal: AbortSignal.timeout(GIVE_WITHIN_MS) })).id
    },
    // no question to the gate: what closes a door waits for nobody's yes, and for no ledger
    async withdrawGrant(id, by, why) {
      const grant = grants.get(id)
      const state = grant === undefined ? 'expired' : grants.state(grant, now())
      if (grant === undefined || state === 'expired' || state === 'revoked') return
      const problem = revoked(grants, grant, by, now(), why)
      // on record whatever became of the book: the record is what a later start believes
      await outcomes.write(withdrawnEvent(grant, by, problem === undefined ? why : `${why}; ${problem}`))
      await ended(grant)
    },
  }
}

/** @returns what was wrong with the book, which no longer counts the grant all the same */
function revoked(
  grants: GrantBook,
  { id }: Grant,
  by: Principal,
  now: number,
  why: string,
): string | undefined {
  try {
    grants.revoke(id, by, now, why)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** The capability to reach a host; over TLS where no port is said. */
function reachOf(host: string): string {
  return `net:connect:${/:\d{1,5}$/.test(host.replace(/^\[[^\]]*\]/, '')) ? host : `${host}:443`}`
}
