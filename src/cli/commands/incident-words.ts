import type { IncidentAnswer, ReceiptAnswer } from '../../api/incidents.ts'
import type { Context } from '../command.ts'
import { printable } from '../printable.ts'
import { table, type Column } from '../table.ts'

/** `12 ms`, `3.4 s`. */
export function timeWords(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export const RECEIPT_COLUMNS: readonly Column<ReceiptAnswer>[] = [
  { title: 'ACTION', value: ({ action }) => action },
  { title: 'ON', value: ({ target }) => target, shrinks: true },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'TOOK', value: ({ ms }) => (ms === undefined ? '-' : timeWords(ms)), right: true },
  { title: 'TRIES', value: ({ attempts }) => String(attempts), right: true },
  { title: 'SEEN', value: ({ evidence }) => evidence || '-' },
]

export function receiptTable(actions: readonly ReceiptAnswer[], { out }: Context): string {
  return table(actions, RECEIPT_COLUMNS, out.width)
}

/** One incident for people: what it is, what was done, which steps are left, and how it went. */
export function incidentWords(incident: IncidentAnswer, context: Context): string {
  const { id, severity, state, summary, agent, count, acknowledged, resolved, latched, needsEvidence } =
    incident
  const said = (what: string, told: typeof resolved) =>
    told === undefined ? [] : [`${what} ${told.at} by ${printable(told.by)}: ${printable(told.why)}`]
  return [
    `${id}  ${severity}  ${state}  ${incident.class}`,
    printable(summary),
    `from ${printable(incident.source)} (${printable(incident.rule)})${agent === undefined ? '' : `, agent ${printable(agent)}`}, ${count} ${count === 1 ? 'report' : 'reports'} since ${incident.openedAt}`,
    ...(latched ? ['latched: only warder recover ends what it holds'] : []),
    ...(needsEvidence ? ['Warder itself must be seen whole before it can be resolved'] : []),
    ...overdueWords(incident),
    ...said('acknowledged', acknowledged),
    ...said('resolved', resolved),
    ...Object.entries(incident.evidence).map(
      ([name, value]) => `  ${printable(name)}: ${printable(String(value))}`,
    ),
    ...(incident.actions.length === 0 ? [] : ['', receiptTable(incident.actions, context)]),
    ...(incident.steps.length === 0 ? [] : ['', stepTable(incident, context)]),
    '',
    ...incident.timeline.map(({ at, what }) => `${at}  ${printable(what)}`),
  ].join('\n')
}

/** Said above everything that is done: what is late is what whoever looks should see first. */
function overdueWords({ id, steps }: IncidentAnswer): string[] {
  const late = steps.filter(({ overdue }) => overdue).map(({ id: step }) => step)
  if (late.length === 0) return []
  return [
    `overdue: ${late.join(', ')}; when done: warder incident step ${id} ${late[0]} --note "what was done"`,
  ]
}

export function stepTable({ steps }: IncidentAnswer, { out }: Context): string {
  return table(
    steps,
    [
      { title: 'STEP', value: ({ id }) => id },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'BY', value: ({ automatic, by }) => by ?? (automatic ? 'Warder' : 'a person') },
      {
        title: 'DUE',
        value: ({ dueAt, state, overdue }) =>
          dueAt === undefined || state !== 'open' ? '-' : overdue ? `OVERDUE since ${dueAt}` : dueAt,
      },
      { title: 'WHAT', value: ({ title }) => title },
      { title: 'HOW', value: ({ how, note }) => note ?? how, shrinks: true },
    ],
    out.width,
  )
}
