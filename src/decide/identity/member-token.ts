import * as z from 'zod'
import { newId } from '../../core/id.ts'
import { isSignedBy, requestText } from '../../core/proof.ts'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'
import { isSame, readPublicKey, type PeopleKeys } from './keys.ts'
import type { Member } from './records.ts'
import { invalidToken, openToken, sealToken } from './token.ts'

/** A request as it came in, with what proves who sent it. */
export interface SignedRequest {
  readonly method: string
  readonly path: string
  readonly body: Uint8Array
  readonly token: string
  readonly nonce: string
  /** Epoch milliseconds by the sender's clock. */
  readonly time: number
  readonly signature: string
}

export interface IssuedToken {
  readonly member: Member
  readonly token: string
  readonly expiresAt: number
}

export interface MemberTokensOptions {
  readonly book: PeopleBook
  readonly keys: PeopleKeys
  readonly now: () => number
}

const TOKEN_MS = 24 * 3_600_000
/** How far two clocks may be apart, and how long a signed request can be repeated at all. */
const CLOCK_MS = 60_000

const claims = z.strictObject({
  id: z.string(),
  member: z.string(),
  key: z.string(),
  issuedAt: z.int(),
  expiresAt: z.int(),
})

type Claims = z.infer<typeof claims>

/** The tokens of guests and devices: one each, bound to a key, worth nothing without a signature by it. */
export class MemberTokens {
  readonly #options: MemberTokensOptions

  constructor(options: MemberTokensOptions) {
    this.#options = options
  }

  /** Makes the member's one token; the one before ends. */
  issue(member: Member): IssuedToken {
    const { book, keys, now } = this.#options
    const at = now()
    const id = newId()
    const expiresAt = Math.min(at + TOKEN_MS, member.expiresAt)
    const said = { id, member: member.id, key: member.publicKey ?? '', issuedAt: at, expiresAt }
    const token = sealToken(keys, 'member-token', this.#generation(), said)
    const holder = { ...member, token: { id, mac: this.#macOf(token), expiresAt } }
    book.put('member', member.id, holder, true)
    return { member: holder, token, expiresAt }
  }

  /** What a token of ours says. @throws IdentityError `TOKEN_INVALID` */
  read(token: string): Claims {
    const said = claims.safeParse(openToken(this.#options.keys, 'member-token', this.#generation(), token))
    if (said.success) return said.data
    throw invalidToken()
  }

  /** Whether it is the one that holds now. @throws IdentityError `TOKEN_REVOKED`, `TOKEN_INVALID`, `TOKEN_EXPIRED` */
  check(member: Member, said: Claims, token: string): void {
    const at = this.#options.now()
    if (member.token === null || !isSame(member.token.mac, this.#macOf(token))) {
      throw identityError(
        'TOKEN_REVOKED',
        'the token was replaced or taken back',
        'ask for a new one with your key',
      )
    }
    if (said.key !== member.publicKey) throw invalidToken()
    if (at >= member.token.expiresAt || at < said.issuedAt - CLOCK_MS) {
      throw identityError('TOKEN_EXPIRED', 'the token is past its time', 'ask for a new one with your key')
    }
  }

  /** Whether a request is signed by the member's key, now, for the first time. @throws IdentityError `PROOF_INVALID`, `PROOF_REPLAYED` */
  checkProof(member: Member, request: SignedRequest): void {
    const at = this.#options.now()
    if (!/^[A-Za-z0-9_-]{22,64}$/.test(request.nonce) || !(Math.abs(at - request.time) <= CLOCK_MS)) {
      throw badProof('its time is more than a minute off, or its nonce is none')
    }
    if (!isSignedBy(readPublicKey(member.publicKey ?? ''), requestText(request), request.signature)) {
      throw badProof('the signature is not one by the key that was let in, over this request')
    }
    // last, so that only who holds the key can fill the list
    if (this.#options.book.spend(`${member.id} ${request.nonce}`, at + 2 * CLOCK_MS, at)) return
    throw identityError('PROOF_REPLAYED', 'the signed request came a second time', 'sign each request anew')
  }

  /** Replaces the key tokens are sealed with. @returns its name */
  rotateKey(): string {
    const generation = this.#generation() + 1
    this.#options.book.put('meta', 'tokens', { generation }, true)
    return this.#options.keys.keyId('member-token', generation)
  }

  #generation(): number {
    return this.#options.book.get('meta', 'tokens')?.generation ?? 1
  }

  #macOf(token: string): string {
    return this.#options.keys.mac('member-token', 0, token).toString('hex')
  }
}

export function badProof(why: string): Error {
  return identityError(
    'PROOF_INVALID',
    `the request is not proven: ${why}`,
    'check the clock, and use the paired key',
  )
}
