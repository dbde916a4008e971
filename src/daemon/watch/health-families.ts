import type { HealthAnswer } from '../../api/health.ts'
import { COMPONENT_STATES, OVERALL, type Family } from '../../watch/health/index.ts'

export interface Gauges {
  readonly version: string
  readonly runs: number
  readonly isStopped: boolean
  readonly ledger: {
    readonly seq: number
    readonly waiting: number
    readonly checkpointed: number
    readonly indexed: number
  }
  readonly startedAt: number
}

const gauge = (name: string, help: string, value: number): Family => ({
  ...{ name, help, type: 'gauge' },
  samples: [{ value }],
})

/** What is so now, beside what was counted. */
export function gauges({ overall, components, slo }: HealthAnswer, now: Gauges): Family[] {
  const { seq, waiting, checkpointed, indexed } = now.ledger
  return [
    {
      ...{ name: 'warder_info', help: 'The version that runs.', type: 'gauge' },
      samples: [{ labels: { version: now.version }, value: 1 }],
    },
    gauge('warder_start_time_seconds', 'When the daemon began.', now.startedAt / 1000),
    gauge('warder_health', 'All parts together: 0 ok, 1 degraded, 2 failed.', OVERALL.indexOf(overall)),
    {
      ...{ name: 'warder_component_state', type: 'gauge' },
      help: `Each part: ${COMPONENT_STATES.map((state, at) => `${at} ${state}`).join(', ')}.`,
      samples: components.map(({ name, state }) => ({
        labels: { component: name },
        value: COMPONENT_STATES.indexOf(state),
      })),
    },
    gauge('warder_stopped', 'Whether every agent is stopped.', now.isStopped ? 1 : 0),
    gauge('warder_runs', 'Runs that go on.', now.runs),
    gauge('warder_ledger_seq', 'Number of the newest entry.', seq),
    gauge('warder_ledger_waiting', 'Entries that are not on the disk yet.', waiting),
    gauge('warder_ledger_unsigned', 'Entries after the newest checkpoint.', seq - checkpointed),
    gauge('warder_ledger_unindexed', 'Entries that queries do not find yet.', seq - indexed),
    gauge('warder_process_resident_bytes', 'Memory of the daemon.', process.memoryUsage.rss()),
    {
      ...{ name: 'warder_slo_ratio', help: 'Good samples of seven days, by objective.', type: 'gauge' },
      samples: slo
        .filter(({ total }) => total > 0)
        .map(({ name, good, total }) => ({ labels: { slo: name }, value: good / total })),
    },
    {
      ...{ name: 'warder_slo_burned', type: 'gauge' },
      help: 'Of the failures that seven days may have, how much is used up; 1 is all.',
      samples: slo.map(({ name, burned }) => ({ labels: { slo: name }, value: burned })),
    },
  ]
}
