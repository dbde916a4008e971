import type { Finding } from '../../core/incident.ts'
import type { StopStore, HaltedRun } from '../../contain/stop/index.ts'
import type { PolicyEngine } from '../../decide/policy/index.ts'
import type { GateEvent, PermitBook, Rooms } from '../../gate/index.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { SettingValues } from '../../platform/settings.ts'
import type { Ledger, Redact } from '../../record/audit/index.ts'
import type { Keys } from '../../record/sign/index.ts'
import type { Acts } from '../acts.ts'
import type { openChanges } from '../changes.ts'
import type { openDoors } from '../doors.ts'
import type { openGrants } from '../grants-open.ts'
import type { wireApprovals } from '../approvals-wire.ts'
import type { Handlers } from '../http/app.ts'
import type { openMcp } from '../mcp-wire.ts'
import type { People } from '../people.ts'
import type { PolicyFile } from '../policy-file.ts'
import type { LiveRun, Runs } from '../runs.ts'
import type { openSecrets } from '../secrets.ts'
import type { TaintRoom } from '../taint.ts'
import type { openWaysOut } from '../ways-out-wire.ts'
import { openContaining } from '../containing/open.ts'
import { alertHandlers } from '../http/alerts.ts'
import { openAlerts } from './alerts-open.ts'
import { openDetect } from './detect-open.ts'
import { openEmergency } from '../containing/emergency.ts'
import { openHealth } from './health-open.ts'
import { openHost } from './host-open.ts'
import { openPosture } from './posture.ts'
import { openIntegrity } from './integrity-open.ts'

export interface WatchOptions {
  readonly values: SettingValues
  readonly home: string
  /** Warder's own places. */
  readonly own: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly ledger: Ledger
  readonly keys: Keys
  readonly engine: PolicyEngine
  readonly rooms: Rooms
  readonly permits: PermitBook
  readonly acts: Acts
  readonly stops: StopStore
  /** Freezes and kills what runs of one agent, or of all. */
  readonly halt: (agent: string | undefined, why: string) => Promise<readonly HaltedRun[]>
  readonly live: () => readonly LiveRun[]
  readonly runs: Runs
  readonly grants: ReturnType<typeof openGrants>['grants']
  readonly people: People
  readonly secrets: Awaited<ReturnType<typeof openSecrets>>
  readonly mcp: ReturnType<typeof openMcp>
  readonly changes: Awaited<ReturnType<typeof openChanges>>
  readonly out: ReturnType<typeof openWaysOut>
  readonly driver: Awaited<ReturnType<typeof openDoors>>['driver']
  readonly doors: Pick<Awaited<ReturnType<typeof openDoors>>, 'watchedBy' | 'checkedBy'>
  readonly taint: TaintRoom
  readonly approving: Pick<ReturnType<typeof wireApprovals>, 'facts' | 'allowances' | 'revoke' | 'desk'>
  readonly policyFile: Pick<PolicyFile, 'problem'>
  /** What the owner should know of the hooks of coding agents. */
  readonly hookWarnings: () => readonly string[]
  readonly version: string
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly lost: (error: unknown) => void
  readonly redact: Redact
  readonly clock: Clock
  readonly log: Log
}

/** Hands a finding on: it becomes an alert, and with a class an incident. Never throws, never waits for what it causes. */
export type Raise = (finding: Finding) => void

export interface Watch {
  readonly handlers: Partial<Handlers>
  /** Adds to the status what watches, and how everything is together. */
  readonly inStatus: <H extends Pick<Handlers, 'status'>>(handlers: H) => H
  /** Once every door stands: from here on things are looked at. */
  begin(): Promise<void>
  close(): Promise<void>
}

/** Wires the readers of the record and of the host to what comes of their findings. */
export function openWatch(options: WatchOptions) {
  const alerts = openAlerts(options)
  const raise: Raise = alerts.raise
  const detect = openDetect(options, alerts)
  const integrity = openIntegrity(options, (finding) => raise(finding))
  options.doors.checkedBy(integrity.models)
  const send: typeof alerts.senders.send = (event) => alerts.senders.send(event)
  const containing = openContaining({ ...options, integrityEvidence: integrity.evidence, send, raise })
  alerts.reportTo(containing.report)
  const isActingOn = (agent: string) => containing.incidents.isActingOn(agent)
  const host = openHost({ ...options, isActingOn }, raise, (event) => detect.observe(event))
  const posture = openPosture(options, raise)
  const emergency = openEmergency(options)
  const parts = () => [
    ...detect.parts(),
    ...host.parts(),
    ...integrity.parts(),
    ...posture.parts(),
    emergency.part(),
    containing.incidents.part(),
  ]
  const health = openHealth(options, parts, () => detect.facts().cycles)
  const alerting = alertHandlers({ alerts, detect, acts: options.acts, parts })
  const handlers = {
    ...integrity.handlers,
    ...containing.handlers,
    ...alerting,
    ...health.handlers,
    ...emergency.handlers,
    ...posture.handlers,
  }
  return {
    handlers,
    inStatus: (others) => containing.inStatus(health.inStatus(emergency.inStatus(others))),
    begin: async () => {
      containing.begin()
      alerts.begin()
      detect.begin()
      host.begin()
      posture.begin()
      integrity.begin()
      await emergency.begin()
      await health.begin()
    },
    close: async () => {
      host.close()
      posture.close()
      integrity.close()
      health.close()
      await detect.close()
      await containing.close()
      await alerts.close()
    },
  } satisfies Watch
}
