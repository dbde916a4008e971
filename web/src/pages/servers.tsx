import { useState, type ReactNode } from 'react'
import type { McpPinsAnswer, McpWaitingAnswer } from '../../../src/api/mcp-pins.ts'
import { call } from '../data/calls.ts'
import { again, useAnswer } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { Answered, Empty, Page, Section, Table } from '../parts/blocks.tsx'
import { Confirm, type Act } from '../parts/confirm.tsx'
import { Ago, State, StateWord, Told } from '../parts/text.tsx'

/** MCP servers: who calls them now, what they were approved with, and what they say of themselves since. */
export function Servers(): ReactNode {
  const [act, setAct] = useState<Act | undefined>()
  const pins = useAnswer('mcpPinList', {})
  return (
    <Page
      title="Servers"
      about="What MCP servers were approved with. What they changed since is refused until you trust it."
    >
      <Answered of={pins}>
        {({ servers }) =>
          servers.length === 0 ? (
            <Section title="Approved">
              <Empty command="warder mcp wrap --name some -- npx some-mcp-server">
                No MCP server is known. One is put behind Warder with:
              </Empty>
            </Section>
          ) : (
            servers.map((server) => <Server key={server.server} server={server} onAct={setAct} />)
          )
        }
      </Answered>
      <Sessions />
      <Confirm act={act} onClose={() => setAct(undefined)} />
    </Page>
  )
}

function Sessions(): ReactNode {
  const list = useAnswer('mcpList', {})
  return (
    <Section title="Sessions" note={list.data === undefined ? undefined : `firewall ${list.data.process}`}>
      <Answered of={list}>
        {({ sessions, problem }) => (
          <>
            {problem === undefined ? null : (
              <p>
                <State tone="bad">
                  <Told>{problem}</Told>
                </State>
              </p>
            )}
            {sessions.length === 0 ? (
              <Empty>No server is being called now.</Empty>
            ) : (
              <Table
                label="MCP sessions"
                rows={sessions}
                keyOf={({ session }) => session}
                columns={[
                  { name: 'Server', cell: ({ server }) => <Told>{server}</Told> },
                  { name: 'Caller', cell: ({ agent }) => <Told>{agent}</Told> },
                  { name: 'Tier', cell: ({ tier }) => <StateWord word={tier} /> },
                  { name: 'Since', cell: ({ since }) => <Ago at={since} /> },
                  { name: 'Calls', cell: ({ calls }) => calls },
                  { name: 'Refused', cell: ({ refused }) => refused },
                ]}
              />
            )}
          </>
        )}
      </Answered>
    </Section>
  )
}

function Server({
  server,
  onAct,
}: {
  readonly server: McpPinsAnswer
  readonly onAct: (act: Act) => void
}): ReactNode {
  const { waiting, pins } = server
  return (
    <Section
      title={server.server}
      note={`${countText(pins.length, 'definition')} approved${waiting.length === 0 ? '' : `, ${countText(waiting.length, 'change')} refused`}`}
      actions={
        <>
          {waiting.length === 0 ? null : (
            <button type="button" className="small" onClick={() => onAct(trustAct(server))}>
              Trust what it says now…
            </button>
          )}
          <button type="button" className="small" onClick={() => onAct(resetAct(server.server))}>
            Forget it…
          </button>
        </>
      }
    >
      {waiting.map((each) => (
        <Waiting key={`${each.kind} ${each.name}`} of={each} />
      ))}
      <Table
        label={`What ${server.server} was approved with`}
        rows={pins}
        keyOf={({ kind, name }) => `${kind} ${name}`}
        columns={[
          { name: 'Kind', cell: ({ kind }) => kind },
          { name: 'Name', wide: true, cell: ({ name }) => <Told>{name}</Told> },
          { name: 'Labels', cell: ({ labels }) => <Told>{labels.join(', ')}</Told> },
          {
            name: 'By',
            cell: ({ by, how }) => (
              <>
                <Told>{by}</Told> <span className="note">{how}</span>
              </>
            ),
          },
          { name: 'Since', cell: ({ at }) => <Ago at={at} /> },
          { name: 'Digest', cell: ({ digest }) => <code title={digest}>{digest.slice(0, 12)}</code> },
        ]}
      />
    </Section>
  )
}

/** What changed, field by field, before and after. */
function Waiting({
  of: { kind, name, grade, reason, changes },
}: {
  readonly of: McpWaitingAnswer
}): ReactNode {
  return (
    <article className="card wide-card">
      <p className="card-head">
        <strong>
          {kind} <Told>{name}</Told>
        </strong>{' '}
        <StateWord word={grade} /> <Told>{reason}</Told>
      </p>
      {changes.map(({ field, before, after, grade: weight, reason: why }) => (
        <div key={field} className="diff">
          <p>
            <code>
              <Told>{field === '' ? 'the whole definition' : field}</Told>
            </code>{' '}
            <StateWord word={weight} />{' '}
            <span className="note">
              <Told>{why}</Told>
            </span>
          </p>
          <p className="diff-before">
            <span className="note">before</span>{' '}
            {before === undefined ? (
              <em>nothing</em>
            ) : (
              <del>
                <Told>{before}</Told>
              </del>
            )}
          </p>
          <p className="diff-after">
            <span className="note">after</span>{' '}
            {after === undefined ? (
              <em>nothing</em>
            ) : (
              <ins>
                <Told>{after}</Told>
              </ins>
            )}
          </p>
        </div>
      ))}
    </article>
  )
}

function trustAct({ server, digest, waiting }: McpPinsAnswer): Act {
  return {
    title: `Trust what ${server} says now`,
    about: (
      <p>
        {countText(waiting.length, 'change')} as shown on this page, and no other,{' '}
        {waiting.length === 1 ? 'is' : 'are'} approved.
      </p>
    ),
    word: server,
    reason: true,
    button: 'Trust it',
    danger: true,
    run: async (reason) => {
      await call('mcpPinTrust', { server, digest, reason })
      again('mcpPinList')
    },
  }
}

function resetAct(server: string): Act {
  return {
    title: `Forget ${server}`,
    about: <p>It is new again: what it says of itself the next time is what it is approved with.</p>,
    word: server,
    reason: true,
    button: 'Forget it',
    danger: true,
    run: async (reason) => {
      await call('mcpPinReset', { server, reason })
      again('mcpPinList')
    },
  }
}
