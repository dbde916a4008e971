import { isAgentName, type Channel, type Principal } from '../../core/principal.ts'
import type { AgentRuns } from './agent-run.ts'
import { identityError, type IdentityError } from './errors.ts'
import type { Member, Sender, Session } from './records.ts'
import { senderPrincipal } from './sender.ts'

/** What the listener found out about the caller. */
export type Credential =
  | { readonly kind: 'peer'; readonly uid?: number; readonly as?: string; readonly session?: string }
  | { readonly kind: 'agent'; readonly name: string; readonly run?: string }
  | { readonly kind: 'member'; readonly id: string }
  | { readonly kind: 'sender'; readonly channel: string; readonly sender: string }
  | { readonly kind: 'console'; readonly session: string }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'library'; readonly as?: string }

export interface IdentityOptions {
  /** The user this Warder guards; a peer of any other uid is nobody. */
  readonly ownerUid: number
  readonly now?: () => number
  /** The owner's session behind what a peer presents. */
  readonly sessionOf?: (token: string, uid: number | undefined) => Session | undefined
  /** A guest or device that may act at this moment. */
  readonly memberOf?: (id: string) => Member | undefined
  /** A chat sender that may act at this moment. */
  readonly senderOf?: (channel: string, sender: string) => Sender | undefined
  /** A session at the console that goes on at this moment. */
  readonly consoleOf?: (session: string) => Session | undefined
  readonly runs?: Pick<AgentRuns, 'ofSocket'>
  /** Whether the owner switched authentication off; only ever so in profile dev. */
  readonly isAuthOff?: boolean
}

/** What a principal is made from; the authenticator adds nothing the caller said of itself. */
type Made = Omit<Principal, 'madeAt'>

/** The only maker of principals. Each is frozen, and known again: one that was written by hand is refused. */
export class Authenticator {
  readonly #options: IdentityOptions
  readonly #made = new WeakSet<Principal>()
  readonly #proven = new WeakSet<Credential>()

  constructor(options: IdentityOptions) {
    this.#options = options
  }

