import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { EntryAnswer, OutputOf } from '../../../src/api/endpoints.ts'
import { coalesced, recent } from '../data/live.ts'
import { useAnswer } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { AgentLink, isOpen } from '../parts/links.tsx'
import { Empty, Page, Section, Table, Answered } from '../parts/blocks.tsx'
import { openStop } from '../parts/stop.tsx'
import { Ago, Clock, State, StateWord, Told } from '../parts/text.tsx'
import { QuestionCard } from '../parts/question-card.tsx'

type Run = OutputOf<'runs'>['runs'][number]

/** What goes on: who runs, what waits for a person, what was decided a moment ago. */
export function Now(): ReactNode {
  const runs = useAnswer('runs', {}, { everyMs: 20_000 })
  const questions = useAnswer('approvalList', {})
  const waiting = (questions.data?.questions ?? []).filter(isOpen)
  return (
    <Page title="Now" about={<Posture running={runs.data?.runs.length ?? 0} waiting={waiting.length} />}>
      {waiting.length === 0 ? null : (
        <Section title="Waits for you" note={countText(waiting.length, 'question')}>
          <div className="cards">
            {waiting.map((question) => (
              <QuestionCard key={question.id} question={question} />
            ))}
          </div>
        </Section>
      )}
      <Section title="Running" note={countText(runs.data?.runs.length ?? 0, 'run')}>
        <Answered of={runs}>{(answer) => <Running runs={answer.runs} />}</Answered>
      </Section>
      <Stream />
    </Page>
  )
}

function Posture({ running, waiting }: { readonly running: number; readonly waiting: number }): ReactNode {
  const { data: daemon } = useAnswer('daemon', {})
  const { data: health } = useAnswer('health', {}, { everyMs: 60_000 })
  if (daemon === undefined) return 'Asking the daemon…'
  const notWell = (health?.components ?? []).filter(({ state }) => state !== 'ok' && state !== 'off')
  return (
    <>
      {daemon.stops.length > 0 ? (
        <State tone="bad">{daemon.mode === 'manual' ? 'Stopped' : 'Partly stopped'}</State>
      ) : (
        <State tone="good">Guarding</State>
      )}{' '}
      {countText(running, 'run')},{' '}
      {waiting === 0 ? 'nothing waits for you' : `${countText(waiting, 'question')} for you`}.{' '}
      {notWell.length === 0 ? null : (
        <Link to="/health">
          <State tone={notWell.some(({ state }) => state === 'failed') ? 'bad' : 'warn'}>
            {countText(notWell.length, 'part')} not well
          </State>
        </Link>
      )}
    </>
  )
}

function Running({ runs }: { readonly runs: readonly Run[] }): ReactNode {
  const { data: taint } = useAnswer('taintShow', {})
  const { data: budgets } = useAnswer('budgetList', {})
  if (runs.length === 0)
    return <Empty command="warder run -- your-agent">No agent runs now. One starts with:</Empty>
  const labelsOf = (agent: string): string[] =>
    (taint?.agents ?? []).filter((each) => each.agent === agent).map(({ label }) => label)
  const budgetOf = (agent: string): string | undefined =>
    budgets?.budgets.find((each) => each.agent === agent)?.state
  return (
    <Table
      label="Agents that run now"
      rows={runs}
      keyOf={({ run }) => run}
      columns={[
        { name: 'Agent', cell: ({ agent }) => <AgentLink name={agent} /> },
        {
          name: 'Runs',
          wide: true,
          cell: ({ command }) => (
            <code className="argv-line">
              <Told>{command}</Told>
            </code>
          ),
        },
        { name: 'Since', cell: ({ startedAt }) => <Ago at={startedAt} /> },
        { name: 'Sandbox', cell: ({ profile }) => <Told>{profile}</Told> },
        { name: 'Processes', cell: ({ processes }) => processes },
        { name: 'Budget', cell: ({ agent }) => <StateWord word={budgetOf(agent) ?? 'none set'} /> },
        { name: 'Taint', cell: ({ agent }) => <Taint labels={labelsOf(agent)} /> },
        {
          name: 'Act',
          cell: ({ agent }) => (
            <button type="button" className="small" onClick={() => openStop(agent)}>
              Stop<span className="heard-only"> {agent}</span>
            </button>
          ),
        },
      ]}
    />
  )
}

function Taint({ labels }: { readonly labels: readonly string[] }): ReactNode {
  if (labels.length === 0) return <span className="note">clean</span>
  return (
    <State tone="warn">
      <Told>{[...new Set(labels)].join(', ')}</Told>
    </State>
  )
}

const SHOWN = 60
/** Many, because what is mere looking at the record is left out of them. */
const ASKED_FOR = 300

/** The record as it is written. It can be held still to be read; what comes meanwhile is counted. */
function Stream(): ReactNode {
  const live = recent.use()
  const skipped = coalesced.use()
  const first = useAnswer('auditList', { limit: ASKED_FOR })
  const [held, setHeld] = useState<readonly EntryAnswer[] | undefined>()
  const [all, setAll] = useState(false)
  const newest = mergeOnce(live, first.data?.entries ?? [])
  const shown = (held ?? newest).filter((entry) => all || !isReading(entry)).slice(0, SHOWN)
  const missed = held === undefined ? 0 : newest.filter(({ seq }) => seq > (held[0]?.seq ?? 0)).length
  return (
    <Section
      title="As it happens"
      note={
        skipped === 0
          ? undefined
          : `${countText(skipped, 'more entry', 'more entries')} too fast to show, all in the record`
      }
      actions={
        <>
          <label className="check">
            <input type="checkbox" checked={all} onChange={({ target }) => setAll(target.checked)} /> looking
            at the record too
          </label>
          <button
            type="button"
            className="small"
            onClick={() => setHeld(held === undefined ? newest : undefined)}
          >
            {held === undefined ? 'Hold still' : `Go on${missed === 0 ? '' : ` (${missed} new)`}`}
          </button>
        </>
      }
    >
      {shown.length > 0 ? (
        <EntryTable entries={shown} />
      ) : (
        <Answered of={first}>{() => <Empty>Nothing was decided lately.</Empty>}</Answered>
      )}
    </Section>
  )
}

function mergeOnce(live: readonly EntryAnswer[], first: readonly EntryAnswer[]): readonly EntryAnswer[] {
  const known = new Map([...first, ...live].map((entry) => [entry.seq, entry]))
  return [...known.values()].toSorted((a, b) => b.seq - a.seq)
}

/** Whoever looks at the record writes to it; that is of no interest to whoever looks. */
function isReading({ action }: EntryAnswer): boolean {
  return action === 'audit:read'
}

function EntryTable({ entries }: { readonly entries: readonly EntryAnswer[] }): ReactNode {
  return (
    <Table
      label="The newest entries of the record"
      rows={entries}
      keyOf={({ seq }) => String(seq)}
      columns={[
        { name: 'Time', cell: ({ timestamp }) => <Clock at={timestamp} /> },
        {
          name: 'What',
          cell: ({ decision, result }) => <StateWord word={decision === '' ? result : decision} />,
        },
        { name: 'Who', cell: ({ agent }) => <AgentLink name={agent} /> },
        { name: 'Action', cell: ({ action }) => <Told>{action}</Told> },
        {
          name: 'On',
          wide: true,
          cell: ({ target }) => (
            <code className="argv-line">
              <Told>{target}</Told>
            </code>
          ),
        },
        {
          name: 'Entry',
          cell: ({ seq }) => (
            <Link to="/record" search={{ entry: seq }}>
              {seq}
            </Link>
          ),
        },
      ]}
    />
  )
}
