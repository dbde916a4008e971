import { randomBytes } from 'node:crypto'
import { newId } from '../../core/id.ts'
import { isSignedBy, redeemText } from '../../core/proof.ts'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'
import { isSame, readPublicKey, type PeopleKeys } from './keys.ts'
import type { Member } from './records.ts'
import { badProof, MemberTokens, type IssuedToken, type SignedRequest } from './member-token.ts'
import { invalidToken } from './token.ts'

export interface MembersOptions {
  readonly book: PeopleBook
  readonly keys: PeopleKeys
  readonly now: () => number
  /** Told when a guest or device may act, and when it may no longer. */
  readonly joined?: (member: Member) => void
  readonly left?: (member: Member) => void
}

/** What a guest or device is to be. */
export interface MemberRequest {
  readonly name: string
  readonly type: string
  readonly scope: readonly string[]
  readonly workspace: string | null
  /** Epoch milliseconds, at most {@link LONGEST_MS} from now. */
  readonly expiresAt: number
}

export const REDEEM_WITHIN_MS = 15 * 60_000
export const LONGEST_MS = 30 * 24 * 3_600_000
const MOST_DEVICES = 10
const MOST_GUESTS = 32
const FORGET_AFTER_MS = 90 * 24 * 3_600_000

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/

/** Guests and paired devices: who was let in, by which key, for what, until when. */
export class Members {
  readonly #options: MembersOptions
  readonly #tokens: MemberTokens

  constructor(options: MembersOptions) {
    this.#options = options
    this.#tokens = new MemberTokens(options)
  }

