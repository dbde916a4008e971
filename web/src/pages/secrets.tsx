import { useState, type ReactNode } from 'react'
import { call } from '../data/calls.ts'
import { again, useAnswer } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { Answered, Empty, Page, Section, Table } from '../parts/blocks.tsx'
import { Confirm, type Act } from '../parts/confirm.tsx'
import { Ago, State, StateWord, Told } from '../parts/text.tsx'

/** Secrets by name, age and terms. A value is never here: no call of this page could bring one. */
export function Secrets(): ReactNode {
  const list = useAnswer('secretList', {})
  const [act, setAct] = useState<Act | undefined>()
  return (
    <Page
      title="Secrets"
      about="Names, ages and terms. Values never leave the store for a page: agents hold stand-ins, and you a terminal."
    >
      <Answered of={list}>
        {({ secrets, locked, isProtected, problems }) => (
          <Section
            title="Store"
            note={countText(secrets.length, 'secret')}
            actions={
              isProtected && !locked ? (
                <button type="button" className="small" onClick={() => setAct(LOCK)}>
                  Lock the store…
                </button>
              ) : undefined
            }
          >
            <p className="lead">
              <State tone={locked ? 'bad' : 'good'}>{locked ? 'Locked: no secret goes out' : 'Open'}</State>,{' '}
              {isProtected ? 'with a passphrase' : 'without a passphrase of its own'}
            </p>
            {problems.map((problem) => (
              <p key={problem}>
                <State tone="bad">
                  <Told>{problem}</Told>
                </State>
              </p>
            ))}
            {secrets.length === 0 ? (
              <Empty command="warder secret set example-key --host api.example.com">
                No secret is kept. One is with:
              </Empty>
            ) : (
              <Table
                label="Secrets that are kept"
                rows={secrets}
                keyOf={({ name }) => name}
                columns={[
                  { name: 'Name', cell: ({ name }) => <Told>{name}</Told> },
                  { name: 'State', cell: ({ state }) => <StateWord word={state} /> },
                  { name: 'Value since', cell: ({ valueSince }) => <Ago at={valueSince} /> },
                  { name: 'Due', cell: ({ dueAt }) => <Ago at={dueAt} /> },
                  {
                    name: 'Goes to',
                    wide: true,
                    cell: ({ hosts }) => <Told>{hosts.length === 0 ? 'nowhere' : hosts.join(', ')}</Told>,
                  },
                  {
                    name: 'For',
                    cell: ({ principals }) => (
                      <Told>{principals.length === 0 ? 'nobody named' : principals.join(', ')}</Told>
                    ),
                  },
                  { name: 'Store', cell: ({ store }) => store },
                  { name: 'Version', cell: ({ version }) => version },
                ]}
              />
            )}
          </Section>
        )}
      </Answered>
      <Confirm act={act} onClose={() => setAct(undefined)} />
    </Page>
  )
}

const LOCK: Act = {
  title: 'Lock the store',
  about: <p>No secret goes out until its passphrase is given in a terminal: warder secret unlock</p>,
  word: 'lock',
  button: 'Lock it',
  danger: true,
  run: async () => {
    await call('secretLock', {})
    again('secretList')
  },
}
