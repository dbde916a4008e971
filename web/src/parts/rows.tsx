import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react'
import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { visible } from '../data/words.ts'
import { Clock, StateWord, Told } from './text.tsx'

export interface RowsProps {
  readonly rows: readonly EntryAnswer[]
  readonly chosen: number | undefined
  readonly onChoose: (seq: number) => void
  /** The end came into sight. */
  readonly onEnd: () => void
}

const ROW_PX = 32
const NARROW_ROW_PX = 64
const BEYOND_ROWS = 12

/** Entries, of which only those in sight are in the page: a million cost no more than thirty. */
export function Rows({ rows, chosen, onChoose, onEnd }: RowsProps): ReactNode {
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
    if (rows.length > 0 && lastShown >= rows.length - BEYOND_ROWS - 1) onEnd()
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
  return (
    <div
      className="rows"
      ref={scroller}
      role="region"
      aria-label="Entries, newest first"
      onKeyDown={onKey}
      tabIndex={0}
    >
      <ul className="rows-all" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, key, start, size }) => {
          const entry = rows[index]!
          return (
            <li key={key} className="row-place" style={{ transform: `translateY(${start}px)`, height: size }}>
              <button
                type="button"
                className="row"
                data-at={index}
                aria-pressed={entry.seq === chosen}
                onClick={() => onChoose(entry.seq)}
              >
                <Row entry={entry} />
              </button>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function Row({ entry }: { readonly entry: EntryAnswer }): ReactNode {
  const { seq, timestamp, decision, result, agent, action, target } = entry
  return (
    <>
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
    </>
  )
}
