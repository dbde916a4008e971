import { KnownError, messageOf } from '../core/error.ts'
import type { Principal } from '../core/principal.ts'
import { isAtLeast, type RiskLevel } from '../core/risk.ts'
import {
  Authenticator,
  ChatBridge,
  checkScope,
  consolePrincipal,
  identityError,
  isWide,
  principalOf,
  type Credential as IdentityCredential,
  senderPrincipal,
  type ConsolePerson,
  type Member,
  type Sender,
} from '../decide/identity/index.ts'
import type { PolicyEngine } from '../decide/policy/index.ts'
import { parseCapability } from '../core/capability.ts'
import type { Credential, GateEvent } from '../gate/index.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { Ledger } from '../record/audit/index.ts'
import type { Keys } from '../record/sign/index.ts'
import { bridgeSecretOf } from './chat-bridge.ts'
import type { ConsoleControl } from './console/control.ts'
import { PeopleRoom, type PeopleRooms } from './people-book.ts'
import type { Shown } from './server.ts'
import { authEvent, changeEvent, PEOPLE_CHANGE, type AuthTry } from './people-events.ts'

export interface PeopleOptions {
  readonly values: SettingValues
  readonly keys: Pick<Keys, 'secret'>
  readonly ledger: Pick<Ledger, 'query'>
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly lost: (error: unknown) => void
  readonly engine: PolicyEngine
  readonly now: () => number
}

/** As much of a question to a person as says whether its answer needs the passphrase. */
interface AskedQuestion {
  readonly action: { readonly risk: RiskLevel }
  readonly twoPhase: boolean
}

/** Who is known here: the authenticator, and everything that stands on the book of people. */
export class People {
  readonly #options: PeopleOptions
  /** What signs chat messages; undefined: none is taken. */
  readonly #bridgeSecret: Uint8Array | undefined
  readonly room: PeopleRoom
  readonly authenticator: Authenticator
  /** Ends what a guest or device runs; set by whoever knows the runs. */
  onLeft: (member: Member) => Promise<number> = async () => 0
  /** Told of each token that is shown and that is nobody's; set by whoever plants fake ones. */
  onToken: Shown = () => undefined
  /** Set by whoever has a console to turn on. */
  console: ConsoleControl | undefined

