import { useEffect, useMemo, useRef, type ReactNode } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { EntryAnswer } from '../../../src/api/endpoints.ts'
import { useAnswer } from '../data/queries.ts'
import { countText } from '../data/words.ts'
import { Answered, Empty, Section, Table } from './blocks.tsx'
import { StateWord, Told } from './text.tsx'
import { theme } from './theme.ts'

const ROWS = 10_000
const MINUTES = 60

/** Decisions of the last hour: how many a minute, how long they took, and which rules said no. */
export function Pulse(): ReactNode {
  // the beginning of the present minute, so that the question stays the same while the page is looked at
  const since = useMemo(
    () => new Date(Math.floor(Date.now() / 60_000) * 60_000 - MINUTES * 60_000).toISOString(),
    [],
  )
  const list = useAnswer('auditList', { since, limit: ROWS }, { everyMs: 60_000 })
  return (
    <Section title="Decisions" note="in the last hour">
      <Answered of={list}>
        {({ entries }) => <Decisions entries={entries} since={Date.parse(since)} />}
      </Answered>
    </Section>
  )
}

function Decisions({
  entries,
  since,
}: {
  readonly entries: readonly EntryAnswer[]
  readonly since: number
}): ReactNode {
  const decided = entries.filter(({ decision, action }) => decision !== '' && action !== 'audit:read')
  if (decided.length === 0)
    return <Empty command="warder run -- your-agent">Nothing was decided in the last hour.</Empty>
  const times = decided
    .map(microseconds)
    .filter((each) => each !== undefined)
    .toSorted((a, b) => a - b)
  const at = (share: number): string =>
    times.length === 0 ? 'none' : `${times[Math.min(times.length - 1, Math.floor(share * times.length))]} µs`
  return (
    <div className="stack">
      <Chart entries={decided} since={since} />
      <p>
        {countText(decided.length, 'decision')}; deciding took {at(0.5)} in the median, {at(0.95)} at 95 %,{' '}
        {at(0.99)} at 99 %.
      </p>
      <Denials entries={decided} />
    </div>
  )
}

function microseconds(entry: EntryAnswer): number | undefined {
  const details = entry['details']
  if (typeof details !== 'object' || details === null || !('microseconds' in details)) return undefined
  return typeof details.microseconds === 'number' ? details.microseconds : undefined
}

function Denials({ entries }: { readonly entries: readonly EntryAnswer[] }): ReactNode {
  const byRule = Map.groupBy(
    entries.filter(({ decision }) => decision === 'deny'),
    ({ rule }) => rule,
  )
  const rows = [...byRule].map(([rule, all]) => ({ rule, times: all.length, last: all.at(-1)! }))
  if (rows.length === 0) return <p className="note">Nothing was denied.</p>
  return (
    <Table
      label="Denials by rule"
      rows={rows.toSorted((a, b) => b.times - a.times)}
      keyOf={({ rule }) => rule}
      columns={[
        { name: 'Said no', cell: () => <StateWord word="deny" /> },
        { name: 'Rule', cell: ({ rule }) => <Told>{rule}</Told> },
        { name: 'Times', cell: ({ times }) => times },
        { name: 'Because', wide: true, cell: ({ last }) => <Told>{last.reason}</Told> },
      ]}
    />
  )
}

const EFFECTS = ['allow', 'ask', 'deny'] as const
const COLOURS = { allow: '--good', ask: '--warn', deny: '--bad' } as const
const HEIGHT_PX = 180

/** The chart repeats what the table below it says in words; it is no way to learn something else. */
function Chart({
  entries,
  since,
}: {
  readonly entries: readonly EntryAnswer[]
  readonly since: number
}): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const chosen = theme.use()
  useEffect(() => {
    const into = place.current
    if (into === null) return
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string): string => style.getPropertyValue(name).trim()
    const axis = {
      stroke: colour('--soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    }
    const plot = new uPlot(
      {
        width: into.clientWidth,
        height: HEIGHT_PX,
        legend: { live: false },
        cursor: { show: false },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(4, high)] } },
        axes: [axis, { ...axis, size: 40 }],
        series: [
          {},
          ...EFFECTS.map((effect) => ({
            label: effect,
            stroke: colour(COLOURS[effect]),
            width: 2,
            points: { show: false },
          })),
        ],
      },
      perMinute(entries, since),
      into,
    )
    const resized = new ResizeObserver(() => plot.setSize({ width: into.clientWidth, height: HEIGHT_PX }))
    resized.observe(into)
    return () => {
      resized.disconnect()
      plot.destroy()
    }
  }, [entries, since, chosen])
  return (
    <div
      className="chart"
      ref={place}
      role="img"
      aria-label="Decisions a minute in the last hour; the numbers are below"
    />
  )
}

function perMinute(entries: readonly EntryAnswer[], since: number): uPlot.AlignedData {
  const minutes = Array.from({ length: MINUTES + 1 }, (_none, at) => since / 1000 + at * 60)
  const counts = EFFECTS.map((effect) => {
    const row = minutes.map(() => 0)
    for (const { decision, timestamp } of entries) {
      const minute = Math.floor((Date.parse(timestamp) - since) / 60_000)
      if (decision === effect && row[minute] !== undefined) row[minute] += 1
    }
    return row
  })
  return [minutes, ...counts]
}
