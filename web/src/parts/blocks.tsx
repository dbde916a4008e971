import type { UseQueryResult } from '@tanstack/react-query'
import { useEffect, useId, useRef, type ReactNode } from 'react'
import { Problem } from '../data/problem.ts'
import { Command, Told } from './text.tsx'

/** Whether a page stood before this one: whoever went to the next is read its heading, whoever just came is not. */
const shown = { any: false }

/** A page: its heading, what it is in one sentence, and its parts. */
export function Page(props: {
  readonly title: string
  readonly about?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (shown.any) heading.current?.focus()
    shown.any = true
  }, [])
  return (
    <>
      <title>{`${props.title} · Warder`}</title>
      <header className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {props.title}
          </h1>
          {props.about === undefined ? null : <p className="about">{props.about}</p>}
        </div>
        {props.actions === undefined ? null : <div className="actions">{props.actions}</div>}
      </header>
      {props.children}
    </>
  )
}

export function Section(props: {
  readonly title: string
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  const id = useId()
  return (
    <section aria-labelledby={id} className="section">
      <header className="section-head">
        <h2 id={id}>{props.title}</h2>
        {props.note === undefined ? null : <span className="note">{props.note}</span>}
        {props.actions === undefined ? null : <div className="actions">{props.actions}</div>}
      </header>
      {props.children}
    </section>
  )
}

/** Nothing is here yet, and what would fill it. */
export function Empty({
  children,
  command,
}: {
  readonly children: ReactNode
  readonly command?: string
}): ReactNode {
  return (
    <div className="empty">
      <p>{children}</p>
      {command === undefined ? null : <Command>{command}</Command>}
    </div>
  )
}

/** What went wrong and how to mend it, in the daemon's own words. */
export function Wrong({ error }: { readonly error: unknown }): ReactNode {
  const problem = error instanceof Problem ? error : undefined
  const text = error instanceof Error ? error.message : String(error)
  return (
    <div className="wrong" role="alert">
      <p>
        <strong>
          <Told>{text}</Told>
        </strong>
      </p>
      {problem?.where === undefined ? null : (
        <p>
          where: <Told>{problem.where}</Told>
        </p>
      )}
      {problem?.fix === undefined ? null : (
        <p>
          what to do: <Told>{problem.fix}</Told>
        </p>
      )}
      {problem === undefined ? null : <p className="note">{problem.code}</p>}
    </div>
  )
}

/** Refusals that are no trouble: a call that pages do not have, or another role has. */
const NOT_HERE: readonly string[] = ['NOT_FOR_CONSOLE', 'CONSOLE_ROLE']

/** Waits for an answer and shows it; an old one stays on the page while a newer is fetched. */
export function Answered<T>(props: {
  readonly of: UseQueryResult<T>
  readonly children: (answer: T) => ReactNode
}): ReactNode {
  const { data, error } = props.of
  if (data !== undefined) {
    return (
      <>
        {error === null ? null : <Wrong error={error} />}
        {props.children(data)}
      </>
    )
  }
  if (error instanceof Problem && NOT_HERE.includes(error.code)) {
    return (
      <Empty command="warder --help">{`This is not open to you here: ${error.message}. In a terminal:`}</Empty>
    )
  }
  if (error !== null) return <Wrong error={error} />
  return (
    <p className="loading" role="status">
      Asking the daemon…
    </p>
  )
}

/** Names and what they are. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export interface Column<T> {
  readonly name: string
  readonly cell: (row: T) => ReactNode
  /** Narrow columns keep to one line; one wide column takes the rest. */
  readonly wide?: boolean
}

/** A table that becomes a list of cards where there is no room for columns. */
export function Table<T>(props: {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T, at: number) => string
}): ReactNode {
  return (
    <table className="table">
      <caption className="heard-only">{props.label}</caption>
      <thead>
        <tr>
          {props.columns.map(({ name, wide }) => (
            <th key={name} scope="col" className={wide === true ? 'wide' : undefined}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row, at) => (
          <tr key={props.keyOf(row, at)}>
            {props.columns.map(({ name, cell, wide }) => (
              <td key={name} data-label={name} className={wide === true ? 'wide' : undefined}>
                <div>{cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
