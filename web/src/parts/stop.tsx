import { useState, type FormEvent, type ReactNode } from 'react'
import type { OutputOf } from '../../../src/api/endpoints.ts'
import { call } from '../data/calls.ts'
import { again, useAnswer } from '../data/queries.ts'
import { announce } from './announce.tsx'
import { Table, Wrong } from './blocks.tsx'
import { Choice, Confirm, Sheet, TextField, TypedWord, type Act } from './confirm.tsx'
import { Ago, State, Told } from './text.tsx'
import { store } from '../data/store.ts'
import { countText } from '../data/words.ts'

const EVERYTHING = '*'
/** How the daemon names a stop of everything. */
const ALL = 'all agents'

/** Whether the stop dialog stands open, and for whom. */
export const stopping = store<string | undefined>(undefined)

export function openStop(agent: string = EVERYTHING): void {
  stopping.set(agent)
}

/** In sight on every page, one key away. */
export function StopButton(): ReactNode {
  return (
    <button type="button" className="stop" onClick={() => openStop()} aria-keyshortcuts="Shift+S">
      <span aria-hidden="true">■</span> Stop
    </button>
  )
}

export function StopDialog(): ReactNode {
  const agent = stopping.use()
  const close = (): void => stopping.set(undefined)
  return (
    <Sheet open={agent !== undefined} onClose={close} title="Stop agents">
      {agent === undefined ? null : <StopForm first={agent} onClose={close} />}
    </Sheet>
  )
}

type Stopped = OutputOf<'stop'>

function StopForm({ first, onClose }: { readonly first: string; readonly onClose: () => void }): ReactNode {
  const [scope, setScope] = useState(first)
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const [state, setState] = useState<{ busy: boolean; error?: unknown; done?: Stopped }>({ busy: false })
  const word = scope === EVERYTHING ? 'stop' : scope
  const ready = typed.trim() === word && reason.trim() !== ''
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!ready || state.busy) return
    setState({ busy: true })
    try {
      const agent = scope === EVERYTHING ? {} : { agent: scope }
      const done = await call('stop', { ...agent, reason: reason.trim() })
      announce(`stopped: ${countText(done.halted.length, 'run')} ended`)
      setState({ busy: false, done })
    } catch (error) {
      setState({ busy: false, error })
    }
    again('daemon', 'runs', 'approvalList')
  }
  if (state.done !== undefined) return <Receipts done={state.done} onClose={onClose} />
  return (
    <form className="question" onSubmit={(event) => void submit(event)}>
      <p>
        What runs is frozen and then ended, permits that are out are cancelled, and nothing new starts until
        somebody resumes.
      </p>
      <Scope value={scope} onChange={setScope} />
      <TextField
        label="Why, for the record and for those stopped"
        value={reason}
        onChange={setReason}
        max={500}
      />
      <TypedWord word={word} value={typed} onChange={setTyped} />
      {state.error === undefined ? null : <Wrong error={state.error} />}
      <div className="buttons">
        <button type="submit" className="danger" disabled={!ready || state.busy}>
          {state.busy ? 'Stopping…' : scope === EVERYTHING ? 'Stop all agents' : 'Stop this agent'}
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  )
}

function Scope({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (value: string) => void
}): ReactNode {
  const { data } = useAnswer('runs', {})
  const agents = new Set([...(data?.runs ?? []).map(({ agent }) => agent), value])
  agents.delete(EVERYTHING)
  const options = [[EVERYTHING, 'all agents'] as const, ...[...agents].map((name) => [name, name] as const)]
  return <Choice label="Whom" value={value} options={options} onChange={onChange} />
}

function Receipts({ done, onClose }: { readonly done: Stopped; readonly onClose: () => void }): ReactNode {
  return (
    <div className="question">
      <p>
        <State tone="bad">Stopped.</State> {countText(done.halted.length, 'run')} ended,{' '}
        {countText(done.cancelledPermits, 'permit')} cancelled
        {done.entry === undefined ? '' : `, entry ${done.entry}`}.
      </p>
      {done.halted.length === 0 ? null : (
        <Table
          label="What was ended"
          rows={done.halted}
          keyOf={({ runId }) => runId}
          columns={[
            { name: 'Agent', cell: ({ agent }) => <Told>{agent}</Told> },
            { name: 'Processes before', cell: ({ processesBefore }) => processesBefore },
            { name: 'After', cell: ({ processesAfter }) => processesAfter },
            { name: 'Took', cell: ({ ms }) => `${Math.round(ms)} ms` },
            {
              name: 'Trouble',
              wide: true,
              cell: ({ error }) => (error === undefined ? 'none' : <Told>{error}</Told>),
            },
          ]}
        />
      )}
      <div className="buttons">
        <button type="button" className="primary" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  )
}

/** On every page while anything is stopped: who, when, why, and the way back. */
/** More stops than this would push the page out of sight; the rest are one click away. */
const SHOWN_STOPS = 3

export function StopBanner(): ReactNode {
  const { data } = useAnswer('daemon', {}, { everyMs: 30_000 })
  const [act, setAct] = useState<Act | undefined>()
  const stops = data?.stops ?? []
  if (stops.length === 0) return null
  const rest = stops.slice(SHOWN_STOPS)
  const row = (stop: Stop): ReactNode => (
    <StopRow key={stop.agent} stop={stop} onResume={() => setAct(resumeAct(stop))} />
  )
  return (
    <section className="stopped" aria-label="What is stopped">
      {stops.slice(0, SHOWN_STOPS).map(row)}
      {rest.length === 0 ? null : (
        <details>
          <summary>{countText(rest.length, 'more agent is', 'more agents are')} stopped</summary>
          {rest.map(row)}
        </details>
      )}
      <Confirm act={act} onClose={() => setAct(undefined)} />
    </section>
  )
}

type Stop = OutputOf<'daemon'>['stops'][number]

function StopRow({ stop, onResume }: { readonly stop: Stop; readonly onResume: () => void }): ReactNode {
  const { agent, since, by, reason } = stop
  return (
    <div className="stopped-row">
      <p>
        <State tone="bad">{agent === ALL ? 'Everything is stopped' : 'Stopped'}</State>{' '}
        {agent === ALL ? null : (
          <strong>
            <Told>{agent}</Told>
          </strong>
        )}{' '}
        {since === '' ? null : <Ago at={since} />} by <Told>{by}</Told>: <Told>{reason}</Told>
      </p>
      <button type="button" onClick={onResume}>
        Resume<span className="heard-only"> {agent === ALL ? 'everything' : agent}</span>
      </button>
    </div>
  )
}

function resumeAct({ agent, since }: Stop): Act {
  const isAll = agent === ALL
  return {
    title: isAll ? 'Resume everything' : `Resume ${agent}`,
    about: (
      <p>The stop is lifted. What was ended stays ended; new runs may start again as the policy says.</p>
    ),
    word: isAll ? 'resume' : agent,
    reason: true,
    button: 'Resume',
    run: async (reason) => {
      // a stop that came after this page looked stays
      await call('resume', { ...(isAll ? {} : { agent }), reason, ...(since === '' ? {} : { since }) })
      announce('resumed')
      again('daemon', 'runs')
    },
  }
}
