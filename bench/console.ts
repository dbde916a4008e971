/**
 * The console in a real browser, before a real daemon: what the first page loads, how long the record takes to answer
 * and how smoothly it scrolls with a million entries in it, and what the page does while 100,000 events come in a
 * minute: how late an event is shown, whether the page still answers, and whether every event was told or counted.
 */
import { setTimeout } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { browser, openConsole, visit, whyNoBrowser } from '../test/kit/browser.ts'
import { consoleOf, listenTo, type Visit } from '../test/kit/console.ts'
import { house } from '../test/kit/house.ts'
import { owner, type Owner } from '../test/kit/owner.ts'
import { APART_MS, fillLedger } from './console-ledger.ts'
import type { BenchResult } from './result.ts'

const BENCH = 'console'
const ROWS = 1_000_000
const QUERIES = 40
const SCROLL_MS = 15_000
const SINGLE_EVENTS = 100
const EVENTS = 100_000
const FLOOD_SECONDS = 60
const MOST_UNDER_WAY = 64
const FIRST_LOAD_BYTES = 200_000

export async function run(): Promise<BenchResult[]> {
  const missing = whyNoBrowser()
  if (missing !== undefined) throw new Error(missing)
  const closing: (() => unknown)[] = []
  const after = { after: (fn: () => unknown) => void closing.push(fn) }
  try {
    const home = house(after as Parameters<typeof house>[0])
    await fillLedger(home, ROWS)
    const me = await owner(after, home, ['watch.boundary=off', 'watch.host=off'])
    const site = await openConsole(me)
    const mine = await (await consoleOf(after, me)).enter()
    const by = await browser(after)
    const first = await firstLoad(by, await site.link())
    return [
      first.result,
      ...(await queries(mine)),
      ...(await scrolling(first.page, site.url)),
      ...(await single(first.page, site.url, me)),
      ...(await flood(first.page, me, await listenTo(await consoleOf(after, me), mine))),
    ]
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

/** From a link of the terminal to the page Now, in a browser that has nothing of it yet. */
async function firstLoad(by: Browser, link: string): Promise<{ page: Page; result: BenchResult }> {
  const { page } = await visit(by)
  const line = await page.context().newCDPSession(page)
  await line.send('Network.enable')
  const scripts = new Set<string>()
  let bytes = 0
  line.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.add(requestId))
  line.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength
  })
  await page.goto(link)
  await page.getByRole('table', { name: 'The newest entries of the record' }).waitFor()
  const goal = `script below ${FIRST_LOAD_BYTES / 1000} kB, compressed`
  const name = 'script the first page loads'
  return {
    page,
    result: {
      bench: BENCH,
      name,
      unit: 'kB',
      value: round(bytes / 1000),
      goal,
      ok: bytes < FIRST_LOAD_BYTES,
    },
  }
}

/** A page of the record through the console, with the gate's question and the entry about looking. */
async function queries(mine: Visit): Promise<BenchResult[]> {
  const middle = new Date(Date.now() - (ROWS * APART_MS) / 2).toISOString()
  const asked = [
    ['the newest 500', 'limit=500'],
    ['500 in the middle', `limit=500&until=${encodeURIComponent(middle)}`],
    ['500 of one agent', 'limit=500&agent=agent-7'],
    ['500 refusals', 'limit=500&decision=deny'],
  ] as const
  const results: BenchResult[] = []
  for (const [what, query] of asked) {
    const times: number[] = []
    for (let nth = 0; nth < QUERIES; nth += 1) {
      const before = performance.now()
      const { json } = await mine.get(`/v1/audit?${query}`)
      times.push(performance.now() - before)
      const { entries } = json as { entries?: unknown[] }
      if (entries?.length !== 500) throw new Error(`${what}: ${entries?.length} entries`)
    }
    results.push(spread(`${ROWS.toLocaleString('en')} entries: ${what}`, times, 'p99 below 500 ms', 500))
  }
  return results
}

/** Times between frames, in milliseconds, while `work` is done in each. */
function frames(page: Page, forMs: number, work: string): Promise<number[]> {
  return page.evaluate<number[]>(`new Promise((done) => {
    const times = []
    let last
    const end = performance.now() + ${forMs}
    const step = (now) => {
      if (last !== undefined) times.push(now - last)
      last = now
      ${work}
      if (now < end) requestAnimationFrame(step)
      else done(times)
    }
    requestAnimationFrame(step)
  })`)
}

async function scrolling(page: Page, url: string): Promise<BenchResult[]> {
  await page.goto(`${url}record`)
  await page
    .getByRole('region', { name: /Entries/ })
    .getByRole('button')
    .first()
    .waitFor()
  const still = await frames(page, SCROLL_MS / 3, '')
  const moved = await frames(page, SCROLL_MS, `document.querySelector('.rows').scrollTop += 160`)
  const passed = await page.evaluate<number>(`document.querySelector('.rows').scrollTop / 32`)
  if (passed < 1000) throw new Error(`only ${passed} rows were scrolled past`)
  return [
    {
      ...spread('a frame while the record scrolls, five rows each', moved, 'p99 below 50 ms', 50),
      ...{ ratio: round(at(moved, 0.5) / at(still, 0.5)), against: 'the same page standing still' },
    },
    { bench: BENCH, name: 'rows scrolled past meanwhile', unit: 'rows', value: Math.round(passed) },
  ]
}

