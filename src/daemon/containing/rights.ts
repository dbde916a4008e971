import { randomUUID } from 'node:crypto'
import type { ActionPort, Incident } from '../../contain/incident/index.ts'
import { messageOf } from '../../core/error.ts'
import { withdrawnEvent } from '../events.ts'
import { tokensOf } from './asking.ts'
import { reasonOf } from './freezing.ts'
import { agentOf, EVERY_AGENT, type ContainOptions } from './options.ts'

type Options = Pick<
  ContainOptions,
  'grants' | 'runs' | 'permits' | 'people' | 'secrets' | 'out' | 'append' | 'lost' | 'clock' | 'ledger'
> & {
  /** What a person allowed an agent for good. */
  readonly allowances: {
    list(): readonly { readonly id: string; readonly agent: string }[]
    revoke(id: string, by: string): unknown
  }
}

/** Grants, permits, allowances and capability tokens of an agent, in numbers. */
function rightsOf({ grants, allowances, people, clock }: Options, agent: string | undefined) {
  const isTheirs = (name: string) => agent === undefined || name === agent
  const now = clock.now()
  return {
    grants: grants
      .list(now)
      .filter(({ grant, state }) => isTheirs(grant.principal) && (state === 'live' || state === 'pending'))
      .map(({ grant }) => grant),
    allowances: allowances.list().filter((each) => isTheirs(each.agent)),
    tokens: tokensOf({ people, clock }, agent ?? EVERY_AGENT),
  }
}

export function revokePort(options: Options): ActionPort {
  const counted = new Map<string, string>()
  return {
    async act({ target }, incident) {
      const agent = agentOf(target)
      const why = reasonOf(incident)
      const had = rightsOf(options, agent)
      const permits = options.permits.cancel(
        ({ principal, action }) =>
          agent === undefined
            ? principal !== 'owner'
            : principal === agent || action === `agent:start:${agent}`,
        why,
      )
      const failed = await revokeAll(options, had, why)
      counted.set(
        incident.id,
        `${had.grants.length} grants, ${permits} open permits, ${had.allowances.length} allowances, ${had.tokens.length} tokens taken back`,
      )
      if (failed.length > 0) throw new Error(failed.join('; '))
    },
    async look({ target }, { id }) {
      const { grants, allowances, tokens } = rightsOf(options, agentOf(target))
      const left = grants.length + allowances.length + tokens.length
      if (left > 0)
        return {
          state: 'failed',
          evidence: `still in force: ${grants.length} grants, ${allowances.length} allowances, ${tokens.length} tokens`,
        }
      const what = counted.get(id)
      return { state: 'done', evidence: `${what === undefined ? '' : `${what}; `}none is in force` }
    },
  }
}

/** Each by itself: one that cannot be taken back does not save the others. */
async function revokeAll(
  { grants, runs, allowances, people, append, lost, clock }: Options,
  had: ReturnType<typeof rightsOf>,
  why: string,
): Promise<string[]> {
  const failed: string[] = []
  const by = people.identify({ kind: 'library' })
  const each = async (what: string, work: () => unknown): Promise<void> => {
    try {
      await work()
    } catch (error) {
      failed.push(`${what}: ${messageOf(error)}`)
    }
  }
  for (const grant of had.grants) {
    await each(`grant ${grant.id}`, async () => {
      grants.revoke(grant.id, by, clock.now(), why)
      // on record whatever became of the book: the record is what a later start believes
      void append({ ...withdrawnEvent(grant, by, why), rule: 'grant.contained' }).catch(lost)
      await runs.endUsersOf(grant.id, why)
    })
  }
  for (const { id } of had.allowances) await each(`allowance ${id}`, () => allowances.revoke(id, 'warder'))
  for (const { id } of had.tokens) await each(`token ${id}`, () => people.rooms().slips.revoke(id))
  return failed
}

/** The secrets an agent is named for, or was ever lent. */
export function secretsOf(
  { secrets }: Pick<ContainOptions, 'secrets'>,
  agent: string,
): readonly { readonly name: string; readonly isDisabled: boolean }[] {
  return secrets.room
    .list()
    .filter(({ name, principals }) => principals.includes(agent) || secrets.wasLent(agent, name))
    .map(({ name, disabled }) => ({ name, isDisabled: disabled !== null }))
}

/** Takes out of use what the agent could have used or kept; with `secret` in the order, that one alone. */
export function disableSecretsPort(options: Options): ActionPort {
  const { secrets, out } = options
  const meant = (agent: string, one: string | undefined) =>
    one === undefined
      ? secretsOf(options, agent)
      : secrets.room
          .list()
          .filter(({ name }) => name === one)
          .map(({ name, disabled }) => ({ name, isDisabled: disabled !== null }))
  return {
    async act({ target, input }, incident) {
      const names = meant(target, input?.['secret'])
      for (const { name, isDisabled } of names)
        if (!isDisabled) secrets.room.disable(name, reasonOf(incident))
      await out.ways.endWhere((way) => way.secrets.some((name) => names.some((each) => each.name === name)))
    },
    async look({ target, input }) {
      const names = meant(target, input?.['secret'])
      const left = names.filter(({ isDisabled }) => !isDisabled).map(({ name }) => name)
      if (left.length > 0) return { state: 'failed', evidence: `still in use: ${left.join(' ')}` }
      return names.length === 0
        ? { state: 'nothing', evidence: 'no secret names this agent or was lent to it' }
        : { state: 'done', evidence: `out of use: ${names.map(({ name }) => name).join(' ')}` }
    },
  }
}

/** Shuts the secret store: nothing is lent, read or used until the incident is resolved. */
export function lockSecretsPort({ secrets, out }: Pick<ContainOptions, 'secrets' | 'out'>): ActionPort {
  const { room } = secrets
  return {
    async act(_order, incident) {
      if (!room.isThere) return
      room.shut(`the store is shut by ${reasonOf(incident)}`)
      await out.ways.endWhere((way) => way.secrets.length > 0)
    },
    async look() {
      if (!room.isThere) return { state: 'nothing', evidence: 'there is no secret store' }
      const left = (await out.ways.list(undefined)).length // a look at the ways that are, whoever has them
      if (room.shutBecause === undefined || !refuses(secrets))
        return { state: 'failed', evidence: 'the store still answers' }
      const key = room.isProtected
        ? room.isLocked
          ? 'its key is out of memory'
          : 'its key is still in memory'
        : 'it has no passphrase, so its key stays on this machine'
      return {
        state: 'done',
        evidence: `the store refuses to hand anything out; ${key}; ${left} ways out remain`,
      }
    },
  }
}

/** Asks the store for something as everybody does, by a name nobody has: shut, it says so before it looks. */
function refuses({ hostsOf }: ContainOptions['secrets']): boolean {
  try {
    hostsOf(`no-such-${randomUUID()}`)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'SECRETS_LOCKED'
  }
}

export type RevokeOptions = Options
export type { Incident }
