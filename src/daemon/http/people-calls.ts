import type { IssuedAnswer, PeopleInput, PeopleOutput } from '../../api/people-calls.ts'
import { digestOf } from '../../core/canonical.ts'
import { parseCapability } from '../../core/capability.ts'
import { newId } from '../../core/id.ts'
import { helloText } from '../../core/proof.ts'
import {
  identityError,
  principalOf,
  type IssuedToken,
  type Member,
  type SignedRequest,
} from '../../decide/identity/index.ts'
import { DeniedError, pass, type Credential, type Rooms } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { MemberExec } from '../people-exec.ts'
import type { People } from '../people.ts'
import type { Handlers } from './app.ts'
import { memberOf, type PeopleCaller } from './people-app.ts'
import { chatCalls } from './chat-calls.ts'
import { memberAnswer } from './people-answers.ts'
import { verdictAnswer } from './problem.ts'

export interface PeopleCallOptions {
  readonly people: People
  readonly rooms: Rooms
  readonly acts: Acts
  readonly now: () => number
  readonly exec: MemberExec
  /** The owner's calls that guests and devices may make too, each asked of the gate under their own name. */
  readonly status: Handlers['status']
  readonly stop: Handlers['stop']
}

/** What guests and devices can ask. */
export function peopleCalls(options: PeopleCallOptions) {
  return { ...joiningCalls(options), ...memberCalls(options), ...chatCalls(options) }
}

function joiningCalls({ people, now }: PeopleCallOptions) {
  const tried = <T>(action: string, { uid }: PeopleCaller, work: () => T) =>
    people.onRecord({ who: 'unknown', action, ...(uid === undefined ? {} : { uid }) }, 'all', work)
  const issued = (given: IssuedToken) => issuedAnswer(given, now())
  return {
    hello({ nonce }: PeopleInput<'hello'>): PeopleOutput<'hello'> {
      const { server } = people.room.keys
      const signature = server.sign(helloText({ nonce, server: server.publicKey }))
      return { server: server.publicKey, signature, time: now() }
    },
    redeem: (input: PeopleInput<'redeem'>, caller: PeopleCaller) =>
      tried('people:redeem', caller, () => {
        const { members, lockout } = people.rooms()
        const from = `redeem uid ${caller.uid ?? 'unknown'}`
        lockout.begin(from)
        const given = issued(members.redeem(input))
        lockout.succeeded(from)
        return given
      }),
    pairingRequest(input: PeopleInput<'pairingRequest'>, caller: PeopleCaller) {
      return tried('people:pairing', caller, () => {
        const { uid } = caller
        const asked = { what: 'device' as const, ...input, ...(uid === undefined ? {} : { uid }) }
        const { pairing, code } = people.rooms().pairings.request(asked)
        const { id, nonce, expiresAt } = pairing
        const server = people.room.keys.server.publicKey
        return { id, code, nonce, server, expiresAt: new Date(expiresAt).toISOString() }
      })
    },
    pairingState: ({ id }: PeopleInput<'pairingState'>) => ({ state: people.rooms().pairings.get(id).state }),
    pairingProve: ({ id, ...proof }: PeopleInput<'pairingProve'>, caller: PeopleCaller) =>
      tried('people:prove', caller, () => issued(people.rooms().pairings.prove(id, proof))),
    renew: (input: PeopleInput<'renew'>, caller: PeopleCaller, signed: SignedRequest) =>
      tried('people:renew', caller, () => issued(people.rooms().members.renew(input.member, signed))),
  }
}

function issuedAnswer({ member, token, expiresAt }: IssuedToken, now: number): IssuedAnswer {
  return { member: memberAnswer(member, now), token, expiresAt: new Date(expiresAt).toISOString() }
}

function memberCalls({ rooms, acts, now, exec, status, stop }: PeopleCallOptions) {
  const looked = async (credential: Credential): Promise<void> => {
    const asked = {
      credential,
      namespace: 'monitor',
      verb: 'read',
      resource: '',
      risk: 'low' as const,
      input: {},
    }
    const verdict = await acts.ask(asked)
    if (verdict.decision.effect !== 'allow') throw new DeniedError(verdict)
  }
  return {
    whoami: (_input: unknown, caller: PeopleCaller) => memberAnswer(memberOf(caller).member, now()),
    async ask({ capability, reason }: PeopleInput<'ask'>, caller: PeopleCaller) {
      const { credential } = memberOf(caller)
      const { namespace, verb, pattern: resource = '' } = parseCapability(capability)
      const action = { namespace, verb, resource, risk: 'medium' as const }
      const bytes = digestOf(action)
      const more = reason === undefined ? {} : { reason }
      return verdictAnswer(
        await pass({ id: newId(), credential, action: { ...action, bytes, ...more } }, rooms),
      )
    },
    async status(_input: unknown, caller: PeopleCaller) {
      const { credential } = memberOf(caller)
      await looked(credential)
      const { mode, runs, degraded } = await status({}, { credential, signal: caller.signal })
      return { mode, runs, degraded }
    },
    async stop(input: PeopleInput<'stop'>, caller: PeopleCaller) {
      const { credential } = memberOf(caller)
      const { mode, halted } = await stop(input, { credential, signal: caller.signal })
      return { mode, halted: halted.length }
    },
    exec(input: PeopleInput<'exec'>, caller: PeopleCaller) {
      const { member, credential } = memberOf(caller)
      return exec(workingMember(member), credential, input, caller.signal)
    },
  }
}

/** A member with a directory to work in: the owner named it, and nobody else can. */
function workingMember(member: Member): Member & { readonly workspace: string } {
  if (member.workspace !== null) return { ...member, workspace: member.workspace }
  throw identityError(
    'MEMBER_SCOPE',
    `${principalOf(member)} was given no directory to work in`,
    'let the owner invite again with --workspace DIR',
  )
}