  /** Invites a guest. @returns the invitation, which is shown once; only its MAC is kept */
  invite(request: MemberRequest): { readonly member: Member; readonly invitation: string } {
    const { book, now, keys } = this.#options
    this.#checkRoom('guest', MOST_GUESTS)
    const id = newId()
    const invitation = `wi1.${id}.${randomBytes(32).toString('base64url')}.${keys.server.publicKey}`
    const member = this.#make('guest', id, request, {
      publicKey: null,
      activeAt: null,
      redeemBy: now() + REDEEM_WITHIN_MS,
      invitationMac: keys.mac('invitation', 1, invitation).toString('hex'),
    })
    book.put('member', id, member, true)
    return { member, invitation }
  }

  /**
   * Turns an invitation, once, into a key that may act.
   *
   * @throws IdentityError `INVITATION_INVALID`, `INVITATION_EXPIRED`, `INVITATION_USED`, `PROOF_INVALID`
   */
  redeem(part: { invitation: string; publicKey: string; signature: string }): IssuedToken {
    const { book, now, keys } = this.#options
    const { invitation, publicKey, signature } = part
    const member = book.get('member', invitation.split('.')[1] ?? '')
    const right = keys.mac('invitation', 1, invitation).toString('hex')
    if (member?.what !== 'guest' || member.invitationMac === null || !isSame(member.invitationMac, right)) {
      throw identityError('INVITATION_INVALID', 'that is no invitation of this host', 'ask for a new one')
    }
    if (member.activeAt !== null || member.revokedAt !== null) {
      throw identityError(
        'INVITATION_USED',
        'the invitation was redeemed before, or revoked',
        'ask for a new one',
      )
    }
    const at = now()
    if (at >= (member.redeemBy ?? 0) || at < member.madeAt || at >= member.expiresAt) {
      throw identityError('INVITATION_EXPIRED', 'the invitation is past its redeem-by', 'ask for a new one')
    }
    const key = readPublicKey(publicKey)
    const text = redeemText({ invitation, key: publicKey, server: keys.server.publicKey })
    if (!isSignedBy(key, text, signature))
      throw badProof('the signature is not one by that key over the invitation')
    return this.#activate({ ...member, publicKey, activeAt: at, redeemBy: null })
  }

  /** Lets a device in whose pairing was approved and proven. */
  admit(request: MemberRequest, publicKey: string): IssuedToken {
    this.checkDevice(request.name)
    const at = this.#options.now()
    const more = { publicKey, activeAt: at, redeemBy: null, invitationMac: null }
    return this.#activate(this.#make('device', newId(), request, more))
  }

  /** Whether a device of that name could be let in now. @throws IdentityError `PEOPLE_FULL`, `MEMBER_TAKEN` */
  checkDevice(name: string): void {
    this.#checkRoom('device', MOST_DEVICES)
    this.#checkName(name)
  }

  /**
   * Who sent a request. Its token must be the one that holds now, and the request signed by the member's own key, for
   * these bytes, at this time, once.
   *
   * @throws IdentityError `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED`, `PROOF_INVALID`, `PROOF_REPLAYED`
   */
  authenticate(request: SignedRequest): Member {
    const said = this.#tokens.read(request.token)
    const member = this.#options.book.get('member', said.member)
    if (member === undefined) throw invalidToken()
    this.#refuseEnded(member)
    this.#tokens.check(member, said, request.token)
    this.#tokens.checkProof(member, request)
    return member
  }

  /**
   * A new token for a member that proves its key; the one before ends.
   *
   * @param request signed with an empty token
   */
  renew(id: string, request: Omit<SignedRequest, 'token'>): IssuedToken {
    const member = this.#options.book.get('member', id)
    if (member === undefined) throw invalidToken()
    this.#refuseEnded(member)
    this.#tokens.checkProof(member, { ...request, token: '' })
    return this.#tokens.issue(member)
  }

  /** Ends the token of one member; it renews it with its key. */
  rotate(id: string): Member {
    const member = this.find(id)
    const without = { ...member, token: null }
    this.#options.book.put('member', member.id, without, true)
    return without
  }

  /** Replaces the key all tokens are sealed with: every one of them ends, and is renewed by key. @returns its name */
  rotateKey(): string {
    return this.#tokens.rotateKey()
  }

  /** Takes a member's rights away, at once and for good. @throws IdentityError `MEMBER_UNKNOWN` */
  revoke(id: string, by: string): Member {
    const member = this.find(id)
    const { book, now, left } = this.#options
    if (member.revokedAt !== null) return member
    const ended = { ...member, revokedAt: now(), revokedBy: by, token: null, invitationMac: null }
    left?.(ended) // out of force first: a book that cannot be written must not keep anybody in
    book.put('member', member.id, ended, true)
    return ended
  }

  /** By id, unique beginning of one, or name. @throws IdentityError `MEMBER_UNKNOWN` */
  find(id: string): Member {
    const all = this.#options.book.list('member')
    const named = all.filter((member) => member.name === id || member.id === id)
    const found = named.length > 0 ? named : all.filter((member) => member.id.startsWith(id))
    if (found.length === 1) return found[0]!
    throw identityError(
      'MEMBER_UNKNOWN',
      found.length === 0 ? `nobody is called ${id}` : `${found.length} begin with ${id}`,
      'look at: warder guest list, warder device list',
    )
  }

  get(id: string): Member | undefined {
    return this.#options.book.get('member', id)
  }

  list(what: Member['what']): readonly Member[] {
    return this.#options.book.list('member').filter((member) => member.what === what)
  }

  /** Whether it may act at this moment. */
  isLive(member: Member): boolean {
    const at = this.#options.now()
    return member.activeAt !== null && member.revokedAt === null && at < member.expiresAt
  }

  /** Forgets those who ended long ago. */
  sweep(): void {
    const { book, now } = this.#options
    for (const member of book.list('member')) {
      const endedAt = member.revokedAt ?? (member.activeAt === null ? member.redeemBy! : member.expiresAt)
      if (now() - endedAt > FORGET_AFTER_MS) book.remove('member', member.id)
    }
  }

  #make(
    what: Member['what'],
    id: string,
    { name, type, scope, workspace, expiresAt }: MemberRequest,
    more: Pick<Member, 'publicKey' | 'activeAt' | 'redeemBy' | 'invitationMac'>,
  ): Member {
    const madeAt = this.#options.now()
    this.#checkName(name)
    if (!(expiresAt > madeAt && expiresAt <= madeAt + LONGEST_MS)) {
      throw identityError(
        'MEMBER_SCOPE',
        'nobody is let in for longer than 30 days',
        'give a time of at most 30d',
      )
    }
    const ended = { revokedAt: null, revokedBy: null, token: null }
    return { id, what, name, type, scope: [...scope], workspace, madeAt, expiresAt, ...more, ...ended }
  }

  #checkName(name: string): void {
    if (!NAME.test(name)) {
      throw identityError(
        'IDENTITY_NAME',
        `${JSON.stringify(name.slice(0, 80))} cannot name a guest or device`,
        'use 1 to 32 of a-z, 0-9 and dash, starting with a letter or digit',
      )
    }
    // a name means one person in the record, also after they left
    if (!this.#options.book.list('member').some((member) => member.name === name)) return
    throw identityError('MEMBER_TAKEN', `a guest or device ${name} is there, or was`, 'take another name')
  }

  #checkRoom(what: Member['what'], most: number): void {
    this.sweep()
    const open = this.list(what).filter(({ revokedAt, expiresAt, redeemBy }) => {
      const until = redeemBy === null ? expiresAt : Math.min(redeemBy, expiresAt)
      return revokedAt === null && this.#options.now() < until
    })
    if (open.length < most) return
    throw identityError(
      'PEOPLE_FULL',
      `there are ${most} ${what}s already`,
      `revoke one: warder ${what} list`,
    )
  }

  #activate(member: Member): IssuedToken {
    const issued = this.#tokens.issue(member)
    this.#options.joined?.(issued.member)
    return issued
  }

  #refuseEnded(member: Member): void {
    if (member.revokedAt !== null) {
      throw identityError('TOKEN_REVOKED', `${member.name} was revoked`, 'ask the owner')
    }
    if (!this.isLive(member)) {
      throw identityError(
        'TOKEN_EXPIRED',
        `${member.name} was let in until a time that is over`,
        'ask the owner',
      )
    }
  }
}
