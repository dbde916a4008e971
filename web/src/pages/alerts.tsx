import { useState, type ReactNode } from 'react'
import type { AlertAnswer } from '../../../src/api/alerts.ts'
import type { IncidentAnswer } from '../../../src/api/incidents.ts'
import { useAnswer } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { Answered, Empty, Page, Section, Table } from '../parts/blocks.tsx'
import { Choice, Sheet } from '../parts/confirm.tsx'
import { Incident } from '../parts/incident.tsx'
import { AgentLink, EntryLink } from '../parts/links.tsx'
import { Ago, State, StateWord, Told } from '../parts/text.tsx'

/** What went wrong, what was done about it, and what was merely noticed. */
export function Alerts(): ReactNode {
  return (
    <Page
      title="Incidents and alerts"
      about="What watchers noticed. What was worse than a notice became an incident, with everything that was done about it."
    >
      <Incidents />
      <Noticed />
      <Watchers />
    </Page>
  )
}

/** So many alerts are asked for. */
const RECENT = 200

const TONE = { low: 'quiet', medium: 'quiet', high: 'warn', critical: 'bad' } as const

function Incidents(): ReactNode {
  const list = useAnswer('incidentList', {}, { everyMs: 30_000 })
  const [id, setId] = useState<string | undefined>()
  const chosen = list.data?.incidents.find((each) => each.id === id)
  return (
    <Section title="Incidents" note={noteOf(list.data?.total, 'incident')}>
      <Answered of={list}>
        {({ incidents, problem }) => (
          <>
            {problem === undefined ? null : (
              <p>
                <State tone="bad">
                  <Told>{problem}</Told>
                </State>
              </p>
            )}
            {incidents.length === 0 ? (
              <Empty command="warder incident list --state resolved">
                No incident is open. Those that were resolved stay in the book:
              </Empty>
            ) : (
              <IncidentTable incidents={incidents} onOpen={setId} />
            )}
          </>
        )}
      </Answered>
      <Sheet open={chosen !== undefined} onClose={() => setId(undefined)} title={chosen?.id ?? ''} side>
        {chosen === undefined ? null : <Incident incident={chosen} />}
      </Sheet>
    </Section>
  )
}

/** How many there are; of none the page says so in words. */
function noteOf(count: number | undefined, one: string): string | undefined {
  if (count === undefined || count === 0) return undefined
  return count >= RECENT ? `the newest ${count}` : countText(count, one)
}

function IncidentTable(props: {
  readonly incidents: readonly IncidentAnswer[]
  readonly onOpen: (id: string) => void
}): ReactNode {
  return (
    <Table
      label="Incidents, the worst first"
      rows={props.incidents}
      keyOf={({ id }) => id}
      columns={[
        { name: 'Severity', cell: ({ severity }) => <State tone={TONE[severity]}>{severity}</State> },
        { name: 'State', cell: ({ state }) => <StateWord word={state.replaceAll('_', ' ')} /> },
        { name: 'What', wide: true, cell: ({ summary }) => <Told>{summary}</Told> },
        {
          name: 'Who',
          cell: ({ agent }) => (agent === undefined ? 'nobody known' : <AgentLink name={agent} />),
        },
        { name: 'Times', cell: ({ count }) => count },
        { name: 'Last', cell: ({ lastAt }) => <Ago at={lastAt} /> },
        {
          name: 'Act',
          cell: ({ id }) => (
            <button type="button" className="small" onClick={() => props.onOpen(id)}>
              Open<span className="heard-only"> {id}</span>
            </button>
          ),
        },
      ]}
    />
  )
}

const SEVERITIES = [
  ['low', 'all'],
  ['medium', 'medium or worse'],
  ['high', 'high or worse'],
  ['critical', 'critical alone'],
] as const

function Noticed(): ReactNode {
  const [severity, setSeverity] = useState<AlertAnswer['severity']>('low')
  const list = useAnswer('alertList', { severity, recent: RECENT }, { everyMs: 30_000 })
  return (
    <Section
      title="Alerts"
      note={noteOf(list.data?.alerts.length, 'alert')}
      actions={
        <Choice
          label="Show"
          value={severity}
          options={SEVERITIES}
          onChange={(value) => setSeverity(value as AlertAnswer['severity'])}
        />
      }
    >
      <Answered of={list}>
        {({ alerts, damaged }) => (
          <>
            {damaged === 0 ? null : (
              <p>
                <State tone="bad">{countText(damaged, 'line')} of the feed cannot be read</State>
              </p>
            )}
            {alerts.length === 0 ? (
              <Empty command="warder alerts follow">
                Nothing was noticed. A terminal shows alerts as they come:
              </Empty>
            ) : (
              <Table
                label="Alerts, newest first"
                rows={alerts.toReversed()}
                keyOf={({ id }, at) => `${id} ${at}`}
                columns={[
                  { name: 'Severity', cell: ({ severity: word }) => <State tone={TONE[word]}>{word}</State> },
                  { name: 'Last', cell: ({ last }) => <Ago at={last} /> },
                  { name: 'From', cell: ({ source }) => <Told>{source}</Told> },
                  {
                    name: 'Who',
                    cell: ({ principal }) =>
                      principal === '' ? 'nobody known' : <AgentLink name={principal} />,
                  },
                  { name: 'What', wide: true, cell: ({ message }) => <Told>{message}</Told> },
                  { name: 'Times', cell: ({ count }) => count },
                  { name: 'Rests on', cell: ({ evidence }) => <Entries evidence={evidence} /> },
                ]}
              />
            )}
          </>
        )}
      </Answered>
    </Section>
  )
}

const MOST_LINKS = 3

/** The entries of the record an alert rests on. */
function Entries({ evidence }: { readonly evidence: AlertAnswer['evidence'] }): ReactNode {
  const seqs = [...String(evidence['entries'] ?? '').matchAll(/\d+/g)].map(([seq]) => Number(seq))
  if (seqs.length === 0) return <span className="note">no entry</span>
  return seqs.slice(0, MOST_LINKS).map((seq) => (
    <span key={seq} className="block">
      <EntryLink seq={seq} />
    </span>
  ))
}

function Watchers(): ReactNode {
  const status = useAnswer('watchStatus', {})
  return (
    <Section
      title="Watchers"
      note={status.data === undefined ? undefined : countText(status.data.rules, 'rule')}
    >
      <Answered of={status}>
        {({ sources, behind, seq }) => (
          <>
            <p className="note lead">
              Read to entry {seq},{' '}
              {behind === 0 ? 'nothing behind' : `${countText(behind, 'entry', 'entries')} behind`}
            </p>
            <Table
              label="What is watched"
              rows={sources}
              keyOf={({ name }) => name}
              columns={[
                { name: 'Watcher', cell: ({ name }) => <Told>{name}</Told> },
                {
                  name: 'State',
                  cell: ({ inForce }) => (
                    <State tone={inForce ? 'good' : 'warn'}>{inForce ? 'in force' : 'not in force'}</State>
                  ),
                },
                { name: 'Why', wide: true, cell: ({ why = '' }) => <Told>{why}</Told> },
              ]}
            />
          </>
        )}
      </Answered>
    </Section>
  )
}
