import { randomBytes } from 'node:crypto'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'
import { isSame, type PeopleKeys } from './keys.ts'
import type { OwnerAccess } from './owner.ts'
import type { Passkeys } from './passkeys.ts'
import type { ConsolePerson, ConsoleRole, ConsoleWay, Session } from './records.ts'
import type { Sessions } from './session.ts'
import { base32, totpAddress, TOTP_SECRET_BYTES, totpStepOf } from './totp.ts'

export interface ConsoleAccessOptions {
  readonly book: PeopleBook
  readonly keys: Pick<PeopleKeys, 'mac' | 'seal' | 'unseal'>
  readonly owner: OwnerAccess
  readonly sessions: Sessions
  readonly passkeys: Passkeys
  readonly now: () => number
  /** Told of somebody who was let in, and of one whose rights were taken away. */
  readonly admitted: (person: ConsolePerson) => void
  readonly dismissed: (person: ConsolePerson) => void
}

interface Link {
  readonly mac: string
  readonly person: string
  readonly role: ConsoleRole
  readonly until: number
}

export const LINK_MS = 600_000
const MOST_LINKS = 16
const MOST_PEOPLE = 64
const OWNER = 'owner'
const KEY = 'owner'
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/

export type Began = ReturnType<Sessions['beginAtConsole']>

/**
 * How people come to the console: by a link that the owner's terminal printed, by the passphrase with a code, by a
 * passkey. A link is good once and for ten minutes. It counts as the passphrase only while there is none: whoever can
 * use the owner's socket can make one, and must not get past the passphrase with it.
 */
export class ConsoleAccess {
  readonly #options: ConsoleAccessOptions
  /** In memory alone: a restart ends them. */
  #links: readonly Link[] = []

  constructor(options: ConsoleAccessOptions) {
    this.#options = options
  }

  people(): readonly ConsolePerson[] {
    return this.#options.book.list('person')
  }

  /** Lets somebody beside the owner in, or puts them in another role. @throws IdentityError `MEMBER_SCOPE`, `PEOPLE_FULL` */
  admit(name: string, role: ConsolePerson['role']): ConsolePerson {
    const { book, now, admitted } = this.#options
    if (!NAME.test(name) || name === OWNER) {
      throw identityError(
        'MEMBER_SCOPE',
        `${JSON.stringify(name.slice(0, 40))} cannot name somebody at the console`,
        'use 1 to 32 of a-z, 0-9 and dash; owner is taken',
      )
    }
    const before = book.get('person', name)
    if (before?.role === role) return before
    if (before !== undefined) this.dismiss(name)
    if (this.people().length >= MOST_PEOPLE) {
      throw identityError('PEOPLE_FULL', `${MOST_PEOPLE} people are known already`, 'take one away first')
    }
    const person: ConsolePerson = { name, role, madeAt: now() }
    book.put('person', name, person, true)
    admitted(person)
    return person
  }

  /** Ends what somebody has here: sessions, passkeys, links. @throws IdentityError `PERSON_UNKNOWN` */
  dismiss(name: string): ConsolePerson {
    const { book, sessions, passkeys, dismissed } = this.#options
    const person = book.get('person', name)
    if (person === undefined) {
      throw identityError('PERSON_UNKNOWN', `${name} is not known at the console`, 'look at: warder console')
    }
    book.remove('person', name, true)
    passkeys.removeAll(name)
    this.#links = this.#links.filter((link) => link.person !== name)
    for (const { id, console: at } of sessions.list()) if (at?.person === name) sessions.end(id)
    dismissed(person)
    return person
  }

  /** A link for one log-in; nobody here keeps its token. */
  link(person: string, role: ConsoleRole): { readonly token: string; readonly until: number } {
    const now = this.#options.now()
    const token = randomBytes(32).toString('base64url')
    const until = now + LINK_MS
    const others = this.#links.filter((link) => link.until > now).slice(1 - MOST_LINKS)
    this.#links = [...others, { mac: this.#macOf(token), person, role, until }]
    return { token, until }
  }

  /** @throws IdentityError `LINK_INVALID`, `PEOPLE_FULL` */
  byLink(token: string, from: string): Began {
    const { person, role } = this.#spent(token)
    return this.#begin(person, role, 'link', from, !this.#options.owner.hasPassphrase())
  }

  /** The owner, by the passphrase and, where it is set up, the code of the moment. @throws IdentityError as OwnerAccess.check */
  async byPassphrase(passphrase: string, code: string | undefined, from: string): Promise<Began> {
    await this.checkOwner(passphrase, code, from)
    return this.#begin(OWNER, 'owner', 'passphrase', from, true)
  }

  /** Whoever a passkey was proven for just now. @throws IdentityError `PERSON_UNKNOWN`, `PEOPLE_FULL` */
  byPasskey(person: string, from: string): Began {
    return this.#begin(person, this.#roleOf(person), 'passkey', from, true)
  }

