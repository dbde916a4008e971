import {
  overdueSteps,
  type Incident,
  type IncidentBook,
  type StepState,
} from '../../contain/incident/index.ts'
import type { ContainOptions } from './options.ts'

export type DeadlineOptions = Pick<ContainOptions, 'raise' | 'ledger' | 'clock' | 'lost'> & {
  readonly book: Pick<IncidentBook, 'active'>
}

const LOOK_EVERY_MS = 30_000
const RULE = 'playbook.overdue'
/** As far back as is read for what was told already; a step more is told twice rather than never. */
const MOST_TOLD = 1000

/** Raises an alert for each step of a playbook that should have been done by now: once, also over restarts. */
export class Deadlines {
  readonly #options: DeadlineOptions
  #told: Set<string> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: DeadlineOptions) {
    this.#options = options
  }

  begin(): void {
    this.look()
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref()
  }

  /** Never throws. */
  look(): void {
    const { book, clock, lost } = this.#options
    try {
      const now = clock.now()
      for (const incident of book.active())
        for (const step of overdueSteps(incident, now)) this.#tell(incident, step, now)
    } catch (error) {
      lost(error)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #tell(
    { id, class: kind, agent, severity }: Incident,
    { id: step, title, dueAt = 0 }: StepState,
    now: number,
  ): void {
    const told = (this.#told ??= this.#toldBefore())
    const key = `${RULE}:${id}:${step}`
    if (told.has(key)) return
    told.add(key)
    this.#options.raise({
      ...{ rule: RULE, source: 'incidents', severity, at: now, key },
      summary: `${id} (${kind}): step ${step} (${title}) should have been done by ${new Date(dueAt).toISOString()}`,
      ...(agent === undefined ? {} : { agent }),
      evidence: { incident: id, step, due: new Date(dueAt).toISOString() },
    })
  }

  /** The record knows what was told by an earlier daemon. */
  #toldBefore(): Set<string> {
    const alerts = this.#options.ledger.query({
      ...{ action: 'alert:raise', eventType: 'system', agent: 'warder' },
      ...{ order: 'newest', limit: MOST_TOLD },
    })
    return new Set(
      alerts
        .filter(({ rule }) => rule === RULE)
        .map(({ details }) => `${RULE}:${String(details['incident'])}:${String(details['step'])}`),
    )
  }
}
