import type { StatusAnswer } from '../../api/endpoints.ts'
import { levelOf, type Probe } from '../../enforce/sandbox/index.ts'
import type { LedgerHealth } from '../../record/audit/index.ts'
import type { Component } from '../../watch/health/index.ts'

/** Without these nothing is decided, or nothing is recorded. */
export const ESSENTIAL = ['ledger', 'policy'] as const

export function ledgerPart({ ok, why, degraded, head }: LedgerHealth): Component {
  const name = 'ledger'
  if (!ok)
    return { name, state: 'failed', why, fix: 'free disk space or mend the ledger directory: warder doctor' }
  return degraded.length === 0
    ? { name, state: 'ok', why: `writable, ${head.seq} entries` }
    : { name, state: 'degraded', why: degraded.join('; '), fix: 'warder audit verify' }
}

export function policyPart(rules: number, problem: string | undefined): Component {
  return problem === undefined
    ? { name: 'policy', state: 'ok', why: `${rules} rules in force` }
    : {
        ...{ name: 'policy', state: 'degraded' },
        why: `an earlier policy is in force, since the file cannot be: ${problem}`,
        fix: 'warder policy check',
      }
}

export function sandboxPart(probe: Probe): Component {
  const name = 'sandbox'
  const missing = probe.guarantees.filter(({ inForce }) => !inForce)
  if (!probe.available)
    return { name, state: 'failed', why: `${probe.driver} is not available`, fix: 'warder doctor' }
  return missing.length === 0
    ? { name, state: 'ok', why: `${probe.driver}, level ${levelOf(probe)}` }
    : {
        ...{ name, state: 'degraded', fix: 'warder doctor' },
        why: `level ${levelOf(probe)}, not in force: ${missing.map((each) => each.name).join(', ')}`,
      }
}

export function egressPart({ proxy, problem }: StatusAnswer['egress']): Component {
  const name = 'egress'
  if (proxy === 'broken')
    return { name, state: 'failed', why: problem ?? 'the proxy is broken', fix: 'warder egress list' }
  const why = proxy === 'running' ? 'the proxy runs' : 'the proxy starts with the first run that needs it'
  return { name, state: 'ok', why }
}

export interface SecretsState {
  readonly isThere: boolean
  readonly problems: readonly string[]
}

export function secretsPart({ isThere, problems }: SecretsState): Component {
  const name = 'secrets'
  if (problems.length === 0)
    return isThere
      ? { name, state: 'ok', why: 'open' }
      : { name, state: 'off', why: 'no secret is kept here' }
  const isOnlyLocked = problems.every((each) => /store is locked|emergency lock is in force/.test(each))
  return {
    ...{ name, state: isOnlyLocked ? 'degraded' : 'failed', why: problems.join('; ') },
    fix: isOnlyLocked ? 'warder secret unlock' : 'warder secret check',
  }
}

export interface McpState {
  readonly state: 'not started' | 'running' | 'broken'
  readonly problem?: string
}

/** @param notes where texts are looked into with less than everything */
export function mcpPart({ state, problem }: McpState, notes: readonly string[]): Component {
  const name = 'mcp'
  if (state === 'broken')
    return {
      name,
      state: 'failed',
      why: problem ?? 'the MCP process does not run',
      fix: 'see the daemon’s log',
    }
  return notes.length === 0
    ? { name, state: 'ok', why: state === 'running' ? 'the process runs' : 'starts with the first session' }
    : {
        ...{ name, state: 'degraded', why: `texts are looked into with less: ${notes.join('; ')}` },
        fix: 'install Warder again, then: warder daemon stop',
      }
}

export function approvalsPart({ problems, reachable, pending }: StatusAnswer['approvals']): Component {
  const name = 'approvals'
  if (problems.length > 0) return { name, state: 'degraded', why: problems.join('; '), fix: 'warder approve' }
  const why = reachable ? `${pending} questions wait` : 'nobody watches: asking is a no'
  return { name, state: 'ok', why }
}

export function hooksPart(warnings: readonly string[]): Component {
  return warnings.length === 0
    ? { name: 'hooks', state: 'ok', why: 'no session is locked' }
    : { name: 'hooks', state: 'degraded', why: warnings.join('; '), fix: 'warder hook list' }
}

export interface Disk {
  readonly path: string
  /** Per cent of what this user could fill; undefined where that cannot be told. */
  readonly used?: number
}

export function diskPart(disks: readonly Disk[], warnAt: number, failAt: number): Component {
  const name = 'disk'
  const worst = disks.toSorted((a, b) => (b.used ?? 101) - (a.used ?? 101))[0]
  if (worst?.used === undefined)
    return { name, state: 'unknown', why: `nobody can tell how full ${worst?.path ?? 'the disk'} is` }
  const { path, used } = worst
  const state = used >= failAt ? 'failed' : used >= warnAt ? 'degraded' : 'ok'
  const why = `${path} is on a disk that is ${used.toFixed(0)} % full`
  return state === 'ok' ? { name, state, why } : { name, state, why, fix: 'free disk space' }
}

/** @param supervisor the pid, of one that runs */
export function supervisorPart(supervisor: number | undefined): Component {
  return supervisor === undefined
    ? {
        ...{ name: 'supervisor', state: 'off' },
        why: 'nobody watches over this process, since it is not the daemon’s',
      }
    : { name: 'supervisor', state: 'ok', why: `pid ${supervisor}` }
}