  async checkOwner(passphrase: string, code: string | undefined, from: string): Promise<void> {
    await this.#options.owner.check(passphrase, { address: from }, () => this.#takesCode(code))
  }

  /** The session of a link counts as fresh again by a new link, while no passphrase is set. @throws IdentityError `LINK_INVALID`, `OWNER_NOT_FRESH` */
  freshenByLink(token: string, { id, console: at }: Session): Session {
    const { owner, sessions } = this.#options
    if (owner.hasPassphrase()) {
      throw identityError('OWNER_NOT_FRESH', 'the passphrase is wanted for this', 'give the passphrase')
    }
    const link = this.#spent(token)
    if (link.person !== at?.person || link.role !== at.role) throw invalidLink()
    return sessions.freshen(id)
  }

  /** What a page must send along with each act; derived from the session's token, so that only its page knows it. */
  csrfOf(token: string): string {
    return this.#options.keys.mac('csrf', 1, token).toString('hex')
  }

  isCsrf(given: string, token: string): boolean {
    return isSame(given, this.csrfOf(token))
  }

  hasTotp(): boolean {
    return this.#options.book.get('totp', KEY)?.confirmed === true
  }

  /** Begins a second factor; it counts once a code of it was given. @throws IdentityError `TOTP_STATE` */
  beginTotp(): { readonly secret: string; readonly address: string } {
    const { book, keys, owner, now } = this.#options
    if (!owner.hasPassphrase()) {
      throw totpState(
        'a code is asked for beside a passphrase, and none is set',
        'warder owner passphrase set',
      )
    }
    if (this.hasTotp()) {
      throw totpState('a second factor is set up already', 'remove it first: warder console totp remove')
    }
    const secret = randomBytes(TOTP_SECRET_BYTES)
    try {
      const sealed = keys.seal('totp', secret)
      book.put('totp', KEY, { sealed, confirmed: false, lastStep: 0, madeAt: now() })
      return { secret: base32(secret), address: totpAddress(secret, OWNER) }
    } finally {
      secret.fill(0)
    }
  }

  /** @throws IdentityError `TOTP_STATE`, `PASSPHRASE_WRONG` */
  confirmTotp(code: string): void {
    const { book, sessions } = this.#options
    const begun = book.get('totp', KEY)
    if (begun === undefined || begun.confirmed) {
      throw totpState('no second factor waits to be confirmed', 'begin one: warder console totp set')
    }
    const step = this.#stepOf(code)
    if (step === undefined) {
      throw identityError(
        'PASSPHRASE_WRONG',
        'that is not the code of now',
        'compare the clocks, and type the next one',
      )
    }
    book.put('totp', KEY, { ...begun, confirmed: true, lastStep: step }, true)
    // who came with the passphrase alone comes again
    for (const { id, console: at } of sessions.list()) if (at?.way === 'passphrase') sessions.end(id)
  }

  removeTotp(): boolean {
    const wasThere = this.#options.book.get('totp', KEY) !== undefined
    this.#options.book.remove('totp', KEY, true)
    return wasThere
  }

  #takesCode(code: string | undefined): boolean {
    const { book } = this.#options
    const set = book.get('totp', KEY)
    if (set?.confirmed !== true) return true
    const step = this.#stepOf(code ?? '')
    if (step === undefined) return false
    book.put('totp', KEY, { ...set, lastStep: step })
    return true
  }

  #stepOf(code: string): number | undefined {
    const { book, keys, now } = this.#options
    const set = book.get('totp', KEY)
    if (set === undefined) return undefined
    const secret = keys.unseal('totp', set.sealed)
    try {
      return totpStepOf(secret, code, now(), set.lastStep)
    } finally {
      secret.fill(0)
    }
  }

  #begin(person: string, role: ConsoleRole, way: ConsoleWay, from: string, isFresh: boolean): Began {
    return this.#options.sessions.beginAtConsole({ person, role, way, from }, isFresh)
  }

  #roleOf(person: string): ConsoleRole {
    if (person === OWNER) return 'owner'
    const found = this.#options.book.get('person', person)
    if (found !== undefined) return found.role
    throw identityError('PERSON_UNKNOWN', `${person} is not known at the console`, 'ask the owner')
  }

  #spent(token: string): Link {
    const now = this.#options.now()
    const mac = this.#macOf(token)
    const link = this.#links.find((each) => isSame(each.mac, mac))
    if (link === undefined || link.until <= now) throw invalidLink()
    this.#links = this.#links.filter((each) => each !== link)
    return link
  }

  #macOf(token: string): string {
    return this.#options.keys.mac('link', 1, token).toString('hex')
  }
}

function invalidLink(): Error {
  return identityError(
    'LINK_INVALID',
    'that link was used before, is older than ten minutes, or is none',
    'make a new one at the terminal: warder console',
  )
}

function totpState(what: string, fix: string): Error {
  return identityError('TOTP_STATE', what, fix)
}
