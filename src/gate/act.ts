import { KnownError, type ErrorCatalogue } from '../core/error.ts'
import type { Door, Outcome, Permit, PermitDesk } from '../core/permit.ts'
import type { Verdict } from './gate.ts'

export const GATE_ERRORS = {
  DENIED: { kind: 'forbidden', meaning: 'the gate decided no; the verdict names layer, rule and fix' },
  STOPPED: { kind: 'stopped', meaning: 'a stop is in force for this agent, or for all' },
  UNRECORDED: {
    kind: 'unavailable',
    meaning: 'the ledger cannot be written, so nothing of medium risk or above is allowed',
  },
} as const satisfies ErrorCatalogue

/** A "no" where the caller expected to act; carries the verdict. */
export class DeniedError extends KnownError<typeof GATE_ERRORS> {
  override readonly name = 'DeniedError'
  readonly verdict: Verdict

  constructor(verdict: Verdict) {
    const { layer, rule, reason, fix } = verdict.decision
    const code = layer === 'containment' ? 'STOPPED' : layer === 'ledger' ? 'UNRECORDED' : 'DENIED'
    super(GATE_ERRORS, code, {
      what: `refused by ${layer}, rule ${rule}: ${reason}`,
      fix: fix ?? 'see what is allowed with: warder policy show',
    })
    this.verdict = verdict
  }
}

/** The permit of a verdict that allowed a door. @throws DeniedError for every other verdict */
export function permitOf(verdict: Verdict): Permit {
  if (verdict.decision.effect !== 'allow' || verdict.permit === undefined) throw new DeniedError(verdict)
  return verdict.permit
}

/** What every short act at a door does: spend the permit, act, settle whatever happened. */
export async function throughDoor<T>(
  desk: PermitDesk,
  { permit, door, bytes }: { readonly permit: Permit; readonly door: Door; readonly bytes: string },
  act: () => T | Promise<T>,
  monotonicMs: () => number,
): Promise<T> {
  desk.redeem(permit, door, bytes)
  const start = monotonicMs()
  const settle = (result: Outcome['result'], note?: string) =>
    desk.settle(permit, {
      result,
      durationMs: monotonicMs() - start,
      ...(note === undefined ? {} : { note }),
    })
  let value: T
  try {
    value = await act()
  } catch (error) {
    await settle(
      'error',
      error instanceof KnownError ? `${error.code}: ${error.message}` : 'unexpected error',
    )
    throw error
  }
  await settle('success')
  return value
}
