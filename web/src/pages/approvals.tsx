import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import type { QuestionAnswer } from '../../../src/api/approvals.ts'
import { again, useAnswer } from '../data/queries.ts'
import { call } from '../data/calls.ts'
import { countText } from '../data/words.ts'
import { announce } from '../parts/announce.tsx'
import { Answer } from '../parts/answer.tsx'
import { Answered, Empty, Facts, Page, Section, Table } from '../parts/blocks.tsx'
import { EntryLink, isOpen } from '../parts/links.tsx'
import { Argv, TimeLeft } from '../parts/question-card.tsx'
import { Ago, State, StateWord, Told } from '../parts/text.tsx'

/** Questions of agents, exactly as they would run, and the answers to them. */
export function Approvals(): ReactNode {
  const list = useAnswer('approvalList', {}, { everyMs: 15_000 })
  return (
    <Page
      title="Approvals"
      about="What agents may do only when you say so. Closing a question answers nothing; when its time is over, it is a no."
    >
      <Answered of={list}>{({ questions }) => <Questions questions={questions} />}</Answered>
      <Allowances />
    </Page>
  )
}

function Questions({ questions }: { readonly questions: readonly QuestionAnswer[] }): ReactNode {
  const { id } = useSearch({ from: '/approvals' })
  const navigate = useNavigate()
  const open = questions.filter(isOpen)
  const over = questions.filter((question) => !isOpen(question))
  const chosen = questions.find((question) => question.id === id) ?? open[0]
  useTold(open)
  if (questions.length === 0 && id === undefined) {
    return (
      <Empty command="warder policy explain demo process:spawn:/usr/bin/curl">
        Nothing waits. Policy decides what is asked; what would be, tells:
      </Empty>
    )
  }
  return (
    <div className="split">
      <nav aria-label="Questions" className="split-list">
        <ul>
          {[...open, ...over].map((question) => (
            <li key={question.id}>
              <Link
                to="/approvals"
                search={{ id: question.id }}
                aria-current={question.id === chosen?.id ? 'true' : undefined}
                className="split-item"
              >
                <strong>
                  <Told>{question.principal}</Told>
                </strong>{' '}
                {isOpen(question) ? <TimeLeft question={question} /> : <StateWord word={question.state} />}
                <span className="one-line">
                  <Told>{(question.argv ?? [question.action]).join(' ')}</Told>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className="split-one">
        {chosen === undefined ? (
          <Gone id={id} onBack={() => void navigate({ to: '/approvals', search: {} })} />
        ) : (
          <One key={chosen.id} question={chosen} />
        )}
      </div>
    </div>
  )
}

function Gone({ id, onBack }: { readonly id: string | undefined; readonly onBack: () => void }): ReactNode {
  return (
    <div className="empty">
      <p>
        {id === undefined
          ? 'Nothing waits now.'
          : 'That question is no longer there; what became of it is in the record.'}
      </p>
      <button type="button" onClick={onBack}>
        To all questions
      </button>
    </div>
  )
}

/** Says aloud when a question comes, not each second that it waits. */
function useTold(open: readonly QuestionAnswer[]): void {
  const known = useRef(new Set<string>())
  useEffect(() => {
    const fresh = open.filter(({ id }) => !known.current.has(id))
    if (fresh[0] !== undefined) announce(`${fresh[0].principal} asks for ${fresh[0].action}`)
    known.current = new Set(open.map(({ id }) => id))
  }, [open])
}

function One({ question }: { readonly question: QuestionAnswer }): ReactNode {
  return (
    <article className="one" aria-label={`Question of ${question.principal}`}>
      <header className="one-head">
        <h2>
          <Told>{question.principal}</Told> asks: <Told>{question.kind}</Told>
        </h2>
        <span>
          risk <StateWord word={question.risk} />
        </span>
        {isOpen(question) ? <TimeLeft question={question} /> : <StateWord word={question.state} />}
      </header>
      <Argv question={question} />
      <Facts rows={factsOf(question)} />
      <Found question={question} />
      <About question={question} />
      {isOpen(question) ? <Answer question={question} /> : <Outcome question={question} />}
    </article>
  )
}

function factsOf(question: QuestionAnswer): (readonly [string, ReactNode])[] {
  const { cwd, workspace, wanted, touches, notes, segments, profile } = question
  const told = (name: string, value: string | undefined): (readonly [string, ReactNode])[] =>
    value === undefined ? [] : [[name, <Told key={name}>{value}</Told>]]
  const list = (name: string, values: readonly string[]): (readonly [string, ReactNode])[] =>
    values.length === 0 ? [] : [[name, <Lines key={name} of={values} />]]
  return [
    ['Action', <Told key="a">{question.action}</Told>],
    ...told('In', cwd),
    ...(workspace === cwd ? [] : told('Workspace', workspace)),
    ...told('Sandbox', profile),
    [
      'Why it is asked',
      <span key="w">
        <Told>{question.reason}</Told>{' '}
        <span className="note">
          <Told>{question.rule}</Told>
        </span>
      </span>,
    ],
    ...(wanted === undefined
      ? []
      : [
          [
            'In the agent’s words',
            <q key="q">
              <Told>{wanted}</Told>
            </q>,
          ] as const,
        ]),
    ...list('Touches', touches),
    ...list('Notes', notes),
    ...(segments ?? []).map(({ program, sha256, files }, at): readonly [string, ReactNode] => [
      at === 0 ? 'Program' : `Program ${at + 1}`,
      <span key={at}>
        <Told>{program}</Told>{' '}
        <span className="note">
          {sha256 === undefined ? 'its bytes could not be read' : `sha256 ${sha256.slice(0, 16)}…`}
        </span>
        {files.map(({ path, sha256: digest }) => (
          <span key={path} className="block">
            <Told>{path}</Told> <span className="note">sha256 {digest.slice(0, 16)}…</span>
          </span>
        ))}
      </span>,
    ]),
    ['Asked', <Ago key="t" at={question.askedAt} />],
  ]
}

/** The rest of what is known, much of it said above in other words: out of the way of the answer. */
function About({ question: { about } }: { readonly question: QuestionAnswer }): ReactNode {
  const rows = Object.entries(about)
  if (rows.length === 0) return null
  return (
    <details>
      <summary>All that is known of it ({rows.length})</summary>
      <Facts rows={rows.map(([name, value]) => [name, <Told key={name}>{value}</Told>] as const)} />
    </details>
  )
}

function Lines({ of }: { readonly of: readonly string[] }): ReactNode {
  return of.map((each, at) => (
    <span key={at} className="block">
      <Told>{each}</Told>
    </span>
  ))
}

function Found({ question: { findings } }: { readonly question: QuestionAnswer }): ReactNode {
  if (findings.length === 0) return null
  return (
    <div className="found">
      <h3>Found in it</h3>
      <ul>
        {findings.map(({ rule, risk, note }, at) => (
          <li key={at}>
            <StateWord word={risk} /> <Told>{note}</Told>{' '}
            <span className="note">
              <Told>{rule}</Told>
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Outcome({
  question: { state, by, note, say, entry },
}: {
  readonly question: QuestionAnswer
}): ReactNode {
  return (
    <p className="outcome">
      <StateWord word={state} /> {say === undefined ? null : <>({say}) </>}
      {by === undefined ? null : (
        <>
          by <Told>{by}</Told>
        </>
      )}
      {note === undefined ? null : (
        <>
          :{' '}
          <q>
            <Told>{note}</Told>
          </q>
        </>
      )}{' '}
      {entry === undefined ? null : <EntryLink seq={entry} />}
    </p>
  )
}

function Allowances(): ReactNode {
  const list = useAnswer('allowanceList', {})
  const revoke = async (id: string): Promise<void> => {
    await call('allowanceRevoke', { id })
    again('allowanceList')
  }
  return (
    <Section title="Allowed for good" note={countText(list.data?.allowances.length ?? 0, 'command')}>
      <Answered of={list}>
        {({ allowances, problems }) => (
          <>
            {problems.map((problem) => (
              <p key={problem}>
                <State tone="bad">
                  <Told>{problem}</Told>
                </State>
              </p>
            ))}
            {allowances.length === 0 ? (
              <Empty>No command is. The answer “always” to a question makes one, and shows it first.</Empty>
            ) : (
              <Table
                label="Commands allowed for good"
                rows={allowances}
                keyOf={({ id }) => id}
                columns={[
                  { name: 'Agent', cell: ({ agent }) => <Told>{agent}</Told> },
                  {
                    name: 'Pattern',
                    wide: true,
                    cell: ({ pattern }) => (
                      <code>
                        <Told>{pattern}</Told>
                      </code>
                    ),
                  },
                  { name: 'Until', cell: ({ until }) => <Ago at={until} /> },
                  { name: 'Used', cell: ({ uses }) => `${uses}×` },
                  {
                    name: 'Act',
                    cell: ({ id, pattern }) => (
                      <button type="button" className="small" onClick={() => void revoke(id)}>
                        Take back<span className="heard-only"> {pattern}</span>
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
