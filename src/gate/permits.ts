import { timingSafeEqual } from 'node:crypto'
import { canonicalJson } from '../core/canonical.ts'
import { messageOf } from '../core/error.ts'
import { PERMIT_ERRORS, PermitError } from '../core/permit.ts'
import type { Decision } from '../core/decision.ts'
import type { Door, Outcome, Permit, PermitClaims, PermitDesk } from '../core/permit.ts'

/** Why a permit opened nothing, for the record. */
export interface Refusal {
  readonly code: keyof typeof PERMIT_ERRORS
  readonly what: string
  readonly door: Door
  /** Absent when the permit did not come from this gate, and nothing in it can be believed. */
  readonly claims?: PermitClaims
}

export interface PermitOptions {
  /** HMAC-SHA-256 of a token's text, under a key nobody else has; what is behind it is never handed out. */
  readonly mac: (text: string) => Buffer
  /** How long a permit may be redeemed, milliseconds. */
  readonly lifetimeMs: number
  readonly now: () => number
  /** Called with every permit that was refused. */
  readonly refused: (refusal: Refusal) => void
  /** Writes the outcome of a spent permit to the ledger. */
  readonly settled: (claims: PermitClaims, outcome: Outcome) => Promise<void>
}

interface Issued {
  readonly permit: Permit
  /** The gate's judgement made again, now. */
  readonly judge: () => Decision
  readonly epoch: () => number
  spent: boolean
  /** Why it opens nothing any more though nobody used it. */
  cancelled?: string
  settled: boolean
}

/** The permit must have been settled or have expired this long ago before the book forgets it. */
const FORGET_AFTER_MS = 60_000

/**
 * The permits of one gate: issued once, spent once, settled once. A permit lives in this book; its token is only the
 * handle by which it is found again, so a token this book did not write, or has forgotten, opens nothing.
 */
export class PermitBook implements PermitDesk {
  readonly #options: PermitOptions
  readonly #issued = new Map<string, Issued>()

  constructor(options: PermitOptions) {
    this.#options = options
  }

  /** @param judge the gate's judgement, to be asked again when the permit is spent */
  issue(
    claims: Omit<PermitClaims, 'notBefore' | 'expiresAt'>,
    judge: () => Decision,
    epoch: () => number,
  ): Permit {
    this.#forget()
    const notBefore = this.#options.now()
    const whole: PermitClaims = { ...claims, notBefore, expiresAt: notBefore + this.#options.lifetimeMs }
    const text = Buffer.from(canonicalJson({ ...whole })).toString('base64url')
    const token = `${text}.${this.#mac(text).toString('base64url')}`
    // the one place a permit is made: the brand cannot be written anywhere else
    const permit = Object.freeze({ claims: Object.freeze(whole), token }) as unknown as Permit
    this.#issued.set(claims.id, { permit, judge, epoch, spent: false, settled: false })
    return permit
  }

  /**
   * The permit behind a token that comes back over the wire.
   *
   * @throws PermitError `PERMIT_FORGED` when this book did not issue it, byte for byte
   */
  find(token: string, door: Door): Permit {
    const issued = this.#issued.get(this.#idIn(token))
    if (issued === undefined || issued.permit.token !== token) {
      throw this.#refuse('PERMIT_FORGED', door, 'this gate did not issue that permit, or it was altered')
    }
    return issued.permit
  }

  redeem(permit: Permit, door: Door, bytes: string): void {
    this.#checked(permit, door, bytes).spent = true
  }

  /** Everything {@link redeem} looks at, without spending the permit. @throws PermitError likewise */
  check(permit: Permit, door: Door, bytes: string): void {
    this.#checked(permit, door, bytes)
  }

  #checked(permit: Permit, door: Door, bytes: string): Issued {
    const { now } = this.#options
    const issued = this.#issued.get(permit?.claims?.id)
    // identity, not likeness: a copy of a permit's fields is not a permit
    if (issued === undefined || issued.permit !== permit) {
      throw this.#refuse('PERMIT_FORGED', door, 'this gate did not issue that permit')
    }
    const { claims } = permit
    if (issued.cancelled !== undefined) {
      throw this.#refuse('PERMIT_OVERTAKEN', door, `permit ${claims.id}: ${issued.cancelled}`, claims)
    }
    if (issued.spent) throw this.#refuse('PERMIT_USED', door, `permit ${claims.id} was used before`, claims)
    if (now() >= claims.expiresAt || now() < claims.notBefore) {
      throw this.#refuse('PERMIT_EXPIRED', door, `permit ${claims.id} is past its time`, claims)
    }
    if (claims.door !== door) {
      throw this.#refuse(
        'PERMIT_MISMATCH',
        door,
        `permit ${claims.id} opens ${claims.door}, not ${door}`,
        claims,
      )
    }
    if (claims.bytes !== bytes) {
      throw this.#refuse('PERMIT_MISMATCH', door, `permit ${claims.id} is for something else`, claims)
    }
    this.#judgeAgain(issued, door)
    return issued
  }

  async settle(permit: Permit, outcome: Outcome): Promise<void> {
    const issued = this.#issued.get(permit.claims.id)
    if (issued === undefined || !issued.spent || issued.cancelled !== undefined || issued.settled) return
    issued.settled = true
    await this.#options.settled(permit.claims, outcome)
  }

  /**
   * Takes back every permit that was not redeemed yet, so that none of them opens a door; returns how many.
   *
   * @param why what whoever presents one is told
   */
  cancel(matches: (claims: PermitClaims) => boolean, why: string): number {
    const open = [...this.#issued.values()].filter(({ spent, permit }) => !spent && matches(permit.claims))
    for (const issued of open) {
      issued.spent = true
      issued.cancelled = why
    }
    return open.length
  }

  // a rule, a revocation or a stop that came between the decision and the act beats the older yes
  #judgeAgain(issued: Issued, door: Door): void {
    const { claims } = issued.permit
    let since: Decision
    try {
      since = issued.judge()
    } catch (cause) {
      throw this.#refuse('PERMIT_OVERTAKEN', door, `could not judge again: ${messageOf(cause)}`, claims)
    }
    const stillAsked = since.effect === 'ask' && issued.epoch() === claims.epoch
    if (since.effect !== 'allow' && !stillAsked) {
      throw this.#refuse('PERMIT_OVERTAKEN', door, `${since.reason} (${since.layer}, ${since.rule})`, claims)
    }
  }

  #refuse(code: Refusal['code'], door: Door, what: string, claims?: PermitClaims): PermitError {
    this.#options.refused(claims === undefined ? { code, what, door } : { code, what, door, claims })
    return new PermitError(PERMIT_ERRORS, code, {
      what,
      fix: 'ask the gate again; a permit opens one door, once, for what was decided',
    })
  }

  #mac(text: string): Buffer {
    return this.#options.mac(text)
  }

  #idIn(token: string): string {
    const [text = '', mac = ''] = token.split('.')
    const given = Buffer.from(mac, 'base64url')
    const right = this.#mac(text)
    if (given.length !== right.length || !timingSafeEqual(given, right)) return ''
    const claims: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return typeof claims === 'object' && claims !== null && 'id' in claims ? String(claims.id) : ''
  }

  #forget(): void {
    const limit = this.#options.now() - FORGET_AFTER_MS
    for (const [id, { permit, spent, cancelled, settled }] of this.#issued) {
      if (permit.claims.expiresAt >= limit) break // oldest first: the rest is younger
      if (settled || !spent || cancelled !== undefined) this.#issued.delete(id)
    }
  }
}
