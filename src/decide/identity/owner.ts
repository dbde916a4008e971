import type { Principal } from '../../core/principal.ts'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'
import type { Lockout } from './lockout.ts'
import {
  checkPassphrase,
  hashPassphrase,
  isOutdated,
  isPassphrase,
  type HashCost,
  type StoredPassphrase,
} from './passphrase.ts'
import type { Session } from './records.ts'
import type { Sessions } from './session.ts'

export interface OwnerOptions {
  readonly book: PeopleBook
  readonly lockout: Lockout
  readonly sessions: Sessions
  readonly now: () => number
  /** Whether a principal is one the authenticator made. */
  readonly isGenuine: (who: Principal) => boolean
  readonly cost?: HashCost
}

/** Where a try came from: the user id the kernel gave, where it could be asked, or an address at the console. */
export interface Source {
  readonly uid?: number
  readonly address?: string
}

const KEY = 'owner'

/**
 * The owner's passphrase: none unless set. With one, acts that loosen something need it given a short time ago; every
 * other call stays as it is, because the socket and its secret already say that this is the owner.
 */
export class OwnerAccess {
  readonly #options: OwnerOptions
  /** One try after the other: each takes memory, and a crowd of them must not take all there is. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: OwnerOptions) {
    this.#options = options
  }

  hasPassphrase(): boolean {
    return this.#stored() !== undefined
  }

  /**
   * Sets or replaces the passphrase; every session ends.
   *
   * @param old the one before, where there is one
   * @throws IdentityError `PASSPHRASE_WRONG`, `PASSPHRASE_UNFIT`, `LOCKED_OUT`
   */
  async set(passphrase: string, old: string | undefined, source: Source): Promise<void> {
    checkPassphrase(passphrase)
    if (this.hasPassphrase()) await this.check(old ?? '', source)
    const stored = await this.#one(() => hashPassphrase(passphrase, this.#options.now(), this.#options.cost))
    this.#options.sessions.endAll()
    this.#options.book.put('passphrase', KEY, stored, true)
  }

  /** @throws IdentityError `PASSPHRASE_WRONG`, `PASSPHRASE_ABSENT`, `LOCKED_OUT` */
  async remove(passphrase: string, source: Source): Promise<void> {
    await this.check(passphrase, source)
    this.#options.sessions.endAll()
    this.#options.book.remove('passphrase', KEY, true)
  }

  /**
   * Whether it is the passphrase: returns when it is.
   *
   * @param also what else must be right; asked only once the passphrase is, and refused in the same words
   * @throws IdentityError as {@link remove}
   */
  async check(passphrase: string, source: Source, also: () => boolean = () => true): Promise<void> {
    await this.#one(() => this.#checkNow(passphrase, source, also))
  }

  /** Begins a session. @throws IdentityError as {@link remove} */
  async login(passphrase: string, source: Source): Promise<{ session: Session; token: string }> {
    await this.check(passphrase, source)
    return this.#options.sessions.begin(source.uid)
  }

  /**
   * Lets an act through that loosens something. Without a passphrase the owner is the owner; with one it must have been
   * given in this session a short time ago.
   *
   * @throws IdentityError `OWNER_NOT_FRESH`, `IDENTITY_FORGED`
   */
  requireFresh(who: Principal): void {
    if (!this.#options.isGenuine(who)) {
      throw identityError('IDENTITY_FORGED', 'that principal is not of our making', 'report this as a bug')
    }
    const { session, role, channel } = who
    // the socket says that this is the owner; a browser that was left open says nothing
    if (!this.hasPassphrase() && channel !== 'console') return
    if (role === 'owner' && session !== undefined && this.#options.sessions.isFresh(session)) return
    throw identityError(
      'OWNER_NOT_FRESH',
      `${who.id} must give the passphrase for this, and did not a short time ago`,
      'warder login, then the same again',
    )
  }

  async #checkNow(passphrase: string, source: Source, also: () => boolean): Promise<void> {
    const { book, lockout, now, cost } = this.#options
    const stored = this.#stored()
    if (stored === undefined) {
      throw identityError('PASSPHRASE_ABSENT', 'no passphrase is set', 'set one: warder owner passphrase set')
    }
    const names = namesOf(source)
    lockout.begin(...names)
    if (!(await isPassphrase(passphrase, stored)) || !also()) throw wrong(source)
    lockout.succeeded(...names)
    if (!isOutdated(stored, cost)) return
    // only now is the passphrase at hand to be hashed as today's parameters ask
    book.put('passphrase', KEY, await hashPassphrase(passphrase, now(), cost), true)
  }

  #stored(): StoredPassphrase | undefined {
    return this.#options.book.get('passphrase', KEY)
  }

  #one<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work)
    this.#queue = result.catch(() => undefined)
    return result
  }
}

/** What failures are counted under. Whoever guesses at the console locks nobody out at the terminal. */
function namesOf({ uid, address }: Source): readonly string[] {
  return address === undefined
    ? ['owner', `uid ${uid ?? 'unknown'}`]
    : ['owner at the console', `console from ${address}`]
}

function wrong({ address }: Source): Error {
  return identityError(
    'PASSPHRASE_WRONG',
    address === undefined
      ? 'that is not the passphrase'
      : 'the passphrase, or the code with it, is not right',
    'try again; after 5 failures there is a pause',
  )
}
