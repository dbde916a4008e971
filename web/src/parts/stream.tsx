import { Link } from '@tanstack/react-router'
import { memo, useMemo, useState, type ReactNode } from 'react'
import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { sizeOf, withGaps, type Gap, type Told as Item } from '../data/gaps.ts'
import { gaps, recent } from '../data/inbox.ts'
import { useNewest } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { Answered, Empty, Section } from './blocks.tsx'
import { AgentLink } from './links.tsx'
import { Clock, StateWord, Told } from './text.tsx'

const SHOWN = 60
/** Many, because what is mere looking at the record is left out of them. */
const ASKED_FOR = 300

/** The record as it is written. It can be held still to be read; what comes meanwhile is counted. */
export function Stream(): ReactNode {
  const live = recent.use()
  const counted = gaps.use()
  const first = useNewest(ASKED_FOR)
  const [held, setHeld] = useState<readonly Item[] | undefined>()
  const [all, setAll] = useState(false)
  const newest = useMemo(
    () => withGaps(mergeOnce(live, first.data?.entries ?? []), counted),
    [live, first.data, counted],
  )
  const shown = (held ?? newest).filter((each) => all || !isReading(each)).slice(0, SHOWN)
  const missed = held === undefined ? 0 : missedSince(held, newest, all)
  return (
    <Section
      title="As it happens"
      actions={
        <>
          <label className="check">
            <input type="checkbox" checked={all} onChange={({ target }) => setAll(target.checked)} /> looking
            at the record too
          </label>
          <button
            type="button"
            className="small hold"
            onClick={() => setHeld(held === undefined ? newest : undefined)}
          >
            {held === undefined
              ? 'Hold still'
              : `Go on${missed === 0 ? '' : ` (${missed.toLocaleString('en')} new)`}`}
          </button>
        </>
      }
    >
      {shown.length > 0 ? (
        <EntryTable items={shown} />
      ) : (
        <Answered of={first}>
          {() => (
            <Empty command="warder run -- your-agent">Nothing was decided lately. Something is with:</Empty>
          )}
        </Answered>
      )}
    </Section>
  )
}

function mergeOnce(live: readonly EntryAnswer[], first: readonly EntryAnswer[]): readonly EntryAnswer[] {
  const known = new Map([...first, ...live].map((entry) => [entry.seq, entry]))
  return [...known.values()].toSorted((a, b) => b.seq - a.seq)
}

/** Whoever looks at the record writes to it; that is of no interest to whoever looks. */
function isReading(item: Item): boolean {
  return 'seq' in item && item.action === 'audit:read'
}

/** How many came since the list was held still, shown or not. */
function missedSince(held: readonly Item[], newest: readonly Item[], all: boolean): number {
  const top = held[0] === undefined ? 0 : placeOf(held[0])
  return newest
    .filter((each) => placeOf(each) > top && (all || !isReading(each)))
    .reduce((sum, each) => sum + ('seq' in each ? 1 : sizeOf(each)), 0)
}

function placeOf(item: Item): number {
  return 'seq' in item ? item.seq : item.to
}

function EntryTable({ items }: { readonly items: readonly Item[] }): ReactNode {
  return (
    <table className="table stream">
      <caption className="heard-only">The newest entries of the record</caption>
      <thead>
        <tr>
          <th scope="col" className="stream-time">
            Time
          </th>
          <th scope="col" className="stream-what">
            What
          </th>
          <th scope="col" className="stream-who">
            Who
          </th>
          <th scope="col" className="stream-action">
            Action
          </th>
          <th scope="col">On</th>
          <th scope="col" className="stream-entry">
            Entry
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) =>
          'seq' in item ? (
            <EntryRow key={item.seq} entry={item} />
          ) : (
            <GapRow key={`to ${item.to}`} gap={item} />
          ),
        )}
      </tbody>
    </table>
  )
}

/** Drawn once: what is written in the record stays as it is, however much comes above it. */
const EntryRow = memo(function EntryRow({ entry }: { readonly entry: EntryAnswer }): ReactNode {
  const { seq, timestamp, decision, result, agent, action, target } = entry
  return (
    <tr>
      <td data-label="Time">
        <Clock at={timestamp} />
      </td>
      <td data-label="What">
        <StateWord word={decision === '' ? result : decision} />
      </td>
      <td data-label="Who">
        <AgentLink name={agent} />
      </td>
      <td data-label="Action">
        <Told>{action}</Told>
      </td>
      <td data-label="On" className="stream-on">
        <code>
          <Told>{target}</Told>
        </code>
      </td>
      <td data-label="Entry">
        <Link to="/record" search={{ entry: seq }}>
          {seq}
        </Link>
      </td>
    </tr>
  )
})

const GapRow = memo(function GapRow({ gap }: { readonly gap: Gap }): ReactNode {
  return (
    <tr className="stream-gap">
      <td colSpan={6}>
        {countText(sizeOf(gap), 'more entry', 'more entries')}, too fast to show:{' '}
        <Link to="/record" search={{ entry: gap.to }}>
          {gap.from} to {gap.to}
        </Link>
      </td>
    </tr>
  )
})