  /** @throws IdentityError `AUTH_OFF_REFUSED`; WebhookError, FileError for a secret that cannot be used */
  constructor(options: PeopleOptions) {
    const { values, keys, ledger, engine, now, append, lost } = options
    refuseAuthOff(values)
    this.#options = options
    this.#bridgeSecret = bridgeSecretOf(values)
    this.authenticator = new Authenticator({
      ownerUid: process.getuid?.() ?? -1,
      now,
      sessionOf: (token, uid) => {
        const session = this.room.roomsIfAny()?.sessions.find(token, uid)
        if (session === undefined) this.onToken(token, uid)
        return session
      },
      consoleOf: (id) => this.room.roomsIfAny()?.sessions.live(id),
      memberOf: (id) => this.#liveMember(id),
      senderOf: (channel, sender) => this.room.roomsIfAny()?.senders.find(channel, sender),
      runs: { ofSocket: (agent, tail) => this.room.runs.ofSocket(agent, tail) },
      isAuthOff: values['auth.mode'] === 'off',
    })
    const last = ledger.query({ action: PEOPLE_CHANGE, order: 'newest', limit: 1 })[0]
    this.room = new PeopleRoom({
      directory: values['paths.state'],
      secret: keys.secret('people'),
      now,
      times: {
        idleMs: values['session.idle_timeout'],
        absoluteMs: values['session.max_duration'],
        freshMs: values['session.fresh_for'],
      },
      seenVersion: Number(last?.details['version'] ?? 0),
      policyDigest: () => engine.policy().digest,
      isGenuine: this.authenticator.isGenuine,
      changed: (version) => void append(changeEvent(version)).catch(lost),
      joined: (member) => this.#giveScope(scopeOf(member)),
      left: (member) => this.#takeScope(scopeOf(member)),
      heard: (sender) => this.#giveScope(senderScope(sender)),
      silenced: (sender) => this.#takeScope(senderScope(sender)),
      admitted: (person) => this.#giveScope(consoleScope(person)),
      dismissed: (person) => this.#takeScope(consoleScope(person)),
    })
    for (const what of ['guest', 'device'] as const) {
      for (const member of this.room.roomsIfAny()?.members.list(what) ?? []) {
        if (this.#liveMember(member.id) !== undefined) this.#giveScope(scopeOf(member))
      }
    }
    for (const sender of this.room.roomsIfAny()?.senders.list() ?? []) this.#giveScope(senderScope(sender))
    for (const person of this.room.roomsIfAny()?.console.people() ?? []) this.#giveScope(consoleScope(person))
  }

  get settings(): SettingValues {
    return this.#options.values
  }

  get identify() {
    return this.authenticator.identify
  }

  get genuine() {
    return this.authenticator.genuine
  }

  /** Whose rights what is started has: those of the agent that is named, or of who asked. */
  readonly actsAs = (who: Principal, agent: string | undefined): Principal =>
    agent === undefined ? this.genuine(who) : this.authenticator.startedBy(who, agent)

  /** @throws IdentityError `PEOPLE_UNTRUSTED` */
  rooms(): PeopleRooms {
    return this.room.rooms()
  }

  /** Whoever brings chat messages. @throws IdentityError `PROOF_INVALID` where no bridge is set, `PEOPLE_UNTRUSTED` */
  bridge(): ChatBridge {
    const { book } = this.rooms()
    const secret = this.#bridgeSecret
    if (secret !== undefined) return new ChatBridge({ book, secret, now: this.#options.now })
    throw identityError(
      'PROOF_INVALID',
      'no chat bridge is known here',
      'set approval.webhook_secret to the file with the secret of the bridge',
    )
  }

  /**
   * Lets an act of the owner through that loosens something: where a passphrase is set it must have been given in this
   * session a short time ago.
   *
   * @throws IdentityError `OWNER_NOT_FRESH`, `IDENTITY_FORGED`, `PEOPLE_UNTRUSTED`
   */
  readonly requireFreshOwner = (who: Principal): void => this.rooms().owner.requireFresh(who)

  /** For answers to questions: one of high risk needs the passphrase, like all that loosens something. */
  readonly freshForHighRisk = (who: Principal, { action, twoPhase }: AskedQuestion): void => {
    if (twoPhase || isAtLeast(action.risk, 'high')) this.requireFreshOwner(who)
  }

  /** The same for whoever stands behind a credential; a refusal is on record. */
  async fresh(credential: Credential, act: string): Promise<void> {
    const who = this.identify(credential as IdentityCredential)
    await this.onRecord({ who: who.id, action: 'owner:fresh', target: act }, 'refusals', () =>
      this.requireFreshOwner(who),
    )
  }

  /** Does it, and puts on record how it ended; `refusals` writes only those. */
  async onRecord<T>(
    attempt: Omit<AuthTry, 'refused' | 'reason'>,
    what: 'all' | 'refusals',
    act: () => T | Promise<T>,
  ): Promise<T> {
    let value: T
    try {
      value = await act()
    } catch (error) {
      const refused = error instanceof KnownError ? error.code : 'error'
      const reason = error instanceof KnownError ? messageOf(error) : 'unexpected error'
      await this.#options.append(authEvent({ ...attempt, refused, reason })).catch(this.#options.lost)
      throw error
    }
    if (what === 'all') await this.#options.append(authEvent(attempt))
    return value
  }

  /** Puts on record what has no verdict of the gate's. */
  async recorded(event: GateEvent): Promise<void> {
    await this.#options.append(event)
  }

  /** That somebody was not heard, where no error says so. */
  async refused(
    attempt: Omit<AuthTry, 'refused' | 'reason'>,
    refused: string,
    reason: string,
  ): Promise<void> {
    await this.#options.append(authEvent({ ...attempt, refused, reason }))
  }

  /** Takes a member's rights away and ends what it runs. @returns how many runs that were */
  async revoke(id: string, what: Member['what'], by: string): Promise<{ member: Member; endedRuns: number }> {
    const { members } = this.rooms()
    const found = members.find(id)
    if (found.what !== what) {
      throw identityError(
        'MEMBER_UNKNOWN',
        `${found.name} is a ${found.what}`,
        `use warder ${found.what} revoke`,
      )
    }
    const member = members.revoke(found.id, by)
    return { member, endedRuns: await this.onLeft(member) }
  }

  /** Begins a new book. */
  reset(): string | undefined {
    return this.room.reset()
  }

  checkScope(scope: readonly string[], accept: readonly string[]): string[] {
    return checkScope(scope, accept.includes('wide-scope'))
  }

  close(): void {
    this.room.close()
  }

  #liveMember(id: string): Member | undefined {
    const members = this.room.roomsIfAny()?.members
    const member = members?.get(id)
    return member !== undefined && members?.isLive(member) === true ? member : undefined
  }

  #giveScope({ id, principal, scope, notBefore, expiresAt }: Scope): void {
    for (const [i, capability] of scope.entries()) {
      this.#options.engine.admit({
        ...{ id: `${id}.${i}`, principal, capability, grantor: 'owner', notBefore, expiresAt },
        reason: `the scope of ${principal}`,
      })
    }
  }

  #takeScope({ id, scope }: Scope): void {
    for (const i of scope.keys()) this.#options.engine.withdraw(`${id}.${i}`)
  }
}

