import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { OutputOf } from '../../../src/api/endpoints.ts'
import { useAnswer } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { AgentLink, isOpen } from '../parts/links.tsx'
import { Empty, Page, Section, Table, Answered } from '../parts/blocks.tsx'
import { openStop } from '../parts/stop.tsx'
import { Stream } from '../parts/stream.tsx'
import { Ago, State, StateWord, Told } from '../parts/text.tsx'
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
          cell: ({ command, workspace }) => (
            <>
              <code className="argv-line">
                <Told>{command}</Told>
              </code>
              <span className="note block">
                in <Told>{workspace}</Told>
              </span>
            </>
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
