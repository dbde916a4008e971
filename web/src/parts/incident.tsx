import { useState, type ReactNode } from 'react'
import type { IncidentAnswer, ReceiptAnswer } from '../../../src/api/incidents.ts'
import { call } from '../data/calls.ts'
import { again } from '../data/queries.ts'
import { session } from '../data/session.ts'
import { absoluteText } from '../data/words.ts'
import { save } from '../data/save.ts'
import { Facts, Table } from './blocks.tsx'
import { Confirm, type Act } from './confirm.tsx'
import { AgentLink } from './links.tsx'
import { Ago, State, StateWord, Told, type Tone } from './text.tsx'

/** One incident: what is known, what was done and seen to be done, and what a person has to say. */
export function Incident({ incident }: { readonly incident: IncidentAnswer }): ReactNode {
  const [act, setAct] = useState<Act | undefined>()
  const { state, actions } = incident
  const isOver = state === 'resolved'
  return (
    <div className="entry">
      <p className="entry-what">
        <StateWord word={state.replaceAll('_', ' ')} /> <Told>{incident.summary}</Told>
      </p>
      <div className="buttons">
        {incident.acknowledged !== undefined || isOver ? null : (
          <button type="button" className="primary" onClick={() => setAct(ackAct(incident))}>
            Acknowledge…
          </button>
        )}
        {isOver ? null : (
          <button type="button" onClick={() => setAct(resolveAct(incident))}>
            Recover…
          </button>
        )}
        {actions.some((each) => each.state === 'failed') ? (
          <button type="button" onClick={() => setAct(retryAct(incident))}>
            Try again what failed…
          </button>
        ) : null}
        <button type="button" onClick={() => setAct(bundleAct(incident))}>
          Forensic bundle…
        </button>
      </div>
      <Facts
        rows={[
          ['Class', incident.class.replaceAll('_', ' ')],
          ['Agent', incident.agent === undefined ? 'nobody known' : <AgentLink name={incident.agent} />],
          ['Found by', <Told key="r">{`${incident.source}, rule ${incident.rule}`}</Told>],
          ['Opened', <Ago key="o" at={incident.openedAt} />],
          ['Reports', incident.count],
          ['Holds until', incident.latched ? 'its recovery alone' : 'it is resolved'],
          ...Object.entries(incident.evidence).map(
            ([name, value]) => [name, <Told key={name}>{String(value)}</Told>] as const,
          ),
        ]}
      />
      <section>
        <h3>Done about it</h3>
        <Receipts of={actions} />
      </section>
      <Steps of={incident.steps} />
      <section>
        <h3>How it went</h3>
        <ol className="timeline">
          {incident.timeline.map(({ at, what }, index) => (
            <li key={index}>
              <time dateTime={at}>{absoluteText(Date.parse(at))}</time> <Told>{what}</Told>
            </li>
          ))}
        </ol>
      </section>
      <Confirm act={act} onClose={() => setAct(undefined)} />
    </div>
  )
}

const TONES: Readonly<Record<ReceiptAnswer['state'], Tone>> = {
  done: 'good',
  nothing: 'quiet',
  waiting: 'warn',
  failed: 'bad',
}

function Receipts({ of }: { readonly of: readonly ReceiptAnswer[] }): ReactNode {
  if (of.length === 0) return <p className="note">Nothing: its class asks for no action.</p>
  return (
    <Table
      label="What was done, and what was seen of it"
      rows={of}
      keyOf={({ action, target }) => `${action} ${target}`}
      columns={[
        { name: 'Action', cell: ({ action }) => action.replaceAll('_', ' ') },
        { name: 'On', cell: ({ target }) => <Told>{target}</Told> },
        { name: 'State', cell: ({ state }) => <State tone={TONES[state]}>{state}</State> },
        { name: 'Seen', wide: true, cell: ({ evidence }) => <Told>{evidence}</Told> },
        { name: 'Took', cell: ({ ms }) => (ms === undefined ? '' : `${Math.round(ms)} ms`) },
      ]}
    />
  )
}

function Steps({ of }: { readonly of: IncidentAnswer['steps'] }): ReactNode {
  if (of.length === 0) return null
  return (
    <section>
      <h3>Playbook</h3>
      <ol className="timeline">
        {of.map(({ id, title, how, state }) => (
          <li key={id}>
            <StateWord word={state} />{' '}
            <strong>
              <Told>{title}</Told>
            </strong>{' '}
            <Told>{how}</Told>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Who sits here, as the session says; a name that is typed would vouch for nobody. */
function me(): string {
  const who = session.get()
  return typeof who === 'object' ? who.name : ''
}

function ackAct({ id }: IncidentAnswer): Act {
  return {
    title: `Acknowledge ${id}`,
    about: <p>Say what the cause was, as far as you know it. Nothing is given back by it.</p>,
    reason: true,
    button: 'Acknowledge',
    run: async (cause) => {
      await call('incidentAck', { id, by: me(), cause })
      again('incidentList')
    },
  }
}

function resolveAct({ id, needsEvidence }: IncidentAnswer): Act {
  return {
    title: `Recover from ${id}`,
    about: (
      <p>
        It ends, and what it held is given back.
        {needsEvidence ? ' Warder has to have been seen whole since; if it was not, this is refused.' : ''}
      </p>
    ),
    word: id,
    reason: true,
    button: 'Recover',
    danger: true,
    run: async (reason) => {
      await call('incidentResolve', { id, by: me(), reason })
      again('incidentList', 'daemon')
    },
  }
}

function retryAct({ id }: IncidentAnswer): Act {
  return {
    title: `Try again for ${id}`,
    about: <p>What is not confirmed is done once more.</p>,
    button: 'Try again',
    run: async () => {
      await call('incidentRetry', { id })
      again('incidentList')
    },
  }
}

function bundleAct({ id }: IncidentAnswer): Act {
  return {
    title: `Forensic bundle of ${id}`,
    about: (
      <p>
        The incident, its stretch of the record and the state of the house, signed. It is checked offline with{' '}
        <code>warder incident verify FILE</code>
      </p>
    ),
    button: 'Make and download',
    run: async () => {
      const { bundle } = await call('incidentExport', { ids: [id] })
      save(new Blob([bundle], { type: 'application/json' }), `${id}.json`)
    },
  }
}