  /** @throws IdentityError `IDENTITY_UNKNOWN`, `IDENTITY_NAME` */
  readonly identify = (credential: Credential): Principal => {
    switch (credential.kind) {
      case 'agent':
        return this.#agentAtSocket(credential)
      case 'library':
        return credential.as === undefined
          ? this.#make({ id: 'owner', role: 'owner', channel: 'library' })
          : this.#agent(credential.as, 'library')
      case 'peer':
        return this.#peer(credential)
      case 'member':
        return this.#member(credential)
      case 'sender':
        return this.#sender(credential)
      case 'console':
        return this.#atConsole(credential)
      case 'anonymous':
        if (this.#options.isAuthOff !== true) throw unknownPeer('nobody', 'a caller who proved nothing')
        return this.#make({ id: 'anonymous', role: 'anonymous', channel: 'local-socket' })
      default:
        throw unknownPeer(credential satisfies never)
    }
  }

  /** Whether this very object came out of {@link identify}; a copy of it did not. */
  readonly isGenuine = (who: Principal): boolean => this.#made.has(who)

  /** The principal, if it is genuine. @throws IdentityError `IDENTITY_FORGED` */
  readonly genuine = (who: Principal): Principal => {
    if (this.#made.has(who)) return who
    throw identityError(
      'IDENTITY_FORGED',
      'a principal was presented that the authenticator did not make',
      'report this as a bug; nothing was decided',
    )
  }

  /** A credential for a member or chat sender whose request was proven just now; only such a one counts. */
  proven(who: Pick<Member, 'id'> | Pick<Sender, 'channel' | 'sender'>): Credential {
    const credential: Credential = Object.freeze(
      'id' in who
        ? { kind: 'member', id: who.id }
        : { kind: 'sender', channel: who.channel, sender: who.sender },
    )
    this.#proven.add(credential)
    return credential
  }

  /** A credential for a session whose token came with the request just now; only such a one counts. */
  atConsole({ id }: Pick<Session, 'id'>): Credential {
    const credential: Credential = Object.freeze({ kind: 'console', session: id })
    this.#proven.add(credential)
    return credential
  }

  /** A way to reach a person, such as a webhook: it acts under the owner's configuration, and is nobody else. */
  readonly channel = (name: string): Principal => {
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(name))
      throw unknownPeer(`channel ${JSON.stringify(name)}`, 'no way to reach anybody')
    return this.#make({ id: `channel:${name}`, role: 'operator', channel: 'chat' })
  }

  /** An agent that somebody starts: who it is to policy before it runs. @throws IdentityError `IDENTITY_FORGED` */
  startedBy(who: Principal, agent: string): Principal {
    const { id, role, channel, uid } = this.genuine(who)
    if (role === 'agent' && id === agent) return who
    if (role === 'owner') return this.#agent(agent, channel, uid)
    throw unknownPeer(`${id} (${role})`, `nobody who starts ${agent}`)
  }

  #peer({ uid, as, session }: Credential & { kind: 'peer' }): Principal {
    // an absent uid means the kernel could not be asked; the socket's mode and secret vouched for the peer
    if (uid !== undefined && uid !== this.#options.ownerUid) throw unknownPeer(uid)
    if (as !== undefined) return this.#agent(as, 'local-socket', uid)
    const found = session === undefined ? undefined : this.#options.sessionOf?.(session, uid)
    return this.#make({
      ...{ id: 'owner', role: 'owner', channel: 'local-socket' },
      ...(uid === undefined ? {} : { uid }),
      // a session that is over takes nothing away: what needs one asks for it
      ...(found === undefined ? {} : { session: found.id }),
    })
  }

  #agentAtSocket({ name, run: tail }: Credential & { kind: 'agent' }): Principal {
    if (tail === undefined || this.#options.runs === undefined) return this.#agent(name, 'agent-socket')
    const run = this.#options.runs.ofSocket(name, tail)
    if (run === undefined) throw unknownPeer(`${name}, run ${tail}`, 'an agent whose run is over')
    return this.#agent(name, 'agent-socket', run.uid, run.runId)
  }

  #member(credential: Credential & { kind: 'member' }): Principal {
    const member = this.#proven.has(credential) ? this.#options.memberOf?.(credential.id) : undefined
    if (member === undefined)
      throw unknownPeer(credential.id, 'a guest or device that proved nothing, or was revoked')
    return this.#make({
      ...{
        id: principalOf(member),
        role: member.what === 'guest' ? 'guest' : 'operator',
        channel: 'people-socket',
      },
      ...(member.token === null ? {} : { session: member.token.id }),
    })
  }

  #sender(credential: Credential & { kind: 'sender' }): Principal {
    const { channel, sender } = credential
    const known = this.#proven.has(credential) ? this.#options.senderOf?.(channel, sender) : undefined
    if (known === undefined) throw unknownPeer(sender, 'a chat sender that was not let in, or was revoked')
    return this.#make({ id: senderPrincipal(known), role: 'guest', channel: 'chat' })
  }

  #atConsole(credential: Credential & { kind: 'console' }): Principal {
    const { session: id } = credential
    const session = this.#proven.has(credential) ? this.#options.consoleOf?.(id) : undefined
    const who = session?.console
    if (who === undefined || who === null)
      throw unknownPeer(id, 'no session at the console, or one that is over')
    const made = { channel: 'console', session: id } as const
    if (who.role === 'owner') return this.#make({ id: 'owner', role: 'owner', ...made })
    return this.#make({
      id: consolePrincipal(who.person),
      role: who.role === 'operator' ? 'operator' : 'guest',
      ...made,
    })
  }

  #agent(name: string, channel: Channel, uid?: number, session?: string): Principal {
    if (!isAgentName(name)) {
      throw identityError(
        'IDENTITY_NAME',
        `${JSON.stringify(name.slice(0, 80))} cannot name an agent`,
        'use 1 to 63 of a-z, 0-9, dot, dash, underscore, starting with a letter or digit; the roles, warder and unknown are taken',
      )
    }
    return this.#make({
      ...{ id: name, role: 'agent', channel },
      ...(uid === undefined ? {} : { uid }),
      ...(session === undefined ? {} : { session }),
    })
  }

  #make(made: Made): Principal {
    const { now } = this.#options
    const who: Principal = Object.freeze(now === undefined ? made : { ...made, madeAt: now() })
    this.#made.add(who)
    return who
  }
}

/** How a guest or device is called in policy and record; no agent can have such a name. */
export function principalOf({ what, name }: Pick<Member, 'what' | 'name'>): string {
  return `${what}:${name}`
}

/** How somebody of the console beside the owner is called in policy and record. */
export function consolePrincipal(person: string): string {
  return `console:${person}`
}

/** For tests and programs without people: the owner and agents alone. */
export function createIdentity(options: IdentityOptions): Authenticator {
  return new Authenticator(options)
}

function unknownPeer(who: unknown, what = 'not the user this Warder guards'): IdentityError {
  const named = typeof who === 'number' ? `uid ${who}` : String(who)
  return identityError('IDENTITY_UNKNOWN', `${named} is ${what}`, 'ask as the user who started it')
}
