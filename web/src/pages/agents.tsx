import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { OutputOf } from '../../../src/api/endpoints.ts'
import { call } from '../data/calls.ts'
import { again, useAnswer } from '../data/queries.ts'
import { Answered, Empty, Page, Section, Table } from '../parts/blocks.tsx'
import { Confirm, type Act } from '../parts/confirm.tsx'
import { Changes, Hooks } from '../parts/agent-work.tsx'
import { AgentLink } from '../parts/links.tsx'
import { openStop } from '../parts/stop.tsx'
import { Ago, State, StateWord, Told } from '../parts/text.tsx'

/** Who acts here, how far each is trusted, what it may use up, and what it was given for a time. */
export function Agents(): ReactNode {
  const [act, setAct] = useState<Act | undefined>()
  return (
    <Page title="Agents" about="Everybody who acts under a name, what they hold, and what can be taken back.">
      <Known onAct={setAct} />
      <Grants onAct={setAct} />
      <Budgets />
      <Changes />
      <Hooks onAct={setAct} />
      <Confirm act={act} onClose={() => setAct(undefined)} />
    </Page>
  )
}

interface ActProps {
  readonly onAct: (act: Act) => void
}

function Known({ onAct }: ActProps): ReactNode {
  const trust = useAnswer('trustList', {})
  const { data: runs } = useAnswer('runs', {})
  const { data: taint } = useAnswer('taintShow', {})
  const { data: autonomy } = useAnswer('autonomyShow', {})
  const names = new Set([
    ...(trust.data?.agents ?? []).map(({ agent }) => agent),
    ...(runs?.runs ?? []).map(({ agent }) => agent),
    ...(taint?.agents ?? []).map(({ agent }) => agent),
  ])
  const seen = (agent: string) => (taint?.agents ?? []).filter((each) => each.agent === agent)
  return (
    <Section title="Known" note={autonomy === undefined ? undefined : `autonomy: ${autonomy.level}`}>
      <Answered of={trust}>
        {({ agents }) =>
          names.size === 0 ? (
            <Empty command="warder run --agent demo -- your-agent">
              No agent is known yet. One is, once it runs:
            </Empty>
          ) : (
            <Table
              label="Agents that are known"
              rows={[...names].toSorted()}
              keyOf={(name) => name}
              columns={[
                { name: 'Agent', cell: (name) => <AgentLink name={name} /> },
                {
                  name: 'Runs now',
                  cell: (name) => (runs?.runs ?? []).filter(({ agent }) => agent === name).length,
                },
                {
                  name: 'Stage',
                  cell: (name) => agents.find(({ agent }) => agent === name)?.stage ?? 'none yet',
                },
                {
                  name: 'Was shown',
                  wide: true,
                  cell: (name) => <Seen labels={seen(name)} onClear={() => onAct(clearAct(name))} />,
                },
                {
                  name: 'Rules',
                  cell: (name) => (
                    <Link to="/policy" search={{ agent: name }}>
                      its rules
                    </Link>
                  ),
                },
                {
                  name: 'Act',
                  cell: (name) => (
                    <button type="button" className="small" onClick={() => openStop(name)}>
                      Stop<span className="heard-only"> {name}</span>
                    </button>
                  ),
                },
              ]}
            />
          )
        }
      </Answered>
    </Section>
  )
}

function Seen(props: {
  readonly labels: OutputOf<'taintShow'>['agents']
  readonly onClear: () => void
}): ReactNode {
  if (props.labels.length === 0) return <span className="note">nothing from outside</span>
  return (
    <>
      {props.labels.map(({ label, origin, since }) => (
        <span key={`${label} ${origin}`} className="block">
          <State tone="warn">
            <Told>{label}</Told>
          </State>{' '}
          <Told>{origin}</Told> <Ago at={since} />
        </span>
      ))}
      <button type="button" className="small" onClick={props.onClear}>
        It is harmless…
      </button>
    </>
  )
}

