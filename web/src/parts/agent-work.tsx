import type { ReactNode } from 'react'
import { call } from '../data/calls.ts'
import { again, useAnswer } from '../data/queries.ts'
import { Answered, Empty, Section, Table } from './blocks.tsx'
import type { Act } from './confirm.tsx'
import { AgentLink } from './links.tsx'
import { Ago, State, Told } from './text.tsx'

interface ActProps {
  readonly onAct: (act: Act) => void
}

/** What agents changed aside, until somebody takes or drops it. */
export function Changes(): ReactNode {
  const list = useAnswer('changesList', {})
  return (
    <Section title="Changes that wait">
      <Answered of={list}>
        {({ sets }) =>
          sets.length === 0 ? (
            <Empty command="warder changes list">
              What agents change aside waits here for your word. Now nothing does.
            </Empty>
          ) : (
            <Table
              label="Change sets that wait"
              rows={sets}
              keyOf={({ id }) => id}
              columns={[
                { name: 'Agent', cell: ({ agent }) => <AgentLink name={agent} /> },
                { name: 'Workspace', wide: true, cell: ({ workspace }) => <Told>{workspace}</Told> },
                { name: 'Since', cell: ({ openedAt }) => <Ago at={openedAt} /> },
                { name: 'In use', cell: ({ inUse }) => (inUse ? 'a run writes to it' : 'no') },
                { name: 'Look', cell: ({ agent }) => <code>warder changes show {agent}</code> },
              ]}
            />
          )
        }
      </Answered>
    </Section>
  )
}

/** Coding agents that are guarded by a hook, and whether they proved that they are. */
export function Hooks({ onAct }: ActProps): ReactNode {
  const list = useAnswer('hookList', {})
  if (list.data?.sessions.length === 0) return null
  return (
    <Section title="Coding agents with a hook">
      <Answered of={list}>
        {({ sessions }) => (
          <Table
            label="Sessions of coding agents"
            rows={sessions}
            keyOf={({ id }) => id}
            columns={[
              { name: 'Harness', cell: ({ harness }) => <Told>{harness}</Told> },
              { name: 'Workspace', wide: true, cell: ({ workspace }) => <Told>{workspace}</Told> },
              {
                name: 'State',
                cell: ({ state }) => (
                  <State tone={state === 'proven' ? 'good' : state === 'locked' ? 'bad' : 'warn'}>
                    {state}
                  </State>
                ),
              },
              { name: 'Heard', cell: ({ heardAt }) => <Ago at={heardAt} /> },
              {
                name: 'Act',
                cell: ({ id, state }) =>
                  state === 'locked' ? (
                    <button type="button" className="small" onClick={() => onAct(releaseAct(id))}>
                      Release…
                    </button>
                  ) : null,
              },
            ]}
          />
        )}
      </Answered>
    </Section>
  )
}

function releaseAct(id: string): Act {
  return {
    title: 'Release a locked session',
    about: <p>It goes on, and has to prove itself again.</p>,
    reason: true,
    button: 'Release',
    run: async (reason) => {
      await call('hookRelease', { id, reason })
      again('hookList')
    },
  }
}
