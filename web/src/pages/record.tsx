import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { parseFilter, type Filter } from '../data/filter.ts'
import { freshAfter } from '../data/gaps.ts'
import { heads, recent } from '../data/inbox.ts'
import { useAnswer } from '../data/queries.ts'
import { exportRecord, fits, readNewest, useRecord, type ExportFormat } from '../data/record.ts'
import { save } from '../data/save.ts'
import { countText } from '../data/words.ts'
import { announce } from '../parts/announce.tsx'
import { Empty, Page, Wrong } from '../parts/blocks.tsx'
import { Chain } from '../parts/chain.tsx'
import { EntryPanel } from '../parts/entry.tsx'
import { QueryBar } from '../parts/query-bar.tsx'
import { Rows } from '../parts/rows.tsx'
import { Copy, State } from '../parts/text.tsx'

/** All that happened, as it was written, with everything that is asked of it in the address. */
export function Record(): ReactNode {
  const { q = '', entry } = useSearch({ from: '/record' })
  const navigate = useNavigate()
  // relative times count from when the question was put, not from each time it is drawn
  const parsed = useMemo(() => parseFilter(q, Date.now()), [q])
  const show = (next: { q?: string; entry?: number | undefined }): void => {
    const { q: words = q, entry: seq } = next
    void navigate({
      to: '/record',
      search: { ...(words === '' ? {} : { q: words }), ...(seq === undefined ? {} : { entry: seq }) },
      replace: 'entry' in next,
    })
  }
  return (
    <Page title="Record" about={<Verification />}>
      <QueryBar
        value={q}
        problem={'problem' in parsed ? parsed.problem : undefined}
        onAsk={(words) => show({ q: words })}
      />
      {'filter' in parsed ? (
        <Found filter={parsed.filter} query={q} entry={entry} onShow={show} />
      ) : (
        <Empty>Nothing is shown while the question cannot be read.</Empty>
      )}
    </Page>
  )
}

interface FoundProps {
  readonly filter: Filter
  readonly query: string
  readonly entry: number | undefined
  readonly onShow: (next: { q?: string; entry?: number | undefined }) => void
}

function Found({ filter, query, entry, onShow }: FoundProps): ReactNode {
  const record = useRecord(filter)
  const present = usePresent()
  const [held, setHeld] = useState<Present | undefined>()
  const pages = useMemo(() => (record.data?.pages ?? []).flatMap(({ entries }) => entries), [record.data])
  // whoever reads further down is not pushed about by what comes above
  const { live, countedTo } = held ?? present
  const fresh = useMemo(() => {
    // the newest page tells of all there was when it was asked for, whether that is shown or not
    const { asOf = 0 } = record.data?.pages[0] ?? {}
    const isKnown = asOf > 0 || (query === '' && pages.length > 0)
    const known = isKnown ? asOf : (live.at(-1)?.seq ?? 1) - 1
    return freshAfter(Math.max(pages[0]?.seq ?? 0, known), live, countedTo)
  }, [pages, record.data, live, countedTo, query])
  const rows = useMemo(
    () => [...fresh.entries.filter((each) => fits(each, filter)), ...pages],
    [fresh, pages, filter],
  )
  const newer =
    held === undefined
      ? 0
      : present.live.filter((each) => each.seq > (held.live[0]?.seq ?? 0) && fits(each, filter)).length
  const onTop = (isTop: boolean): void => setHeld((before) => (isTop ? undefined : (before ?? present)))
  const { hasNextPage, isFetching, fetchNextPage } = record
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage()
  }, [hasNextPage, isFetching, fetchNextPage])
  useEffect(() => {
    if (record.isSuccess) announce(`${countText(rows.length, 'entry', 'entries')} loaded`)
    // told once for each question, not for each row that comes
  }, [record.isSuccess, query])
  if (record.error !== null) return <Wrong error={record.error} />
  return (
    <>
      <div className="toolbar">
        <span className="note" data-testid="loaded">
          {record.isLoading
            ? 'Reading…'
            : `${countText(rows.length, 'entry', 'entries')} loaded, ${record.hasNextPage ? 'older ones when you scroll' : 'that is all'}`}
        </span>
        {fresh.isWhole || record.isLoading ? null : (
          <button type="button" className="small" onClick={() => void readNewest(filter)}>
            Newer entries came too fast to follow: read them
          </button>
        )}
        <Chain entries={rows} whole={query === ''} />
        <Export filter={filter} />
        <Copy text={window.location.href} label="Copy link" />
      </div>
      {rows.length === 0 && !record.isLoading ? (
        <Empty command={query === '' ? 'warder run -- your-agent' : 'warder audit list'}>
          {query === ''
            ? 'Nothing happened yet. Something does with:'
            : 'No entry is like that. All of them:'}
        </Empty>
      ) : (
        <Rows
          rows={rows}
          chosen={entry}
          onChoose={(seq) => onShow({ entry: seq })}
          newer={newer}
          onEnd={onEnd}
          onTop={onTop}
        />
      )}
      <EntryPanel
        seq={entry}
        known={rows.find(({ seq }) => seq === entry)}
        onClose={() => onShow({ entry: undefined })}
        onAsk={(q) => onShow({ q })}
        query={query}
      />
    </>
  )
}

/** What the stream brought so far. */
interface Present {
  readonly live: readonly EntryAnswer[]
  readonly countedTo: number
}

function usePresent(): Present {
  const live = recent.use()
  const { countedTo } = heads.use()
  return useMemo(() => ({ live, countedTo }), [live, countedTo])
}

/** Whether the record can be believed, and how far. */
function Verification(): ReactNode {
  const { data } = useAnswer('status', {}, { everyMs: 120_000 })
  const { checkpointed } = heads.use()
  if (data === undefined) return 'Asking the daemon for the state of the record…'
  const { ok, seq, head, witness, degraded } = data.ledger
  return (
    <>
      <State tone={ok ? 'good' : 'bad'}>{ok ? 'Chain whole' : 'The record is not well'}</State> to entry {seq}
      , head <code title={head}>{head.slice(0, 12)}</code>,{' '}
      {checkpointed === 0 ? null : (
        <>
          the last checkpoint signs all up to{' '}
          <Link to="/record" search={{ entry: checkpointed }}>
            entry {checkpointed}
          </Link>
          ,{' '}
        </>
      )}
      {witness === undefined ? 'no witness outside this machine' : <>witness {witness}</>}
      {degraded.length === 0 ? null : <>; {degraded.join('; ')}</>}. All of it, without the daemon:{' '}
      <code>warder audit verify</code>
    </>
  )
}

const FORMATS: readonly (readonly [ExportFormat, string])[] = [
  ['jsonl', 'JSON lines'],
  ['csv', 'CSV'],
  ['ocsf', 'OCSF'],
]

function Export({ filter }: { readonly filter: Filter }): ReactNode {
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false })
  const take = async (format: ExportFormat): Promise<void> => {
    setState({ busy: true })
    try {
      save(await exportRecord(filter, format), `warder-record.${format === 'csv' ? 'csv' : 'jsonl'}`)
      setState({ busy: false })
    } catch (error) {
      setState({ busy: false, error })
    }
  }
  return (
    <span className="export">
      <span className="note">Export these:</span>
      {FORMATS.map(([format, name]) => (
        <button
          key={format}
          type="button"
          className="small"
          disabled={state.busy}
          onClick={() => void take(format)}
        >
          {name}
        </button>
      ))}
      {state.error === undefined ? null : <Wrong error={state.error} />}
    </span>
  )
}
