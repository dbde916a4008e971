import * as z from 'zod'
import { sha256 } from '../../core/canonical.ts'
import { newId } from '../../core/id.ts'
import { isAgentName } from '../../core/principal.ts'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'
import type { PeopleKeys } from './keys.ts'
import type { Slip } from './records.ts'
import { invalidToken, openToken, sealToken } from './token.ts'

export interface SlipsOptions {
  readonly book: PeopleBook
  readonly keys: Pick<PeopleKeys, 'mac' | 'keyId'>
  readonly now: () => number
  /** Digest of the policy file in force. */
  readonly policyDigest: () => string
}

export interface SlipRequest {
  readonly agent: string
  readonly task: string
  /** What the task is, in the owner's words; its digest is signed. */
  readonly intent: string
  readonly capabilities: readonly string[]
  readonly durationMs: number
}

const text = z.string().min(1)
const claims = z.strictObject({
  id: text,
  agent: text,
  task: text,
  intent: z.string().length(64),
  policy: text,
  capabilities: z.array(text).min(1),
  notBefore: z.int(),
  expiresAt: z.int(),
  nonce: text,
})
export type SlipClaims = z.infer<typeof claims>

export const LONGEST_SLIP_MS = 24 * 3_600_000
const MOST_SLIPS = 256

/**
 * Capability tokens: one task of one agent, signed in every field, for a time, for the policy it was made under, to be
 * spent once. Spending it turns it into grants; whoever only checks it spends nothing.
 */
export class Slips {
  readonly #options: SlipsOptions

  constructor(options: SlipsOptions) {
    this.#options = options
  }

  /** @throws IdentityError `MEMBER_SCOPE`, `IDENTITY_NAME`, `PEOPLE_FULL` */
  issue({ agent, task, intent, capabilities, durationMs }: SlipRequest): {
    token: string
    claims: SlipClaims
  } {
    const { book, keys, now, policyDigest } = this.#options
    if (!isAgentName(agent)) {
      throw identityError(
        'IDENTITY_NAME',
        `${JSON.stringify(agent.slice(0, 80))} is not an agent name`,
        'use 1 to 63 of a-z, 0-9, dot, dash, underscore; the roles, warder and unknown are taken',
      )
    }
    if (!(durationMs > 0 && durationMs <= LONGEST_SLIP_MS)) {
      throw identityError(
        'MEMBER_SCOPE',
        'a capability token holds for at most 24 hours',
        'give a shorter time',
      )
    }
    this.#sweep()
    if (book.list('slip').length >= MOST_SLIPS) {
      throw identityError('PEOPLE_FULL', `${MOST_SLIPS} capability tokens are out`, 'revoke some, or wait')
    }
    const issuedAt = now()
    const id = newId()
    const said: SlipClaims = {
      ...{ id, agent, task, intent: sha256(intent), policy: policyDigest() },
      ...{
        capabilities: [...capabilities],
        notBefore: issuedAt,
        expiresAt: issuedAt + durationMs,
        nonce: newId(),
      },
    }
    const { expiresAt } = said
    book.put('slip', id, { id, agent, task, issuedAt, expiresAt, spentAt: null, revokedAt: null }, true)
    return { token: sealToken(keys, 'slip', 1, said), claims: said }
  }

  /**
   * Whether a token is good for this agent now. Spends nothing, and may be asked before each step.
   *
   * @throws IdentityError `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED`, `TOKEN_SPENT`, `TOKEN_POLICY`
   */
  check(token: string, agent: string): SlipClaims {
    const said = this.#read(token, agent)
    this.#slipOf(said)
    return said
  }

  /** The same, and nobody can spend it again, not after a restart either. */
  consume(token: string, agent: string): SlipClaims {
    const said = this.#read(token, agent)
    const slip = this.#slipOf(said)
    this.#options.book.put('slip', slip.id, { ...slip, spentAt: this.#options.now() }, true)
    return said
  }

  /** @throws IdentityError `MEMBER_UNKNOWN` */
  revoke(id: string): Slip {
    const [slip, ...others] = this.list().filter((each) => each.id.startsWith(id))
    if (slip === undefined || others.length > 0) {
      throw identityError(
        'MEMBER_UNKNOWN',
        `no one capability token is called ${id}`,
        'look at: warder token list',
      )
    }
    const revoked = { ...slip, revokedAt: slip.revokedAt ?? this.#options.now() }
    this.#options.book.put('slip', slip.id, revoked, true)
    return revoked
  }

  list(): readonly Slip[] {
    return this.#options.book.list('slip')
  }

  #read(token: string, agent: string): SlipClaims {
    const { keys, now, policyDigest } = this.#options
    const parsed = claims.safeParse(openToken(keys, 'slip', 1, token))
    // for another agent it is as if it did not exist: who stole it learns nothing from it
    if (!parsed.success || parsed.data.agent !== agent) throw invalidToken()
    const said = parsed.data
    if (now() >= said.expiresAt || now() < said.notBefore) {
      throw identityError(
        'TOKEN_EXPIRED',
        'the capability token is past its time, or not yet valid',
        'ask for a new one',
      )
    }
    if (said.policy !== policyDigest()) {
      throw identityError(
        'TOKEN_POLICY',
        'the policy changed since the token was issued',
        'ask for a new one',
      )
    }
    return said
  }

  #slipOf({ id }: SlipClaims): Slip {
    const slip = this.#options.book.get('slip', id)
    if (slip === undefined) throw invalidToken()
    if (slip.revokedAt !== null) {
      throw identityError('TOKEN_REVOKED', 'the capability token was revoked', 'ask for a new one')
    }
    if (slip.spentAt !== null) {
      throw identityError('TOKEN_SPENT', 'the capability token was spent before', 'ask for a new one')
    }
    return slip
  }

  #sweep(): void {
    const { book, now } = this.#options
    for (const { id, expiresAt } of book.list('slip')) {
      // past its time the signature's own expiry keeps it out
      if (now() > expiresAt + LONGEST_SLIP_MS) book.remove('slip', id)
    }
  }
}
