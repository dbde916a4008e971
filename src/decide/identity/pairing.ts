import { randomBytes } from 'node:crypto'
import { newId } from '../../core/id.ts'
import { isSignedBy, pairingText } from '../../core/proof.ts'
import type { PeopleBook } from './book.ts'
import { newCode, readCode } from './code.ts'
import { identityError } from './errors.ts'
import { isSame, readPublicKey, type PeopleKeys } from './keys.ts'
import type { Lockout } from './lockout.ts'
import type { MemberRequest } from './member.ts'
import type { IssuedToken } from './member-token.ts'
import type { Pairing, PairingState, Sender } from './records.ts'

export interface PairingsOptions {
  readonly book: PeopleBook
  readonly keys: PeopleKeys
  readonly lockout: Lockout
  readonly now: () => number
  readonly members: {
    checkDevice(name: string): void
    admit(request: MemberRequest, publicKey: string): IssuedToken
  }
  /** Told of each chat sender that was let in. */
  readonly heard?: (sender: Sender) => void
  readonly code?: () => string
}

/** Who wants to be let in. */
export interface Stranger {
  readonly what: 'device' | 'sender'
  /** Of a device: its name and type; of a chat sender: the sender's id and the channel. */
  readonly name: string
  readonly type: string
  /** Ed25519, base64url; of a device only. */
  readonly publicKey?: string
  readonly uid?: number
}

/** What the owner gives with a yes. */
export type PairingTerms = Pick<MemberRequest, 'scope' | 'workspace' | 'expiresAt'>

export const PAIRING_MS = 5 * 60_000
const MOST_PENDING = 10
/** So that one user of the machine does not take every place. */
const MOST_OF_ONE_USER = 4
const MOST_TRIES = 5
const MOST_AN_HOUR = 30
const HOUR_MS = 3_600_000
const OPEN: ReadonlySet<PairingState> = new Set(['requested', 'approved'])

/**
 * Pairing, from a stranger's question to a key that may act: requested, approved by the owner, proven by the device,
 * active; or rejected, expired, cancelled. Nothing comes out of it before the proof.
 */
export class Pairings {
  readonly #options: PairingsOptions

  constructor(options: PairingsOptions) {
    this.#options = options
  }

