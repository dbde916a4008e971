import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { countText, visible } from '../data/words.ts'
import { Clock, StateWord, Told } from './text.tsx'

export interface RowsProps {
  readonly rows: readonly EntryAnswer[]
  readonly chosen: number | undefined
  /** How many entries came that are not among the rows, because somebody reads further down. */
  readonly newer: number
  readonly onChoose: (seq: number) => void
  /** The end came into sight. */
  readonly onEnd: () => void
  /** Whether the first row is in sight. */
  readonly onTop: (isTop: boolean) => void
}

const ROW_PX = 32
const NARROW_ROW_PX = 60
const BEYOND_ROWS = 12
/** So far before the end more is asked for that it is there when the end is. */
const AHEAD_ROWS = 150

/** Entries, of which only those in sight are in the page: a million cost no more than thirty. */
export function Rows({ rows, chosen, newer, onChoose, onEnd, onTop }: RowsProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const isNarrow = window.matchMedia('(max-width: 48rem)').matches
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (isNarrow ? NARROW_ROW_PX : ROW_PX),
    overscan: BEYOND_ROWS,
    getItemKey: (at) => rows[at]?.seq ?? at,
  })
  const items = virtual.getVirtualItems()
  const lastShown = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (rows.length > 0 && lastShown >= rows.length - AHEAD_ROWS) onEnd()
  }, [lastShown, rows.length, onEnd])
  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-at]')
    if (step === undefined || row === null) return
    event.preventDefault()
    const to = Math.min(rows.length - 1, Math.max(0, Number(row.dataset['at']) + step))
    virtual.scrollToIndex(to)
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-at="${to}"]`)?.focus())
  }
  // one listener for all rows, so that a row need not be drawn again for a new one
  const onClick = ({ target }: MouseEvent): void => {
    const at = (target as HTMLElement).closest<HTMLElement>('[data-at]')?.dataset['at']
    const entry = at === undefined ? undefined : rows[Number(at)]
    if (entry !== undefined) onChoose(entry.seq)
  }
  return (
    <div className="rows-frame">
      <Heads />
      {newer === 0 ? null : (
        <button
          type="button"
          className="small rows-newer"
          onClick={() => scroller.current?.scrollTo({ top: 0 })}
        >
          {countText(newer, 'newer entry', 'newer entries')}: to the top
        </button>
      )}
      <div
        className="rows"
        ref={scroller}
        role="region"
        aria-label="Entries, newest first"
        onKeyDown={onKey}
        onScroll={({ currentTarget }) => onTop(currentTarget.scrollTop < ROW_PX)}
        tabIndex={0}
      >
        <ul className="rows-all" style={{ height: virtual.getTotalSize() }} onClick={onClick}>
          {items.map(({ index, key, start, size }) => (
            <Row
              key={key}
              entry={rows[index]!}
              at={index}
              startPx={start}
              sizePx={size}
              isChosen={rows[index]!.seq === chosen}
            />
          ))}
        </ul>
      </div>
    </div>
  )
}

/** For the eye; who listens hears each row in this order. */
function Heads(): ReactNode {
  return (
    <div className="rows-head row-grid" aria-hidden="true">
      <span>Entry</span>
      <span>Time</span>
      <span>What</span>
      <span>Who</span>
      <span>Action</span>
      <span>On</span>
    </div>
  )
}

interface RowProps {
  readonly entry: EntryAnswer
  readonly at: number
  readonly startPx: number
  readonly sizePx: number
  readonly isChosen: boolean
}

/** Drawn when it comes into sight, and again only when something of it changes: scrolling draws few rows, not all. */
const Row = memo(function Row({ entry, at, startPx, sizePx, isChosen }: RowProps): ReactNode {
  const { seq, timestamp, decision, result, agent, action, target } = entry
  return (
    <li className="row-place" style={{ transform: `translateY(${startPx}px)`, height: sizePx }}>
      <button type="button" className="row row-grid" data-at={at} aria-pressed={isChosen}>
        <span className="row-seq">{seq}</span>
        <span className="row-time">
          <Clock at={timestamp} />
        </span>
        <span className="row-what">
          <StateWord word={decision === '' ? result : decision} />
        </span>
        <span className="row-who">
          <Told>{agent}</Told>
        </span>
        <span className="row-action">
          <Told>{action}</Told>
        </span>
        <span className="row-target" title={visible(target)}>
          <Told>{target}</Told>
        </span>
      </button>
    </li>
  )
})
