import { messageOf } from '../../core/error.ts'
import { openBaseline, type Baseline, type BaselineVerifier } from './baseline.ts'
import type { IntegrityState } from './judge.ts'
import { openLatch, type Latch, type Mac } from './latch.ts'
import type { IntegrityStore } from './store.ts'

/** What the record says of baseline and state: newer than what lies on the disk means that something was put back. */
export interface Recorded {
  readonly baseline?: { readonly revision: number; readonly digest: string }
  readonly state?: { readonly revision: number; readonly state: IntegrityState }
}

export interface Trust {
  readonly verify: BaselineVerifier
  readonly mac: Mac
}

/** What lies on the disk, as far as it can be believed. */
export interface Opened {
  readonly baseline?: Baseline
  readonly digest: string
  readonly latch?: Latch
  /** Why it cannot be believed; what is wrong with the baseline first. */
  readonly problems: readonly string[]
}

/** Reads baseline and state, and compares both with the record. Never throws: what is wrong is a problem. */
export function openStored(store: IntegrityStore, trust: Trust, recorded: Recorded): Opened {
  const problems: string[] = []
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      problems.push(messageOf(error))
      return undefined
    }
  }
  const base = attempt(() => {
    const text = store.read('baseline')
    return text === undefined ? undefined : openBaseline(text, trust.verify)
  })
  if (problems.length === 0) problems.push(...baselineProblems(base, recorded))
  const latch = attempt(() => {
    const text = store.read('latch')
    return text === undefined ? undefined : openLatch(text, trust.mac)
  })
  if (base !== undefined && problems.length === 0)
    problems.push(...latchProblems(latch, base.digest, recorded))
  return {
    digest: base?.digest ?? '',
    problems,
    ...(base === undefined ? {} : { baseline: base.baseline }),
    ...(latch === undefined ? {} : { latch }),
  }
}

function baselineProblems(
  base: { readonly baseline: Baseline; readonly digest: string } | undefined,
  { baseline: last }: Recorded,
): string[] {
  if (last === undefined) return []
  if (base === undefined) return [`the baseline that was taken (revision ${last.revision}) is gone`]
  const isNewest = base.baseline.revision === last.revision && base.digest === last.digest
  return isNewest
    ? []
    : [`the baseline is revision ${base.baseline.revision}, and the record knows revision ${last.revision}`]
}

function latchProblems(latch: Latch | undefined, digest: string, { state }: Recorded): string[] {
  if (latch === undefined) return ['the state that was kept beside the baseline is gone']
  if (latch.baseline !== digest) return ['the state that was kept belongs to another baseline']
  return state !== undefined && latch.revision < state.revision
    ? [`an older state was put back: ${latch.revision}, and the record knows ${state.revision}`]
    : []
}
