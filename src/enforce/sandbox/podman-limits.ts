import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { groupPrefix, type CgroupHost, type Controller } from './cgroup-host.ts'
import { limitReports } from './limits.ts'
import { SandboxError } from './errors.ts'
import type { RunGroup } from './cgroup.ts'
import type { LimitReport } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/** Without a user namespace of its own the kernel would count every process of that user; then the group counts. */
const UNCOUNTED = 2 ** 31 - 1

/** How many processes its process 1 is told to allow. */
export function processLimit({ limits }: SandboxSpec, isRootless: boolean): number {
  return isRootless ? limits.processes : UNCOUNTED
}

/** What holds the container, limit by limit: told from what the kernel says of its process 1, not from what was asked for. */
export function containerLimits(
  pid: number,
  spec: SandboxSpec,
  options: {
    readonly group: RunGroup
    readonly host: CgroupHost
    readonly runId: string
    readonly isRootless: boolean
  },
): LimitReport[] {
  const { group, host, runId, isRootless } = options
  const kernelSays = (controller: Controller) => readBack(pid, controller, host, runId)
  return limitReports(spec, group, host, false).map((report) => {
    const controller = ({ memory: 'memory', processes: 'pids', cpu: 'cpu' } as const)[report.name as 'memory']
    if (controller === undefined || !report.by.startsWith('cgroup')) {
      return report.name === 'processes' && !isRootless ? uncounted(report, group) : report
    }
    const expected = {
      memory: String(Math.floor(spec.limits.memoryBytes / PAGE_BYTES) * PAGE_BYTES),
      pids: String(spec.limits.processes),
      cpu: String(spec.limits.cpuPercent * 1000),
      freezer: '',
    }[controller]
    const found = kernelSays(controller)
    if (found === expected) return report
    return { ...report, inForce: false, note: `the kernel says ${found ?? 'that it is not in the group'}` }
  })
}

const PAGE_BYTES = 4096

function uncounted(report: LimitReport, group: RunGroup): LimitReport {
  const why = group.refused.get('pids') ?? 'there is no control group for it'
  return {
    ...report,
    inForce: false,
    by: 'none',
    note: `${why}; the container has no user namespace to count in`,
  }
}

/** The limit in force where the process really is, or undefined when it is not in the run's own group. */
function readBack(pid: number, controller: Controller, host: CgroupHost, runId: string): string | undefined {
  const place = host.places.get(controller)
  if (place === undefined) return undefined
  const name = `${groupPrefix(process.pid)}${runId}`
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n')
  const own = lines
    .map((line) => line.split(':'))
    .find(([id, names]) =>
      place.version === 2 ? id === '0' && names === '' : names?.split(',').includes(controller),
    )
  if (own?.slice(2).join(':').split('/').at(-1) !== name) return undefined
  const file = {
    memory: place.version === 1 ? 'memory.limit_in_bytes' : 'memory.max',
    pids: 'pids.max',
    cpu: place.version === 1 ? 'cpu.cfs_quota_us' : 'cpu.max',
    freezer: '',
  }[controller]
  const path = join(place.parent, name, file)
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ')[0] : undefined
}

/**
 * A container whose limits are not in force is not started: foreign code is what containers are for.
 *
 * @throws SandboxError `SANDBOX_UNENFORCEABLE`
 */
export function refuseUnlimited(reports: readonly LimitReport[]): void {
  const lacking = reports.filter(
    ({ name, inForce }) => !inForce && (name === 'memory' || name === 'processes' || name === 'cpu'),
  )
  if (lacking.length === 0) return
  const words = lacking.map(({ name, wanted, note }) => `${name} ${wanted} (${note ?? 'not in force'})`)
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `limits of the container are not in force: ${words.join(', ')}`,
    'start Warder as a service with Delegate=yes: warder service install; or as root',
  )
}
