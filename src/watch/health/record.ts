import { INCIDENT_CLASSES } from '../../core/incident.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { Counter, type Family } from './metrics.ts'
import type { SloTracker } from './slo.ts'

/** As much of an entry of the ledger as is counted. */
export interface RecordedEntry {
  readonly timestamp: string
  readonly action: string
  readonly target: string
  readonly decision: string
  readonly permit_id: string
  readonly result: string
  readonly risk_level: string
  readonly rule: string
  readonly details: Readonly<Record<string, string | number | boolean>>
}

const MOST_OPEN_INCIDENTS = 1000

/** Counts what the ledger tells, since this daemon began: what Prometheus is told, and samples for the objectives. */
export class RecordCounts {
  readonly #slo: Pick<SloTracker, 'took'>
  readonly #decisions = new Counter('effect', ['allow', 'ask', 'deny'])
  readonly #denials = new Counter('rule')
  readonly #permits = new Counter('state', ['issued', 'success', 'failure', 'error', 'cancelled'])
  readonly #alerts = new Counter('severity', RISK_LEVELS)
  readonly #incidents = new Counter('class', INCIDENT_CLASSES)
  /** When each incident that is not contained yet was opened. */
  readonly #openedAt = new Map<string, number>()

  constructor(slo: Pick<SloTracker, 'took'>) {
    this.#slo = slo
  }

  see(entry: RecordedEntry): void {
    if (entry.decision !== '') this.#decided(entry)
    else if (entry.permit_id !== '') this.#permits.add(entry.result)
    if (entry.action === 'alert:raise') this.#alerts.add(entry.risk_level)
    if (entry.action.startsWith('incident:')) this.#incident(entry)
  }

  families(): Family[] {
    return [
      {
        ...{ name: 'warder_decisions_total', help: 'Decisions, by what was answered.', type: 'counter' },
        samples: this.#decisions.samples(),
      },
      {
        ...{ name: 'warder_denials_total', help: 'Refusals, by the rule that refused.', type: 'counter' },
        samples: this.#denials.samples(),
      },
      {
        ...{
          name: 'warder_permits_total',
          help: 'Permits issued, and how they were settled.',
          type: 'counter',
        },
        samples: this.#permits.samples(),
      },
      {
        ...{ name: 'warder_alerts_total', help: 'Alerts, by severity.', type: 'counter' },
        samples: this.#alerts.samples(),
      },
      {
        ...{ name: 'warder_incidents_total', help: 'Incidents opened, by class.', type: 'counter' },
        samples: this.#incidents.samples(),
      },
    ]
  }

  #decided({ decision, permit_id, rule, details }: RecordedEntry): void {
    this.#decisions.add(decision)
    if (decision === 'deny') this.#denials.add(rule === '' ? 'none' : rule)
    if (permit_id !== '') this.#permits.add('issued')
    const { microseconds } = details
    if (typeof microseconds === 'number') this.#slo.took('decision-latency', microseconds / 1000)
  }

  #incident({ action, target, timestamp, details }: RecordedEntry): void {
    const id = String(details['incident'] ?? target)
    const at = Date.parse(timestamp)
    if (/^incident:open(?:ed)?$/.test(action)) {
      this.#incidents.add(String(details['class'] ?? 'unknown'))
      if (this.#openedAt.size < MOST_OPEN_INCIDENTS) this.#openedAt.set(id, at)
      return
    }
    const openedAt = this.#openedAt.get(id)
    if (openedAt === undefined || !/^incident:(?:contained|containment_failed)$/.test(action)) return
    this.#openedAt.delete(id)
    // one whose containment failed was not contained in time, however quickly it failed
    this.#slo.took('containment-time', action === 'incident:contained' ? at - openedAt : Infinity)
  }
}
