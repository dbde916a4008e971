import { limitReports, setLimits } from './limits.ts'
import type { Native } from '../../platform/native.ts'
import type { RunGroup } from './cgroup.ts'
import type { CgroupHost } from './cgroup-host.ts'
import type { LimitReport } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

/**
 * Ties the command to its processors and tells which limits hold. The rest is set by the launcher, in the command's own
 * process. Without a user namespace the kernel would count all processes of the user, so only a group counts them.
 */
export function landlockLimits(
  { native, cgroups }: { readonly native: Native; readonly cgroups: CgroupHost },
  spec: SandboxSpec,
  group: RunGroup,
  command: number,
): LimitReport[] {
  setLimits(native, command, spec, { canLimit: false, hasCpuGroup: group.limited.has('cpu') })
  return limitReports(spec, group, cgroups, false).map(withoutNamespaces)
}

/** What holds only where a namespace counts, told as not in force. */
export function withoutNamespaces(report: LimitReport): LimitReport {
  if (report.name !== 'processes' || report.by.startsWith('cgroup')) return report
  return {
    name: report.name,
    wanted: report.wanted,
    inForce: false,
    by: 'none',
    note: 'without a namespace the kernel counts all processes of the user, and no control group can be used',
  }
}
