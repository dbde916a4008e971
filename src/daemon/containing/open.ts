import type { Finding } from '../../core/incident.ts'
import type { Handlers } from '../http/app.ts'
import { incidentHandlers } from '../http/incidents.ts'
import type { WatchOptions } from '../watch/wire.ts'
import { Incidents } from './incidents.ts'
import type { ContainOptions } from './options.ts'

export interface Containing {
  /** @returns the incident's id, once the report is on the disk; undefined for a finding without a class */
  readonly report: (finding: Finding) => Promise<string | undefined>
  readonly incidents: Incidents
  readonly handlers: ReturnType<typeof incidentHandlers>
  readonly inStatus: <H extends Pick<Handlers, 'status'>>(handlers: H) => H
  begin(): void
  close(): Promise<void>
}

/** What is done about findings that are incidents, and about agents that somebody wants contained. */
export function openContaining(
  options: WatchOptions & Pick<ContainOptions, 'integrityEvidence' | 'send' | 'raise'>,
): Containing {
  const { approving } = options
  const allowances = {
    list: () => approving.allowances.list().map(({ id, agent }) => ({ id, agent })),
    revoke: (id: string, by: string) => approving.revoke(id, by),
  }
  const whole = { ...options, allowances, questions: approving.desk }
  const incidents = new Incidents(whole)
  return {
    report: incidents.report,
    incidents,
    handlers: incidentHandlers({ ...whole, incidents }),
    inStatus: (handlers) => withProblems(handlers, () => incidents.problems()),
    begin: () => incidents.begin(),
    close: () => incidents.close(),
  }
}

function withProblems<H extends Pick<Handlers, 'status'>>(handlers: H, problems: () => string[]): H {
  const status: Handlers['status'] = async (input, caller) => {
    const answer = await handlers.status(input, caller)
    return { ...answer, degraded: [...answer.degraded, ...problems()] }
  }
  return { ...handlers, status }
}