  /** A stranger asks. @returns the code it shows to a person; only its MAC is kept */
  request(stranger: Stranger): { readonly pairing: Pairing; readonly code: string } {
    const { book, now } = this.#options
    const { what, name, type, publicKey = '', uid } = stranger
    if (what === 'device') {
      readPublicKey(publicKey)
      this.#options.members.checkDevice(name)
    }
    const pending = this.pending()
    this.#refuseCrowd(pending, stranger)
    for (const old of pending) if (isSameStranger(old, stranger)) this.#move(old, 'cancelled')
    const code = this.#freshCode(pending)
    const requestedAt = now()
    const pairing: Pairing = {
      ...{ id: newId(), what, state: 'requested', codeMac: this.#macOf(code), name, type, publicKey },
      ...{ nonce: randomBytes(32).toString('base64url'), uid: uid ?? null, requestedAt },
      ...{ expiresAt: requestedAt + PAIRING_MS, tries: 0, scope: [], workspace: null, memberEndsAt: 0 },
    }
    book.put('pairing', pairing.id, pairing)
    return { pairing, code }
  }

  /**
   * The question that waits under a code. A wrong code counts against every question, since it was a guess at each.
   *
   * @throws IdentityError `PAIRING_UNKNOWN`, `LOCKED_OUT`
   */
  look(typed: string): Pairing {
    const { lockout } = this.#options
    lockout.begin('pairing code')
    const mac = this.#macOf(readCode(typed) ?? '')
    const found = this.pending().find(({ state, codeMac }) => state === 'requested' && isSame(codeMac, mac))
    if (found !== undefined) {
      lockout.succeeded('pairing code')
      return found
    }
    for (const each of this.pending()) this.#countTry(each)
    throw unknown('no pairing waits under that code')
  }

  /** The owner says yes: the device may prove itself now; a chat sender is let in. */
  approve(typed: string, terms: PairingTerms): Pairing {
    const { book, now, members } = this.#options
    const pairing = this.look(typed)
    if (pairing.what === 'sender') {
      const { type: channel, name: sender } = pairing
      const { scope, expiresAt } = terms
      const known = { channel, sender, scope: [...scope], approvedAt: now(), expiresAt }
      book.put('sender', senderKey(channel, sender), known, true)
      this.#options.heard?.(known)
      return this.#move(pairing, 'active')
    }
    members.checkDevice(pairing.name)
    const { scope, workspace, expiresAt: memberEndsAt } = terms
    const approved = { ...pairing, scope: [...scope], workspace, memberEndsAt, expiresAt: now() + PAIRING_MS }
    return this.#move(approved, 'approved')
  }

  /** The owner says no, by code or id. */
  reject(typed: string): Pairing {
    const byId = this.pending().find(({ id }) => typed.length >= 8 && id.startsWith(typed))
    return this.#move(byId ?? this.look(typed), 'rejected')
  }

  /** How far it is. @throws IdentityError `PAIRING_UNKNOWN` */
  get(id: string): Pairing {
    const found = this.#options.book.get('pairing', id)
    if (found === undefined) throw unknown('there is no such pairing')
    return this.#aged(found)
  }

  /**
   * The device proves that it holds the key it asked with, and that it knows the code a person saw.
   *
   * @throws IdentityError `PAIRING_UNKNOWN`, `PAIRING_STATE`, `PROOF_INVALID`
   */
  prove(id: string, proof: { readonly code: string; readonly signature: string }): IssuedToken {
    const { members } = this.#options
    const pairing = this.get(id)
    if (pairing.state !== 'approved' || pairing.what !== 'device') {
      throw identityError(
        'PAIRING_STATE',
        `the pairing is ${pairing.state}`,
        'wait for the owner, or begin anew',
      )
    }
    if (!this.#isProven(pairing, proof)) {
      this.#countTry(pairing)
      throw identityError(
        'PROOF_INVALID',
        'code or signature do not fit what was asked for',
        'use the key and the code this pairing began with',
      )
    }
    const { name, type, scope, workspace, memberEndsAt, publicKey } = pairing
    // first the end of the pairing: what goes wrong after this must not leave a second proof
    this.#move(pairing, 'active')
    return members.admit({ name, type, scope, workspace, expiresAt: memberEndsAt }, publicKey)
  }

  pending(): readonly Pairing[] {
    return this.#options.book
      .list('pairing')
      .map((pairing) => this.#aged(pairing))
      .filter(({ state }) => OPEN.has(state))
  }

  #isProven(pairing: Pairing, { code: typed, signature }: { code: string; signature: string }): boolean {
    const code = readCode(typed)
    if (code === undefined || !isSame(pairing.codeMac, this.#macOf(code))) return false
    const { id, nonce, publicKey: key } = pairing
    const text = pairingText({ id, nonce, code, key, server: this.#options.keys.server.publicKey })
    return isSignedBy(readPublicKey(key), text, signature)
  }

  #aged(pairing: Pairing): Pairing {
    const at = this.#options.now()
    // a clock that was put back makes a question old, not young again
    const isOver = at >= pairing.expiresAt || at < pairing.requestedAt
    return OPEN.has(pairing.state) && isOver ? this.#move(pairing, 'expired') : pairing
  }

  #countTry(pairing: Pairing): void {
    const tries = pairing.tries + 1
    this.#move({ ...pairing, tries }, tries >= MOST_TRIES ? 'cancelled' : pairing.state)
  }

  #move(pairing: Pairing, state: PairingState): Pairing {
    const moved = { ...pairing, state }
    this.#options.book.put('pairing', pairing.id, moved)
    return moved
  }

  #refuseCrowd(pending: readonly Pairing[], stranger: Stranger): void {
    const { book, now } = this.#options
    for (const old of book.list('pairing')) {
      if (!OPEN.has(old.state) && now() - old.requestedAt > HOUR_MS) book.remove('pairing', old.id)
    }
    if (pending.filter((old) => !isSameStranger(old, stranger)).length >= MOST_PENDING) {
      throw identityError('PEOPLE_FULL', `${MOST_PENDING} pairings wait already`, 'wait a few minutes')
    }
    const own = pending.filter(({ uid }) => uid !== null && uid === stranger.uid)
    if (own.length >= MOST_OF_ONE_USER) {
      throw identityError(
        'PEOPLE_FULL',
        `${own.length} pairings of this user wait already`,
        'wait a few minutes',
      )
    }
    // what was asked within the hour stays in the book, so a restart makes no room
    if (book.list('pairing').length >= MOST_AN_HOUR) {
      throw identityError(
        'PEOPLE_BUSY',
        `${MOST_AN_HOUR} pairings were asked for within an hour`,
        'wait an hour',
      )
    }
  }

  #freshCode(pending: readonly Pairing[]): string {
    const taken = new Set(pending.map(({ codeMac }) => codeMac))
    for (let tries = 0; tries < 10; tries++) {
      const code = (this.#options.code ?? newCode)()
      if (!taken.has(this.#macOf(code))) return code
    }
    throw new Error('ten random codes in a row were taken: the source of randomness is broken')
  }

  #macOf(code: string): string {
    return this.#options.keys.mac('code', 1, code).toString('hex')
  }
}

export function senderKey(channel: string, sender: string): string {
  return JSON.stringify([channel, sender])
}

function isSameStranger(pairing: Pairing, { what, name, type, publicKey = '' }: Stranger): boolean {
  if (pairing.what !== what) return false
  return what === 'device' ? pairing.publicKey === publicKey : pairing.name === name && pairing.type === type
}

function unknown(what: string): Error {
  return identityError('PAIRING_UNKNOWN', what, 'look at: warder pairing list')
}
