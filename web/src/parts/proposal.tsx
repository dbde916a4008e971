import { useId, useState, type ReactNode } from 'react'
import { call } from '../data/calls.ts'
import { sha256 } from '../data/digest.ts'
import { replay, type Replay } from '../data/replay.ts'
import { again } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { announce } from './announce.tsx'
import { Table, Wrong } from './blocks.tsx'
import { Confirm, type Act } from './confirm.tsx'
import { EntryLink } from './links.tsx'
import { Copy, State, StateWord, Told } from './text.tsx'

interface Tried {
  readonly busy: boolean
  readonly findings?: number
  readonly replay?: Replay
  readonly error?: unknown
}

interface ProposalProps {
  readonly inForce: string
  readonly onPut: (said: string) => void
}

/** A change of the policy, tried on what agents asked in the past before it is put in force. */
export function Proposal({ inForce, onPut }: ProposalProps): ReactNode {
  const [text, setText] = useState(inForce)
  const [tried, setTried] = useState<Tried>({ busy: false })
  const [act, setAct] = useState<Act | undefined>()
  const id = useId()
  const attempt = async (): Promise<void> => {
    setTried({ busy: true })
    try {
      const { findings } = await call('policyCheck', { text, file: 'the proposed policy' })
      const found = await replay(text)
      setTried({ busy: false, findings: findings.length, replay: found })
      announce(`${found.flips.length} past decisions would be others`)
    } catch (error) {
      setTried({ busy: false, error })
    }
  }
  return (
    <div className="stack">
      <div className="field">
        <label htmlFor={id}>The policy, changed as you want it; nothing here is in force</label>
        <textarea
          id={id}
          value={text}
          spellCheck={false}
          rows={16}
          onChange={({ target }) => (setText(target.value), setTried({ busy: false }))}
        />
      </div>
      <div className="buttons">
        <button type="button" className="primary" disabled={tried.busy} onClick={() => void attempt()}>
          {tried.busy ? 'Deciding the past again…' : 'Try it on the record'}
        </button>
        <button type="button" disabled={text === inForce} onClick={() => setText(inForce)}>
          Back to what is in force
        </button>
      </div>
      {tried.error === undefined ? null : <Wrong error={tried.error} />}
      {tried.replay === undefined ? null : <Flips replay={tried.replay} findings={tried.findings ?? 0} />}
      <section className="answer" aria-label="Put it in force">
        <h2>Put it in force</h2>
        <p>
          It is written into the policy file once it was tried on the record, and is in force as a whole or
          not at all; the one before is kept beside it. Or <Copy text={text} label="copy the text" /> into the
          file yourself, and let the daemon read it again.
        </p>
        <div className="buttons">
          <button
            type="button"
            className="primary"
            disabled={text === inForce || tried.replay === undefined}
            aria-describedby={`${id}-why`}
            onClick={() => setAct(putAct(inForce, text, tried.replay, onPut))}
          >
            Put it in force…
          </button>
          <button type="button" onClick={() => setAct(RELOAD)}>
            Read the file again…
          </button>
        </div>
        <p className="note" id={`${id}-why`}>
          {text === inForce
            ? 'Nothing is changed.'
            : tried.replay === undefined
              ? 'Try it first.'
              : 'Tried as it is.'}
        </p>
      </section>
      <Confirm act={act} onClose={() => setAct(undefined)} />
    </div>
  )
}

function putAct(
  inForce: string,
  text: string,
  replay: Replay | undefined,
  onPut: (said: string) => void,
): Act {
  const flips = replay?.flips ?? []
  const looser = flips.filter(({ was, would }) => LOOSENESS.indexOf(would) > LOOSENESS.indexOf(was))
  return {
    title: 'Put the changed policy in force',
    about: (
      <p>
        The file is replaced and read again. {countText(flips.length, 'kind')} of past decisions would have
        been others, {looser.length} of them looser. If anything in it is wrong, or the file was changed
        meanwhile, nothing happens.
      </p>
    ),
    word: 'in force',
    button: 'Put it in force',
    danger: true,
    run: async () => {
      const { rules, kept } = await call('consolePolicy', { text, before: await sha256(inForce) })
      const said = `In force: ${countText(rules, 'statement')}.${kept === undefined ? '' : ` The one before is ${kept}.`}`
      onPut(said)
      announce(said)
      again('policyShow', 'policyCheck', 'policyExplain')
    },
  }
}

const LOOSENESS = ['deny', 'ask', 'allow']

const RELOAD: Act = {
  title: 'Read the policy file again',
  about: (
    <p>What stands in the file now is in force from then on. If anything in it is wrong, nothing changes.</p>
  ),
  word: 'reload',
  button: 'Put it in force',
  run: async () => {
    const { changed, rules } = await call('policyReload', {})
    announce(changed ? `in force: ${countText(rules, 'rule')}` : 'the file is as it was')
    again('policyShow', 'policyCheck', 'policyExplain')
  },
}

function Flips({
  replay: { flips, kinds, decisions, unasked },
  findings,
}: {
  readonly replay: Replay
  readonly findings: number
}): ReactNode {
  return (
    <div className="stack" data-testid="replay">
      <p>
        <State tone={flips.length === 0 ? 'good' : 'warn'}>
          {flips.length === 0
            ? 'No past decision would be another'
            : `${countText(flips.length, 'kind')} of decision would be another`}
        </State>
        , of {countText(kinds, 'kind')} in {countText(decisions, 'decision')} of agents
        {unasked === 0 ? '' : `; ${unasked} could not be asked again`}.{' '}
        {findings === 0
          ? 'The check finds no fault in it.'
          : `The check has ${countText(findings, 'finding')}.`}
      </p>
      {flips.length === 0 ? null : (
        <Table
          label="Past decisions that would be others"
          rows={flips}
          keyOf={({ who, action }) => `${who} ${action}`}
          columns={[
            { name: 'Who', cell: ({ who }) => <Told>{who}</Told> },
            {
              name: 'Action',
              wide: true,
              cell: ({ action }) => (
                <code>
                  <Told>{action}</Told>
                </code>
              ),
            },
            { name: 'Is', cell: ({ was }) => <StateWord word={was} /> },
            { name: 'Would be', cell: ({ would }) => <StateWord word={would} /> },
            { name: 'By rule', cell: ({ rule }) => <Told>{rule}</Told> },
            { name: 'Times', cell: ({ times }) => times },
            { name: 'Newest', cell: ({ entry }) => <EntryLink seq={entry} /> },
          ]}
        />
      )}
    </div>
  )
}
