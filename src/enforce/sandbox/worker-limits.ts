import { readFileSync } from 'node:fs'
import { formatSize } from '../../core/quantity.ts'
import type { Native } from '../../platform/native.ts'
import type { LimitReport } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/** What this process may do about the limits of others, as the kernel tells it. */
export interface OwnRights {
  readonly uid: number
  /** Of locked memory, bytes, as whoever we start inherits it; infinity where there is none. */
  readonly lockedBytes: { readonly soft: number; readonly hard: number }
  /** CAP_SYS_RESOURCE: limits of other users too, and above our own. */
  readonly mayRaise: boolean
}

const CAP_SYS_RESOURCE = 24n

export function ownRights(read = (name: string) => readFileSync(`/proc/self/${name}`, 'latin1')): OwnRights {
  const [, soft, hard] = /^Max locked memory\s+(\S+)\s+(\S+)/m.exec(read('limits')) ?? []
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('status'))?.[1] ?? '0'
  const bytes = (text = '0') => (text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text))
  return {
    uid: process.geteuid?.() ?? -1,
    lockedBytes: { soft: bytes(soft), hard: bytes(hard) },
    mayRaise: ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n,
  }
}

type Wanted = Pick<SandboxSpec, 'limits' | 'host'>

/** What is set; undefined where nothing can be, and it inherits ours. */
function settable({ limits, host }: Wanted, { uid, lockedBytes, mayRaise }: OwnRights): number | undefined {
  const wanted = limits.lockedBytes ?? 0
  if (mayRaise) return wanted
  return host.uid === uid ? Math.min(wanted, lockedBytes.hard) : undefined
}

/** How much memory it may keep out of swap: what its profile says, as far as we can. Set before it starts anything. */
export function allowLocking(native: Native, pid: number, spec: Wanted, rights = ownRights()): void {
  if (spec.limits.lockedBytes === undefined) return
  const bytes = settable(spec, rights)
  if (bytes !== undefined) native.limitProcess(pid, 'MEMLOCK', bytes)
}

/** Whether it may lock as much as its profile says, and no more; nothing where the profile says nothing. */
export function lockedReports(spec: Wanted, rights = ownRights()): LimitReport[] {
  const { lockedBytes } = spec.limits
  if (lockedBytes === undefined) return []
  const base = { name: 'locked-memory', wanted: formatSize(lockedBytes), by: 'rlimit' } as const
  const granted = settable(spec, rights) ?? rights.lockedBytes.soft
  if (granted === lockedBytes)
    return [{ ...base, inForce: true, note: 'what it does not lock may be swapped out' }]
  const figure = Number.isFinite(granted) ? formatSize(granted) : 'as much as it likes'
  return [
    {
      ...base,
      inForce: false,
      note: `on this host it may lock ${figure} (LimitMEMLOCK= and CAP_SYS_RESOURCE of the daemon decide)`,
    },
  ]
}
