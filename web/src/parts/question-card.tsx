import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { QuestionAnswer } from '../../../src/api/approvals.ts'
import { secondsText } from '../data/words.ts'
import { now, State, StateWord, Told } from './text.tsx'

/** One question in short: enough to know it, not enough to answer it. */
export function QuestionCard({ question }: { readonly question: QuestionAnswer }): ReactNode {
  return (
    <article className="card">
      <p className="card-head">
        <strong>
          <Told>{question.principal}</Told>
        </strong>{' '}
        <StateWord word={question.risk} /> <TimeLeft question={question} />
      </p>
      <Argv question={question} />
      <p className="note">
        <Told>{question.reason}</Told>
      </p>
      <Link to="/approvals" search={{ id: question.id }} className="button primary">
        Look and answer
      </Link>
    </article>
  )
}

/** What is asked for, nothing left out: every argument apart, however it is spelled. */
export function Argv({ question }: { readonly question: QuestionAnswer }): ReactNode {
  const words = question.argv ?? [question.action]
  return (
    <ol className="argv" aria-label="What would run, word for word">
      {words.map((word, at) => (
        <li key={at}>{word === '' ? <mark className="unseen">⟨empty⟩</mark> : <Told>{word}</Told>}</li>
      ))}
    </ol>
  )
}

export function TimeLeft({ question }: { readonly question: QuestionAnswer }): ReactNode {
  const left = Date.parse(question.expiresAt) - now.use()
  if (left <= 0) return <State tone="bad">its time is over</State>
  return (
    <span className="left">
      {left < 30_000 ? <State tone="warn">{secondsText(left)} left</State> : <>{secondsText(left)} left</>}
    </span>
  )
}
