import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import {
  AgentRuns,
  ConsoleAccess,
  IdentityError,
  Lockout,
  Members,
  OwnerAccess,
  Pairings,
  Passkeys,
  PeopleBook,
  Senders,
  Sessions,
  Slips,
  identityError,
  peopleKeys,
  sqlitePeopleStore,
  type ConsolePerson,
  type Member,
  type PeopleKeys,
  type Sender,
  type SessionTimes,
} from '../decide/identity/index.ts'
import type { Principal } from '../core/principal.ts'
import { messageOf } from '../core/error.ts'
import { openDb, type Db } from '../platform/db.ts'

export interface PeopleRoomOptions {
  readonly directory: string
  readonly secret: Parameters<typeof peopleKeys>[0]
  readonly now: () => number
  readonly times: SessionTimes
  /** The newest version of the book that the ledger knows; 0 when it knows of none. */
  readonly seenVersion: number
  readonly policyDigest: () => string
  readonly isGenuine: (who: Principal) => boolean
  readonly changed: (version: number) => void
  readonly joined: (member: Member) => void
  readonly left: (member: Member) => void
  /** The same of chat senders. */
  readonly heard: (sender: Sender) => void
  readonly silenced: (sender: Sender) => void
  /** And of people at the console. */
  readonly admitted: (person: ConsolePerson) => void
  readonly dismissed: (person: ConsolePerson) => void
}

/** Everything that stands on the book of people. */
export interface PeopleRooms {
  readonly book: PeopleBook
  readonly owner: OwnerAccess
  readonly sessions: Sessions
  readonly lockout: Lockout
  readonly members: Members
  readonly pairings: Pairings
  readonly senders: Senders
  readonly slips: Slips
  readonly passkeys: Passkeys
  readonly console: ConsoleAccess
}

/** The rooms over the book, or why there are none: then nobody is let in, and what needs a passphrase is refused. */
export class PeopleRoom {
  readonly keys: PeopleKeys
  readonly runs = new AgentRuns()
  readonly #options: PeopleRoomOptions
  readonly #state: { db?: Db; rooms?: PeopleRooms; problem?: IdentityError; seen: number } = { seen: 0 }

  constructor(options: PeopleRoomOptions) {
    this.#options = options
    this.keys = peopleKeys(options.secret)
    this.#state.seen = options.seenVersion
    this.#tryOpen()
  }

  /** @throws IdentityError `PEOPLE_UNTRUSTED` while the book is not used */
  rooms(): PeopleRooms {
    const { rooms, problem } = this.#state
    if (rooms !== undefined) return rooms
    throw problem ?? new Error('the book of people was closed')
  }

  /** The same, or nothing: for questions whose answer is then that nobody is known. */
  roomsIfAny(): PeopleRooms | undefined {
    return this.#state.rooms
  }

  problem(): string | undefined {
    return this.#state.problem?.message
  }

  /** Puts the file aside and begins a new book, above every version that was ever seen. @returns where the old one is */
  reset(): string | undefined {
    const { directory, now } = this.#options
    this.#state.seen = Math.max(this.#state.seen, this.#state.rooms?.book.version ?? 0)
    for (const member of this.#state.rooms?.members.list('guest') ?? []) this.#options.left(member)
    for (const member of this.#state.rooms?.members.list('device') ?? []) this.#options.left(member)
    for (const sender of this.#state.rooms?.senders.list() ?? []) this.#options.silenced(sender)
    for (const person of this.#state.rooms?.console.people() ?? []) this.#options.dismissed(person)
    this.close()
    const path = join(directory, 'people.db')
    const aside = join(directory, `people.db.aside-${now()}`)
    const wasThere = existsSync(path)
    for (const end of ['', '-wal', '-shm']) if (existsSync(path + end)) renameSync(path + end, aside + end)
    this.#tryOpen(this.#state.seen)
    // the first row of the new book: tokens of the old one are sealed with a key that is no longer used
    this.rooms().book.put('meta', 'tokens', { generation: this.#state.seen + 2 }, true)
    return wasThere ? aside : undefined
  }

  close(): void {
    this.#state.db?.close()
    delete this.#state.db
    delete this.#state.rooms
    delete this.#state.problem
  }

  #tryOpen(beginsAt?: number): void {
    try {
      this.#state.rooms = this.#open(beginsAt)
    } catch (error) {
      this.#state.db?.close()
      delete this.#state.db
      this.#state.problem =
        error instanceof IdentityError
          ? error
          : identityError(
              'PEOPLE_UNTRUSTED',
              `the book of people cannot be opened: ${messageOf(error)}`,
              'put people.db back from a backup; without one: warder owner reset',
              error,
            )
    }
  }

  #open(beginsAt?: number): PeopleRooms {
    const { directory, now, times, policyDigest, isGenuine, changed, joined, left, heard, silenced } =
      this.#options
    const { admitted, dismissed } = this.#options
    const { keys } = this
    const db = openDb(join(directory, 'people.db'))
    this.#state.db = db
    const book = new PeopleBook({
      store: sqlitePeopleStore(db),
      keys,
      atLeast: this.#state.seen,
      ...(beginsAt === undefined ? {} : { beginsAt }),
      changed,
    })
    const lockout = new Lockout(book, now)
    const sessions = new Sessions({ book, keys, now, times })
    const members = new Members({ book, keys, now, joined, left })
    const pairings = new Pairings({ book, keys, lockout, now, members, heard })
    const owner = new OwnerAccess({ book, lockout, sessions, now, isGenuine })
    const passkeys = new Passkeys({ book, keys, now })
    return {
      book,
      lockout,
      sessions,
      members,
      pairings,
      ...{ owner, passkeys },
      console: new ConsoleAccess({ book, keys, owner, sessions, passkeys, now, admitted, dismissed }),
      senders: new Senders({ book, pairings, now, left: silenced }),
      slips: new Slips({ book, keys, now, policyDigest }),
    }
  }
}
