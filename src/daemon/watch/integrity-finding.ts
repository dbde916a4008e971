import type { Finding, IncidentClass } from '../../core/incident.ts'
import { sha256 } from '../../core/canonical.ts'
import type { RiskLevel } from '../../core/risk.ts'
import { describe, type Category, type IntegrityState, type Violation } from '../../watch/integrity/index.ts'
import type { LiveRun } from '../runs.ts'
import type { Toucher } from './sentry.ts'

interface Consequence {
  readonly severity: RiskLevel
  readonly class?: IncidentClass
}

/** What a change leads to. What people change in the ordinary course is an alert, and no incident. */
const CONSEQUENCES: Readonly<Record<Category, Consequence>> = {
  program: { severity: 'critical', class: 'integrity_violation' },
  unit: { severity: 'critical', class: 'integrity_violation' },
  trust: { severity: 'critical', class: 'integrity_violation' },
  model: { severity: 'high', class: 'manifest_mismatch' },
  policy: { severity: 'high' },
  'agent-settings': { severity: 'high' },
  watched: { severity: 'high' },
}

const OWN: readonly Category[] = ['program', 'unit', 'trust']

/** The run a process belongs to, by its pid namespace. */
export function runOf(live: readonly LiveRun[], who: Toucher | undefined): LiveRun | undefined {
  if (who === undefined || who.pidNamespace === '') return undefined
  return live.find(({ running }) => running.pidNamespace === who.pidNamespace)
}

export function whoEvidence(who: Toucher | undefined): Record<string, string | number> {
  if (who === undefined) return { who: 'not known' }
  return { pid: who.pid, uid: who.uid, program: who.program, command: who.command }
}

export interface ViolationContext {
  readonly state: IntegrityState
  readonly at: number
  readonly who?: Toucher
  readonly run?: LiveRun
}

export function violationFinding(violation: Violation, { state, at, who, run }: ViolationContext): Finding {
  const { path, category, what, fields, key } = violation
  const { severity, class: kind } = CONSEQUENCES[category]
  const by =
    who === undefined ? '' : `, by ${who.program === '' ? who.command : who.program} (pid ${who.pid})`
  return {
    ...{ rule: `integrity.${what}`, source: 'integrity', severity, at, key: `integrity:${key}` },
    summary: `${describe(violation)}${by}${category === 'policy' ? '; the policy in force stays as it was until warder policy reload' : ''}`,
    ...(kind === undefined ? {} : { class: kind }),
    ...(run === undefined ? {} : { agent: run.running.agent, run: run.running.runId }),
    evidence: {
      ...{ path, category, what, state, own: OWN.includes(category) },
      ...(fields.length === 0 ? {} : { fields: fields.join(' ') }),
      ...(violation.before?.sha256 ? { sha256_before: violation.before.sha256 } : {}),
      ...(violation.after?.sha256 ? { sha256_after: violation.after.sha256 } : {}),
      ...whoEvidence(who),
    },
  }
}

/** Changes of one kind, by one run or by nobody known, when each has its alert already. @param findings at least one */
export function severalFinding(group: string, findings: readonly Finding[], at: number): Finding {
  const [first] = findings as readonly [Finding, ...Finding[]]
  const paths = findings.map(({ evidence }) => String(evidence['path']))
  const { agent, run, severity, class: kind, evidence } = first
  return {
    ...{ rule: 'integrity.several', source: 'integrity', severity, at, key: `integrity:several:${group}` },
    summary: `${paths.length} more of the kind ${String(evidence['category'])} are not as the baseline says: ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ', …' : ''}`,
    ...(kind === undefined ? {} : { class: kind }),
    ...(agent === undefined ? {} : { agent }),
    ...(run === undefined ? {} : { run }),
    evidence: {
      ...{ count: paths.length, paths: paths.slice(0, 20).join(' ').slice(0, 1000) },
      ...{ category: evidence['category']!, state: evidence['state']!, own: evidence['own']! },
    },
  }
}

/** Somebody laid a hand on the baseline or on the state beside it. */
export function tamperFinding(problem: string, at: number, who?: Toucher): Finding {
  return {
    ...{ rule: 'integrity.tampered', source: 'integrity', severity: 'critical', at },
    key: `integrity:tampered:${sha256(problem).slice(0, 16)}`,
    summary: problem,
    class: 'integrity_violation',
    evidence: { own: true, category: 'trust', problem: problem.slice(0, 500), ...whoEvidence(who) },
  }
}

/** So much differs that the machine cannot be relied on. */
export function recoveryFinding(violations: readonly Violation[], at: number, key: string): Finding {
  const first = violations.slice(0, 5).map(({ path }) => path)
  return {
    ...{ rule: 'integrity.recovery-required', source: 'integrity', severity: 'critical', at },
    key: `integrity:recovery:${key}`,
    summary: `${violations.length} things are not as the baseline says; the state is recovery_required`,
    class: 'integrity_violation',
    evidence: {
      ...{ count: violations.length, paths: first.join(' ').slice(0, 1000) },
      own: violations.some(({ category }) => OWN.includes(category)),
    },
  }
}
