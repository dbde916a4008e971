import { KnownError, type ErrorCatalogue } from './error.ts'

export const PERMIT_ERRORS = {
  PERMIT_FORGED: { kind: 'forbidden', meaning: 'the permit was not issued by this gate, or was altered' },
  PERMIT_USED: { kind: 'conflict', meaning: 'the permit has opened its door already' },
  PERMIT_EXPIRED: { kind: 'forbidden', meaning: 'the permit is past its time, or not yet valid' },
  PERMIT_MISMATCH: {
    kind: 'forbidden',
    meaning: 'the permit is for another door, principal, or other bytes',
  },
  PERMIT_OVERTAKEN: {
    kind: 'forbidden',
    meaning: 'policy or containment changed after the decision, and now says no',
  },
} as const satisfies ErrorCatalogue

export class PermitError extends KnownError<typeof PERMIT_ERRORS> {
  override readonly name = 'PermitError'
}

/** The doors there are. A permit opens one of them. */
export const DOORS = [
  'sandbox',
  'egress',
  'grants',
  'policy',
  'containment',
  'audit',
  'people',
  'secrets',
  'mcp',
] as const
export type Door = (typeof DOORS)[number]

/** What a permit says. */
export interface PermitClaims {
  readonly id: string
  readonly request: string
  readonly decision: string
  readonly principal: string
  readonly door: Door
  /** `actionName` of what was allowed. */
  readonly action: string
  /** SHA-256 hex of exactly what was decided on; a door compares it with what it is about to do. */
  readonly bytes: string
  /** The policy epoch the decision was made in; when it has passed, redeeming judges again. */
  readonly epoch: number
  /** Epoch milliseconds. */
  readonly notBefore: number
  readonly expiresAt: number
}

declare const madeByTheGate: unique symbol

/**
 * The right to act once: opens one door for one action, until it expires. The brand keeps one from being written by
 * hand in the types; at run time a door trusts a permit only after {@link PermitDesk.redeem}.
 */
export interface Permit {
  readonly claims: PermitClaims
  /** Claims and HMAC-SHA-256 in one text, so that a permit can cross a process border and come back. */
  readonly token: string
  readonly [madeByTheGate]: true
}

/** How the act that a permit allowed ended. */
export interface Outcome {
  readonly result: 'success' | 'failure' | 'timeout' | 'violation' | 'cancelled' | 'error'
  readonly exitCode?: number
  readonly durationMs: number
  readonly note?: string
}

/** What every door is handed. Redeem before acting; settle afterwards, whatever happened. */
export interface PermitDesk {
  /**
   * Spends the permit. After this returns, the door may do the one thing; if it throws, nothing.
   *
   * @param bytes digest of what the door is about to do, computed by the door from its own arguments
   * @throws PermitError any of `PERMIT_ERRORS`
   */
  redeem(permit: Permit, door: Door, bytes: string): void
  /** Writes the outcome to the record. Never throws for an outcome it has seen before; the first one stands. */
  settle(permit: Permit, outcome: Outcome): Promise<void>
}
