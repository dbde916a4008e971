import { useState, type FormEvent, type ReactNode } from 'react'
import type { QuestionAnswer } from '../../../src/api/approvals.ts'
import type { InputOf } from '../../../src/api/endpoints.ts'
import { call } from '../data/calls.ts'
import { again } from '../data/queries.ts'
import { announce } from './announce.tsx'
import { Wrong } from './blocks.tsx'
import { Choice, TextField, TypedWord } from './confirm.tsx'
import { Told } from './text.tsx'

type Say = QuestionAnswer['choices'][number]
type Hole = NonNullable<InputOf<'approvalAnswer'>['holes']>[number]

const NAMES: Readonly<Record<Say, string>> = {
  once: 'Allow once',
  session: 'Allow for this session',
  rule: 'Allow always…',
  deny: 'Deny',
}
const LASTS = [
  ['1d', 'one day'],
  ['7d', 'a week'],
  ['30d', '30 days'],
  ['90d', '90 days'],
] as const
const HOLES = [
  ['', 'exactly this'],
  ['word', 'any one word'],
  ['path', 'any path in the workspace'],
  ['number', 'any number'],
  ['hash', 'any commit or digest'],
] as const

/** The answers, always in the same order. What was shown is what is answered: the digest goes along. */
export function Answer({ question }: { readonly question: QuestionAnswer }): ReactNode {
  const [note, setNote] = useState('')
  const [always, setAlways] = useState(false)
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false })
  const give = async (say: Say, more: Partial<InputOf<'approvalAnswer'>> = {}): Promise<void> => {
    setState({ busy: true })
    try {
      const words = note.trim() === '' ? {} : { note: note.trim() }
      const after = await call('approvalAnswer', {
        id: question.id,
        say,
        payload: question.payload,
        ...words,
        ...more,
      })
      announce(after.state === 'agreed' ? 'a second confirmation is wanted' : `answered: ${after.state}`)
      setState({ busy: false })
    } catch (error) {
      setState({ busy: false, error })
    }
    again('approvalList', 'allowanceList')
  }
  const yes = question.choices.filter((say) => say !== 'deny' && say !== 'rule')
  return (
    <section className="answer" aria-label="Your answer">
      {question.state === 'agreed' ? (
        <Second
          question={question}
          busy={state.busy}
          onGive={(word) => void give(question.say ?? 'once', { word })}
        />
      ) : (
        <>
          {question.twoPhase ? (
            <p className="note">A yes to this is asked for twice: first here, then with a word to type.</p>
          ) : null}
          <div className="buttons">
            {yes.map((say) => (
              <button
                key={say}
                type="button"
                className="primary"
                disabled={state.busy}
                onClick={() => void give(say)}
              >
                {NAMES[say]}
              </button>
            ))}
            {question.choices.includes('rule') ? (
              <button type="button" aria-expanded={always} onClick={() => setAlways(!always)}>
                {NAMES.rule}
              </button>
            ) : null}
          </div>
          {question.notStanding === undefined ? null : (
            <p className="note">
              Not for good: <Told>{question.notStanding}</Told>
            </p>
          )}
          {always ? (
            <Always question={question} busy={state.busy} onGive={(more) => void give('rule', more)} />
          ) : null}
        </>
      )}
      <form
        className="deny"
        onSubmit={(event) => {
          event.preventDefault()
          void give('deny')
        }}
      >
        <TextField label="Words to the agent, if any" value={note} onChange={setNote} max={500} />
        <button type="submit" className="danger" disabled={state.busy}>
          {note.trim() === '' ? 'Deny' : 'Deny with these words'}
        </button>
      </form>
      {state.error === undefined ? null : <Wrong error={state.error} />}
    </section>
  )
}

/** The second half of a dangerous yes. */
function Second(props: {
  readonly question: QuestionAnswer
  readonly busy: boolean
  readonly onGive: (word: string) => void
}): ReactNode {
  const [typed, setTyped] = useState('')
  const { word = '', agreedBy } = props.question
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typed.trim() === word) props.onGive(word)
  }
  return (
    <form onSubmit={submit} className="second">
      <p>
        {agreedBy === undefined ? (
          'A yes was said.'
        ) : (
          <>
            <Told>{agreedBy}</Told> said yes.
          </>
        )}{' '}
        It cannot be undone, so it is asked for once more.
      </p>
      <TypedWord word={word} value={typed} onChange={setTyped} />
      <button type="submit" className="primary" disabled={props.busy || typed.trim() !== word}>
        Confirm
      </button>
    </form>
  )
}

/** What "always" would write, whole, before it is written; it starts as narrow as can be. */
function Always(props: {
  readonly question: QuestionAnswer
  readonly busy: boolean
  readonly onGive: (more: Partial<InputOf<'approvalAnswer'>>) => void
}): ReactNode {
  const [lasts, setLasts] = useState('7d')
  const [below, setBelow] = useState(false)
  const [holes, setHoles] = useState<readonly Hole[]>([])
  const { question } = props
  const kindOf = (segment: number, argument: number): string =>
    holes.find((each) => each.segment === segment && each.argument === argument)?.hole ?? ''
  const setHole = (segment: number, argument: number, hole: string): void => {
    const rest = holes.filter((each) => each.segment !== segment || each.argument !== argument)
    setHoles(hole === '' ? rest : [...rest, { segment, argument, hole: hole as Hole['hole'] }])
  }
  return (
    <div className="always">
      <p>
        <Told>{question.principal}</Told> would need not ask any more for:
      </p>
      <p>
        <code>
          <Told>{question.pattern ?? ''}</Told>
        </code>
      </p>
      {(question.segments ?? []).map(({ args }, segment) =>
        args.map((arg, argument) => (
          <Choice
            key={`${segment} ${argument}`}
            label={`Argument ${argument + 1}: ${arg}`}
            value={kindOf(segment, argument)}
            options={HOLES}
            onChange={(hole) => setHole(segment, argument, hole)}
          />
        )),
      )}
      <label className="check">
        <input type="checkbox" checked={below} onChange={({ target }) => setBelow(target.checked)} /> in
        directories below as well
      </label>
      <Choice label="For" value={lasts} options={LASTS} onChange={setLasts} />
      <button
        type="button"
        className="primary"
        disabled={props.busy}
        onClick={() =>
          props.onGive({
            lasts,
            ...(below ? { below } : {}),
            ...(holes.length > 0 ? { holes: [...holes] } : {}),
          })
        }
      >
        Allow this always
      </button>
    </div>
  )
}