/** What somebody was let in for, as the policy is given it. */
interface Scope {
  readonly id: string
  readonly principal: string
  readonly scope: readonly string[]
  readonly notBefore: number
  readonly expiresAt: number
}

function scopeOf(member: Member): Scope {
  const { id, scope, activeAt, madeAt, expiresAt } = member
  return { id, principal: principalOf(member), scope, notBefore: activeAt ?? madeAt, expiresAt }
}

function senderScope(sender: Sender): Scope {
  const { scope, approvedAt: notBefore, expiresAt } = sender
  const principal = senderPrincipal(sender)
  // of this approval: what a later one leaves out must not stay in force under its name
  return { id: `${principal}@${notBefore}`, principal, scope, notBefore, expiresAt }
}

/** What each role of the console may ask the gate for; which calls it may make at all stands in `console/roles.ts`. */
const CONSOLE_SCOPE: Readonly<Record<ConsolePerson['role'], readonly string[]>> = {
  viewer: ['audit:read', 'monitor:read'],
  operator: ['audit:read', 'monitor:read', 'agent:stop'],
}
const NEVER_MS = 8_640_000_000_000_000

function consoleScope({ name, role, madeAt }: ConsolePerson): Scope {
  const principal = consolePrincipal(name)
  const scope = CONSOLE_SCOPE[role]
  return { id: `${principal}@${madeAt}`, principal, scope, notBefore: madeAt, expiresAt: NEVER_MS }
}

/** A grant that a passphrase, where there is one, must stand behind: without an end, or for longer than an hour. */
export function isWideGrant(capability: string, durationMs: number | undefined): boolean {
  const { namespace, verb, pattern } = parseCapability(capability)
  return isWide(verb, pattern, namespace) || (durationMs ?? 0) > 3_600_000
}

/** @throws IdentityError `AUTH_OFF_REFUSED` */
function refuseAuthOff(values: SettingValues): void {
  if (values['auth.mode'] !== 'off' || values.profile === 'dev') return
  throw identityError(
    'AUTH_OFF_REFUSED',
    `auth.mode is off in profile ${values.profile}: then everybody would be let in`,
    'take auth.mode away; only profile dev may do without authentication',
  )
}
