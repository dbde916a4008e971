import type { ReactNode } from 'react'
import type { OutputOf } from '../../../src/api/endpoints.ts'
import { useAnswer } from '../data/queries.ts'
import { bytesText, secondsText } from '../data/words.ts'
import { Answered, Empty, Section, Table } from './blocks.tsx'
import { AgentLink } from './links.tsx'
import { State, StateWord, Told } from './text.tsx'

type Answer = OutputOf<'budgetList'>
type Used = Answer['budgets'][number]['used']

/** What agents used up, as far as it is counted: by a budget, or in the last minute by their rates. */
export function Spend(): ReactNode {
  const list = useAnswer('budgetList', {}, { everyMs: 30_000 })
  return (
    <Section title="Spend" note="of agents that have a budget">
      <Answered of={list}>
        {({ budgets, rates, problem }) => (
          <div className="stack">
            {problem === undefined ? null : (
              <p>
                <State tone="bad">
                  <Told>{problem}</Told>
                </State>
              </p>
            )}
            {budgets.length === 0 ? (
              <Empty command="warder budget set demo --money 500 --per day">
                No agent has a budget, so nothing is summed up. One is set with:
              </Empty>
            ) : (
              <Table
                label="What agents used up"
                rows={budgets}
                keyOf={({ agent, task }) => `${agent} ${task}`}
                columns={[
                  { name: 'Agent', cell: ({ agent }) => <AgentLink name={agent} /> },
                  { name: 'Task', cell: ({ task }) => (task === '' ? 'all it does' : <Told>{task}</Told>) },
                  { name: 'Since', cell: ({ per }) => (per === 'ever' ? 'it was set' : `this ${per}`) },
                  ...AMOUNTS.map(({ name, of }) => ({
                    name,
                    cell: ({ used, limits }: Answer['budgets'][number]) => ofLimit(of(used), of(limits)),
                  })),
                  { name: 'State', cell: ({ state }) => <StateWord word={state} /> },
                ]}
              />
            )}
            <Rates of={rates} />
          </div>
        )}
      </Answered>
    </Section>
  )
}

const AMOUNTS: readonly { readonly name: string; readonly of: (used: Used) => string | undefined }[] = [
  { name: 'Money', of: ({ money }) => (money === undefined ? undefined : (money / 100).toFixed(2)) },
  { name: 'Tokens', of: ({ tokens }) => tokens?.toLocaleString('en') },
  { name: 'Tool calls', of: ({ toolCalls }) => toolCalls?.toLocaleString('en') },
  { name: 'Steps', of: ({ steps }) => steps?.toLocaleString('en') },
  { name: 'Time', of: ({ seconds }) => (seconds === undefined ? undefined : secondsText(seconds * 1000)) },
  { name: 'Files', of: ({ files }) => files?.toLocaleString('en') },
  {
    name: 'Output',
    of: ({ outputBytes }) => (outputBytes === undefined ? undefined : bytesText(outputBytes)),
  },
]

function ofLimit(used: string | undefined, limit: string | undefined): ReactNode {
  if (limit !== undefined) return `${used ?? 0} of ${limit}`
  return used ?? <span className="note">not counted</span>
}

/** How often agents acted a moment ago; who is not here did nothing. */
function Rates({ of }: { readonly of: Answer['rates'] }): ReactNode {
  const busy = of.filter(({ used }) => Object.values(used).some((count) => count > 0))
  if (busy.length === 0) return null
  return (
    <Table
      label="How often agents acted just now"
      rows={busy}
      keyOf={({ agent, seconds }) => `${agent} ${seconds}`}
      columns={[
        { name: 'Agent', cell: ({ agent }) => (agent === '*' ? 'all together' : <AgentLink name={agent} />) },
        { name: 'In the last', cell: ({ seconds }) => secondsText(seconds * 1000) },
        {
          name: 'Acts, of what they may',
          wide: true,
          cell: ({ used, limits }) =>
            (Object.keys(used) as (keyof typeof used)[])
              .filter((kind) => (used[kind] ?? 0) > 0)
              .map((kind) => `${kind} ${used[kind]} of ${limits[kind] ?? 'any'}`)
              .join(', '),
        },
      ]}
    />
  )
}