function clearAct(agent: string): Act {
  return {
    title: `What ${agent} was shown is harmless`,
    about: <p>Its marks are taken off; what it wrote keeps its own.</p>,
    word: agent,
    reason: true,
    button: 'Take the marks off',
    run: async (reason) => {
      await call('taintClear', { agent, reason })
      again('taintShow')
    },
  }
}

function Grants({ onAct }: ActProps): ReactNode {
  const list = useAnswer('grantList', {})
  return (
    <Section title="Grants">
      <Answered of={list}>
        {({ grants }) =>
          grants.length === 0 ? (
            <Empty command="warder grant add demo fs:read:/srv/data/** --for 10m --reason 'to read the data'">
              Nothing is granted beyond the policy. For a time, something is with:
            </Empty>
          ) : (
            <Table
              label="Capabilities granted for a time"
              rows={grants}
              keyOf={({ id }) => id}
              columns={[
                { name: 'Who', cell: ({ principal }) => <Told>{principal}</Told> },
                {
                  name: 'May',
                  wide: true,
                  cell: ({ capability }) => (
                    <code>
                      <Told>{capability}</Told>
                    </code>
                  ),
                },
                { name: 'State', cell: ({ state }) => <StateWord word={state} /> },
                { name: 'Ends', cell: ({ expiresAt }) => <Ago at={expiresAt} /> },
                { name: 'From', cell: ({ grantor }) => <Told>{grantor}</Told> },
                { name: 'Why', wide: true, cell: ({ reason }) => <Told>{reason}</Told> },
                {
                  name: 'Act',
                  cell: ({ id, capability, principal }) => (
                    <button
                      type="button"
                      className="small"
                      onClick={() => onAct(revokeAct(id, principal, capability))}
                    >
                      Revoke…<span className="heard-only"> {capability}</span>
                    </button>
                  ),
                },
              ]}
            />
          )
        }
      </Answered>
    </Section>
  )
}

function revokeAct(id: string, principal: string, capability: string): Act {
  return {
    title: 'Revoke a grant',
    about: (
      <p>
        <Told>{principal}</Told> may no longer{' '}
        <code>
          <Told>{capability}</Told>
        </code>
        , from now on.
      </p>
    ),
    reason: true,
    button: 'Revoke',
    danger: true,
    run: async (reason) => {
      await call('grantRevoke', { id, reason })
      again('grantList')
    },
  }
}

function Budgets(): ReactNode {
  const list = useAnswer('budgetList', {})
  return (
    <Section title="Budgets">
      <Answered of={list}>
        {({ budgets, problem }) => (
          <>
            {problem === undefined ? null : (
              <p>
                <State tone="bad">
                  <Told>{problem}</Told>
                </State>
              </p>
            )}
            {budgets.length === 0 ? (
              <Empty command="warder budget set demo --tool-calls 200 --per day">
                No agent has one. One is set with:
              </Empty>
            ) : (
              <Table
                label="What agents may use up"
                rows={budgets}
                keyOf={({ agent, task }) => `${agent} ${task}`}
                columns={[
                  { name: 'Agent', cell: ({ agent }) => <AgentLink name={agent} /> },
                  { name: 'Task', cell: ({ task }) => (task === '' ? 'all it does' : <Told>{task}</Told>) },
                  { name: 'State', cell: ({ state }) => <StateWord word={state} /> },
                  { name: 'Used', wide: true, cell: (budget) => <Used budget={budget} /> },
                  { name: 'Per', cell: ({ per }) => per },
                ]}
              />
            )}
          </>
        )}
      </Answered>
    </Section>
  )
}

function Used({
  budget: { limits, used },
}: {
  readonly budget: OutputOf<'budgetList'>['budgets'][number]
}): ReactNode {
  return Object.entries(limits).map(([name, limit = 0]) => {
    const share = used[name as keyof typeof used] ?? 0
    return (
      <span key={name} className="block">
        <label>
          {name} {share.toLocaleString('en')} of {limit.toLocaleString('en')}{' '}
          <meter min={0} max={Math.max(limit, 1)} high={limit * 0.8} value={share} />
        </label>
      </span>
    )
  })
}
