import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { formatSize } from '../../core/quantity.ts'
import type { RunGroup } from './cgroup.ts'
import type { CgroupHost, Controller } from './cgroup-host.ts'
import type { LimitReport } from './driver.ts'
import type { Native } from '../../platform/native.ts'
import type { SandboxSpec } from './spec.ts'
import { allowLocking, lockedReports } from './worker-limits.ts'

const CAP_SYS_RESOURCE = 24

/** Whether limits of a process that runs as another user can be set from here; otherwise they are set inside. */
export function canLimitOthers({ host }: Pick<SandboxSpec, 'host'>): boolean {
  if (host.uid === process.getuid?.()) return true
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
  return ((BigInt(`0x${effective}`) >> BigInt(CAP_SYS_RESOURCE)) & 1n) === 1n
}

/**
 * Sets what is counted per process, on process 1 before it starts anything, so that everything inherits it. The
 * process count belongs here and not earlier: set before the new user namespace it would count all of the user's.
 */
export function setLimits(
  native: Native,
  init: number,
  spec: SandboxSpec,
  { canLimit, hasCpuGroup }: { readonly canLimit: boolean; readonly hasCpuGroup: boolean },
): void {
  const { limits } = spec
  const processors = usableProcessors()
  const wanted = Math.max(1, Math.ceil(limits.cpuPercent / 100))
  if (!hasCpuGroup && wanted < processors.length) native.setProcessors(init, processors.slice(0, wanted))
  allowLocking(native, init, spec)
  if (!canLimit) return
  native.limitProcess(init, 'CORE', 0)
  native.limitProcess(init, 'NOFILE', limits.openFiles)
  native.limitProcess(init, 'FSIZE', limits.fileBytes)
  native.limitProcess(init, 'NPROC', limits.processes)
}

function usableProcessors(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/** What holds the run, limit by limit, and what does not. */
export function limitReports(
  spec: SandboxSpec,
  group: RunGroup,
  host: CgroupHost,
  limitInside: boolean,
): LimitReport[] {
  const { limits } = spec
  const rlimit = limitInside ? 'rlimit, set inside' : 'rlimit'
  const why = (controller: Controller) =>
    group.refused.get(controller) ?? host.missing.get(controller) ?? 'no control group'
  const viaGroup = (controller: Controller) =>
    group.limited.has(controller) ? { inForce: true, by: `cgroup v${group.version(controller)}` } : undefined
  const perUser = spec.host.uid !== 0
  return [
    {
      name: 'memory',
      wanted: formatSize(limits.memoryBytes),
      ...(viaGroup('memory') ?? { inForce: false, by: 'none', note: why('memory') }),
    },
    {
      name: 'processes',
      wanted: String(limits.processes),
      ...(viaGroup('pids') ??
        (perUser
          ? { inForce: true, by: rlimit, note: 'threads count too' }
          : { inForce: false, by: 'none', note: `the kernel does not count for root, and ${why('pids')}` })),
    },
    cpuReport(limits.cpuPercent, viaGroup('cpu'), why('cpu')),
    { name: 'open-files', wanted: String(limits.openFiles), inForce: true, by: rlimit },
    {
      name: 'file-size',
      wanted: formatSize(limits.fileBytes),
      inForce: true,
      by: rlimit,
      note: 'of each file',
    },
    { name: 'core-dumps', wanted: 'none', inForce: true, by: rlimit },
    ...lockedReports(spec),
    ...(limits.wallMs === undefined
      ? []
      : [{ name: 'wall-clock', wanted: `${limits.wallMs / 1000} s`, inForce: true, by: 'warder' } as const]),
    ...(limits.outputBytes === undefined
      ? []
      : [{ name: 'output', wanted: formatSize(limits.outputBytes), inForce: true, by: 'warder' } as const]),
  ]
}

function cpuReport(
  percent: number,
  group: Pick<LimitReport, 'inForce' | 'by'> | undefined,
  why: string,
): LimitReport {
  const base = { name: 'cpu', wanted: `${percent}%` } as const
  if (group !== undefined) return { ...base, ...group }
  const enough = availableParallelism() * 100
  if (percent >= enough) return { ...base, inForce: true, by: 'the machine', note: 'it has no more' }
  if (percent % 100 === 0) {
    return {
      ...base,
      inForce: true,
      by: 'affinity',
      note: `tied to ${percent / 100} processors`,
    }
  }
  return { ...base, inForce: false, by: 'affinity', note: `rounded up to whole processors: ${why}` }
}
