import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { judge, type IntegrityState, type Violation } from './judge.ts'
import { openStored, type Recorded, type Trust } from './open.ts'
import type { IntegrityStore } from './store.ts'
import { survey } from './survey.ts'

export interface OfflineOptions extends Trust {
  readonly store: IntegrityStore
  readonly recorded: Recorded
  readonly attributes: ExtendedAttributes | undefined
}

export interface OfflineVerification {
  /** True only when everything was looked at, and nothing differs. */
  readonly ok: boolean
  readonly state: IntegrityState
  /** Why it cannot be believed, or not be said. */
  readonly problems: readonly string[]
  readonly violations: readonly Violation[]
  readonly entries: number
  readonly bytes: number
  readonly takenAt?: number
}

/** Reads every file of the baseline again, with nobody's help. What could not be looked at does not count as good. */
export async function verifyOffline(options: OfflineOptions): Promise<OfflineVerification> {
  const { baseline, latch, problems } = openStored(options.store, options, options.recorded)
  if (baseline === undefined) {
    const said = problems.length > 0 ? problems : ['no baseline was taken: warder integrity baseline']
    const state = problems.length > 0 ? 'recovery_required' : 'unknown'
    return { ok: false, state, problems: said, violations: [], entries: 0, bytes: 0 }
  }
  const { entries, read } = await survey({
    ...{ roots: baseline.roots, known: new Map(), listings: new Map() },
    ...{ attributes: options.attributes, pause: () => undefined },
  })
  const violations = judge(baseline, entries)
  const state = problems.length > 0 ? 'recovery_required' : (latch?.state ?? 'unknown')
  return {
    ok: problems.length === 0 && violations.length === 0 && state === 'trusted',
    ...{ state, violations, entries: entries.size, bytes: read.bytes, takenAt: baseline.takenAt },
    problems: [
      ...problems,
      ...(problems.length === 0 && state !== 'trusted' && violations.length === 0
        ? [`the state is ${state} since a change that no longer stands: ${latch?.reason ?? ''}`]
        : []),
    ],
  }
}