/** Notes in the page how old each entry is when it is first drawn. */
const WATCH = `(() => {
  const seen = new Set()
  window.delays = []
  const look = (isFirst) => {
    for (const row of document.querySelectorAll('.table tbody tr')) {
      const entry = row.querySelector('a[href*="entry="]')?.textContent
      const time = row.querySelector('time')?.dateTime
      if (entry === undefined || time === undefined || seen.has(entry)) continue
      seen.add(entry)
      if (!isFirst) window.delays.push(Date.now() - Date.parse(time))
    }
  }
  look(true)
  window.watching?.disconnect()
  window.watching = new MutationObserver(() => look(false))
  window.watching.observe(document.body, { childList: true, subtree: true })
})()`

async function single(page: Page, url: string, me: Owner): Promise<BenchResult[]> {
  await me.call('decide', { as: 'the-first', capability: 'fs:read:/srv/x' })
  await page.goto(url)
  await page.getByRole('table', { name: 'The newest entries of the record' }).waitFor()
  await page.evaluate(WATCH)
  for (let nth = 0; nth < SINGLE_EVENTS; nth += 1) {
    await me.call('decide', { as: `single-${nth}`, capability: 'fs:read:/srv/x' })
    await setTimeout(100)
  }
  await page
    .getByText(`single-${SINGLE_EVENTS - 1}`)
    .first()
    .waitFor()
  const delays = await page.evaluate<number[]>('window.delays')
  if (delays.length < SINGLE_EVENTS) throw new Error(`${delays.length} of ${SINGLE_EVENTS} were shown`)
  return [spread('from the record to the page, ten events a second', delays, 'p99 at most 200 ms', 200)]
}

type Heard = Awaited<ReturnType<typeof listenTo>>

/** Many events, and a page that follows them; another listener counts whether each was told or counted. */
async function flood(page: Page, me: Owner, heard: Heard): Promise<BenchResult[]> {
  await page.evaluate(WATCH)
  const before = await settled(heard)
  const drawn = frames(page, FLOOD_SECONDS * 1000, '')
  const clicks = clicking(page)
  const seconds = await write(me)
  const [times, answers] = [await drawn, await clicks]
  const delays = await page.evaluate<number[]>('window.delays')
  const told = (await settled(heard)) - before
  if (told < EVENTS) throw new Error(`${told} of ${EVENTS} events were told or counted`)
  heard.close()
  const many = `${EVENTS.toLocaleString('en')} events in a minute`
  const least = EVENTS / (FLOOD_SECONDS * 1.1)
  return [
    {
      ...{ bench: BENCH, name: `${many}: written, and each told or counted`, unit: 'events/s' },
      ...{
        value: Math.round(EVENTS / seconds),
        goal: `at least ${Math.round(least)}`,
        ok: EVENTS / seconds >= least,
      },
    },
    spread(`${many}: from the record to the page, of those shown`, delays, 'p99 at most 200 ms', 200),
    spread(`${many}: a frame of the page`, times, 'p99 below 100 ms', 100),
    spread(`${many}: from a click to what it opens`, answers, 'p99 below 1000 ms', 1000),
  ]
}

/** @returns seconds it took */
async function write(me: Owner): Promise<number> {
  const start = performance.now()
  const underWay = new Set<Promise<unknown>>()
  for (let sent = 0; sent < EVENTS;) {
    const due = Math.min(EVENTS, Math.floor(((performance.now() - start) / 1000) * (EVENTS / FLOOD_SECONDS)))
    while (sent < due && underWay.size < MOST_UNDER_WAY) {
      const one = me.call('decide', { as: `agent-${sent % 50}`, capability: `fs:read:/srv/flood/${sent}` })
      sent += 1
      underWay.add(one)
      void one.finally(() => underWay.delete(one))
    }
    await (sent < due ? Promise.race(underWay) : setTimeout(2))
  }
  await Promise.all(underWay)
  return (performance.now() - start) / 1000
}

/** Opens the list of keys and closes it again, a few times. @returns milliseconds until it was open, each */
async function clicking(page: Page): Promise<number[]> {
  const times: number[] = []
  for (let nth = 0; nth < 10; nth += 1) {
    await setTimeout((FLOOD_SECONDS * 1000) / 12)
    const before = performance.now()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    times.push(performance.now() - before)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' })
  }
  return times
}

/** How many entries a listener was told of, one by one or counted, once no more come. */
async function settled({ events }: Heard): Promise<number> {
  for (let known = -1; known !== events.length;) {
    known = events.filter(({ event }) => event !== 'beat').length
    await setTimeout(1500)
    if (known === events.filter(({ event }) => event !== 'beat').length) break
  }
  return events.reduce((sum, { event, data }) => {
    if (event === 'coalesced') return sum + Number(data['count'])
    return event === 'entry' ? sum + 1 : sum
  }, 0)
}

function spread(name: string, values: readonly number[], goal: string, mostMs: number): BenchResult {
  const [p50, p99] = [round(at(values, 0.5)), round(at(values, 0.99))]
  return { bench: BENCH, name, unit: 'ms', value: p50, p50, p99, goal, ok: at(values, 0.99) <= mostMs }
}

function at(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
