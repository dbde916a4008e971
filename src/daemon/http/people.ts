import { parseDurationMs } from '../../core/quantity.ts'
import { LONGEST_MS, principalOf, type Source } from '../../decide/identity/index.ts'
import type { Credential } from '../../gate/index.ts'
import type { Ledger } from '../../record/audit/index.ts'
import type { Acts } from '../acts.ts'
import type { People } from '../people.ts'
import type { Handlers } from './app.ts'
import { activityOf, memberAnswer, sessionAnswer } from './people-answers.ts'
import { adminAct, type AdminAct } from './people-act.ts'

export interface PeopleHandlerOptions {
  readonly people: People
  readonly acts: Acts
  readonly ledger: Pick<Ledger, 'query'>
  readonly now: () => number
  /** Where guests and devices connect; absent when nobody can. */
  readonly socket: string | undefined
}

type Names =
  | 'passphraseSet'
  | 'passphraseCheck'
  | 'passphraseRemove'
  | 'ownerReset'
  | 'login'
  | 'sessionList'
  | 'sessionEnd'
  | 'guestInvite'
  | 'guestList'
  | 'guestShow'
  | 'guestRevoke'

/** The owner's passphrase and sessions, and guests. */
export function peopleHandlers(options: PeopleHandlerOptions): Pick<Handlers, Names> {
  const act = adminAct(options)
  return { ...ownerHandlers(options, act), ...sessionHandlers(options), ...guestHandlers(options, act) }
}

/** Where a try came from, as the kernel says. */
function sourceOf(credential: Credential): Source {
  return credential.kind === 'peer' && credential.uid !== undefined ? { uid: credential.uid } : {}
}

type OwnerNames = 'passphraseSet' | 'passphraseCheck' | 'passphraseRemove' | 'ownerReset'

function ownerHandlers({ people }: PeopleHandlerOptions, act: AdminAct): Pick<Handlers, OwnerNames> {
  const tried = <T>(action: string, credential: Credential, work: (source: Source) => Promise<T>) => {
    const source = sourceOf(credential)
    const who = people.identify(credential).id
    return people.onRecord({ who, action, ...source }, 'all', () => work(source))
  }
  return {
    passphraseSet: ({ passphrase, old }, { credential }) =>
      tried('owner:set', credential, async (source) => {
        await people.rooms().owner.set(passphrase, old, source)
        return { set: true }
      }),
    passphraseCheck: ({ passphrase }, { credential }) =>
      tried('owner:check', credential, async (source) => {
        await people.rooms().owner.check(passphrase, source)
        return { set: true }
      }),
    passphraseRemove: ({ passphrase }, { credential }) =>
      tried('owner:remove', credential, async (source) => {
        await people.rooms().owner.remove(passphrase, source)
        return { set: false }
      }),
    ownerReset: ({ reason }, { credential }) => {
      const isTrusted = people.room.roomsIfAny() !== undefined
      const what = {
        verb: 'reset',
        target: 'people.db',
        input: { reason },
        risk: 'critical' as const,
        reason,
      }
      return act(credential, { ...what, fresh: isTrusted }, () => {
        const kept = people.reset()
        return { set: false, ...(kept === undefined ? {} : { kept }) }
      })
    },
  }
}

function sessionHandlers({
  people,
}: PeopleHandlerOptions): Pick<Handlers, 'login' | 'sessionList' | 'sessionEnd'> {
  const sessionOf = (credential: Credential) => people.identify(credential).session
  return {
    login({ passphrase }, { credential }) {
      const source = sourceOf(credential)
      const who = people.identify(credential).id
      return people.onRecord({ who, action: 'owner:login', ...source }, 'all', async () => {
        const { session, token } = await people.rooms().owner.login(passphrase, source)
        return { session: sessionAnswer(session, true, session.id), token }
      })
    },
    sessionList(_input, { credential }) {
      const { sessions, owner } = people.rooms()
      const current = sessionOf(credential)
      const all = sessions.list().map((each) => sessionAnswer(each, sessions.isFresh(each.id), current))
      return { sessions: all, passphrase: owner.hasPassphrase() }
    },
    sessionEnd({ id }, { credential }) {
      const who = people.identify(credential)
      return people.onRecord({ who: who.id, action: 'owner:logout', target: id }, 'all', () => {
        const { sessions } = people.rooms()
        return { ended: sessions.end(id === 'current' ? (who.session ?? 'none') : id).id }
      })
    },
  }
}

type GuestNames = 'guestInvite' | 'guestList' | 'guestShow' | 'guestRevoke'

function guestHandlers(options: PeopleHandlerOptions, act: AdminAct): Pick<Handlers, GuestNames> {
  const { people, ledger, now, socket } = options
  return {
    guestInvite({ name, scope, workspace, expiresIn, accept, reason }, { credential }) {
      const checked = people.checkScope(scope, accept)
      const expiresAt = now() + (expiresIn === undefined ? LONGEST_MS : parseDurationMs(expiresIn))
      const request = { name, type: 'guest', scope: checked, workspace: workspace ?? null, expiresAt }
      const what = { verb: 'invite', target: `guest:${name}`, input: request, fresh: true }
      return act(credential, reason === undefined ? what : { ...what, reason }, () => {
        const { member, invitation } = people.rooms().members.invite(request)
        const guest = memberAnswer(member, now())
        return { guest, invitation, ...(socket === undefined ? {} : { socket }) }
      })
    },
    guestList({ all }) {
      const guests = people
        .rooms()
        .members.list('guest')
        .map((member) => memberAnswer(member, now()))
        .filter(({ state }) => all === true || state === 'invited' || state === 'active')
      return { guests }
    },
    guestShow({ id }) {
      const member = people.rooms().members.find(id)
      return { guest: memberAnswer(member, now()), activity: activityOf(ledger, principalOf(member)) }
    },
    guestRevoke: ({ id }, { credential }) =>
      act(credential, { verb: 'revoke', target: `guest:${id}`, input: { id } }, async (who) => {
        const { member, endedRuns } = await people.revoke(id, 'guest', who.id)
        return { guest: memberAnswer(member, now()), endedRuns }
      }),
  }
}
