import { useState, type ReactNode } from 'react'
import type { MemberAnswer } from '../../../src/api/people.ts'
import { call } from '../data/calls.ts'
import { again, useAnswer } from '../data/queries.ts'
import { Answered, Empty, Page, Section, Table } from '../parts/blocks.tsx'
import { Passkeys } from '../parts/passkeys.tsx'
import { Confirm, type Act } from '../parts/confirm.tsx'
import { Ago, State, StateWord, Told } from '../parts/text.tsx'

/** Who beside the owner may come in, through what, and who is logged in. */
export function People(): ReactNode {
  const [act, setAct] = useState<Act | undefined>()
  const guests = useAnswer('guestList', {})
  const devices = useAnswer('deviceList', {})
  return (
    <Page
      title="Guests and devices"
      about="Who was let in, with what rights, until when. Whoever is revoked loses what runs as well."
    >
      <Sessions onAct={setAct} />
      <Passkeys onAct={setAct} />
      <Pairings onAct={setAct} />
      <Section title="Devices">
        <Answered of={devices}>
          {({ devices: all }) =>
            all.length === 0 ? (
              <Empty command="warder pair --at PATH --name my-phone">
                No device is paired. One asks with:
              </Empty>
            ) : (
              <Members
                label="Paired devices"
                members={all}
                onRevoke={(member) => setAct(revokeAct(member))}
              />
            )
          }
        </Answered>
      </Section>
      <Section title="Guests">
        <Answered of={guests}>
          {({ guests: all }) =>
            all.length === 0 ? (
              <Empty command="warder guest invite anna --scope agent:start:* --for 2h">
                No guest is here. One is invited with:
              </Empty>
            ) : (
              <Members label="Guests" members={all} onRevoke={(member) => setAct(revokeAct(member))} />
            )
          }
        </Answered>
      </Section>
      <Confirm act={act} onClose={() => setAct(undefined)} />
    </Page>
  )
}

interface ActProps {
  readonly onAct: (act: Act) => void
}

function Members(props: {
  readonly label: string
  readonly members: readonly MemberAnswer[]
  readonly onRevoke: (member: MemberAnswer) => void
}): ReactNode {
  return (
    <Table
      label={props.label}
      rows={props.members}
      keyOf={({ id }) => id}
      columns={[
        {
          name: 'Name',
          cell: ({ name, type }) => (
            <>
              <Told>{name}</Told>{' '}
              <span className="note">
                <Told>{type}</Told>
              </span>
            </>
          ),
        },
        { name: 'State', cell: ({ state }) => <StateWord word={state} /> },
        {
          name: 'May',
          wide: true,
          cell: ({ scope }) =>
            scope.map((each) => (
              <code key={each} className="block">
                <Told>{each}</Told>
              </code>
            )),
        },
        { name: 'Ends', cell: ({ expiresAt }) => <Ago at={expiresAt} /> },
        {
          name: 'Key',
          cell: ({ fingerprint = 'none yet' }) => <code title={fingerprint}>{fingerprint.slice(0, 16)}</code>,
        },
        {
          name: 'Act',
          cell: (member) =>
            member.state === 'revoked' ? null : (
              <button type="button" className="small" onClick={() => props.onRevoke(member)}>
                Revoke…<span className="heard-only"> {member.name}</span>
              </button>
            ),
        },
      ]}
    />
  )
}

function revokeAct({ id, name, what }: MemberAnswer): Act {
  return {
    title: `Revoke ${what} ${name}`,
    about: <p>Its rights end now, and so does what it runs.</p>,
    word: name,
    button: 'Revoke',
    danger: true,
    run: async () => {
      await call(what === 'guest' ? 'guestRevoke' : 'deviceRevoke', { id })
      again('guestList', 'deviceList')
    },
  }
}

function Sessions({ onAct }: ActProps): ReactNode {
  const list = useAnswer('sessionList', {})
  return (
    <Section title="Your sessions">
      <Answered of={list}>
        {({ sessions, passphrase }) => (
          <>
            {passphrase ? null : (
              <Empty command="warder owner passphrase set">
                No passphrase is set: whoever has your account is you, and no act can ask who sits here.
              </Empty>
            )}
            {sessions.length === 0 ? null : (
              <Table
                label="Sessions of the owner"
                rows={sessions}
                keyOf={({ id }) => id}
                columns={[
                  {
                    name: 'Session',
                    cell: ({ id, current }) => (
                      <>
                        <code>{id.slice(0, 13)}</code> {current ? <State tone="good">this one</State> : null}
                      </>
                    ),
                  },
                  { name: 'Began', cell: ({ startedAt }) => <Ago at={startedAt} /> },
                  { name: 'Seen', cell: ({ seenAt }) => <Ago at={seenAt} /> },
                  { name: 'Ends', cell: ({ endsAt }) => <Ago at={endsAt} /> },
                  {
                    name: 'Act',
                    cell: ({ id }) => (
                      <button type="button" className="small" onClick={() => onAct(endAct(id))}>
                        End…
                      </button>
                    ),
                  },
                ]}
              />
            )}
          </>
        )}
      </Answered>
    </Section>
  )
}

function endAct(id: string): Act {
  return {
    title: 'End a session',
    about: <p>Whoever uses it has to log in again.</p>,
    button: 'End it',
    danger: true,
    run: async () => {
      await call('sessionEnd', { id })
      again('sessionList')
    },
  }
}

function Pairings({ onAct }: ActProps): ReactNode {
  const list = useAnswer('pairingList', {})
  const waiting = (list.data?.pairings ?? []).filter(
    ({ state }) => state === 'requested' || state === 'approved',
  )
  if (waiting.length === 0) return null
  return (
    <Section title="Waits to be let in">
      <Table
        label="Who waits to be paired"
        rows={waiting}
        keyOf={({ id }) => id}
        columns={[
          {
            name: 'Name',
            cell: ({ name, what, type }) => (
              <>
                <Told>{name}</Told>{' '}
                <span className="note">
                  {what}, <Told>{type}</Told>
                </span>
              </>
            ),
          },
          { name: 'State', cell: ({ state }) => <StateWord word={state} /> },
          {
            name: 'Key',
            wide: true,
            cell: ({ fingerprint = '' }) => (
              <code>
                <Told>{fingerprint}</Told>
              </code>
            ),
          },
          { name: 'Ends', cell: ({ expiresAt }) => <Ago at={expiresAt} /> },
          { name: 'Let in with', cell: () => <code>warder pairing approve CODE</code> },
          {
            name: 'Act',
            cell: ({ id, name }) => (
              <button type="button" className="small" onClick={() => onAct(rejectAct(id, name))}>
                Refuse…
              </button>
            ),
          },
        ]}
      />
    </Section>
  )
}

function rejectAct(id: string, name: string): Act {
  return {
    title: `Refuse ${name}`,
    about: <p>It is not let in; it may ask again.</p>,
    button: 'Refuse',
    danger: true,
    run: async () => {
      await call('pairingReject', { code: id })
      again('pairingList')
    },
  }
}
