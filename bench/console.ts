/**
 * The console in a real browser, before a real daemon: what the first page loads, how long the record takes to answer
 * and how smoothly it scrolls with a million entries in it, and what the page does while 100,000 events come in a
 * minute: how late an event is shown, whether the page still answers, and whether every event was told or counted.
 * Beside the times stands the processor time that Warder's own part took: that of the daemon and of the page's thread.
 */
import { setTimeout } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { browser, openConsole, visit, whyNoBrowser } from '../test/kit/browser.ts'
import { consoleOf, listenTo, type Visit } from '../test/kit/console.ts'
import { house } from '../test/kit/house.ts'
import { configure, owner, type Owner } from '../test/kit/owner.ts'
import { at, BENCH, frames, round, spread, WATCH } from './console-figures.ts'
import { APART_MS, manyEntries } from './console-ledger.ts'
import { processorMs, threadMs } from './console-processor.ts'
import type { BenchResult } from './result.ts'

const ROWS = 1_000_000
const QUERIES = 40
const SCROLL_MS = 15_000
const SINGLE_EVENTS = 100
/** The page is looked at from outside, and a row of a hundred may be missed; what was lost is counted in the flood. */
const LEAST_NOTICED = 0.9
const EVENTS = 100_000
const FLOOD_SECONDS = 60
const MOST_UNDER_WAY = 64
/** A writer that needs longer than this is cut short, and the goal missed. */
const FLOOD_MOST_SECONDS = 150
const SETTLED_MOST_MS = 30_000
const FIRST_LOAD_BYTES = 200_000
/** What is asked for is allowed: agents that are refused so often are stopped, and then nothing would come any more. */
const POLICY = `version: 1
rules:
  - {id: srv, agents: ["*"], effect: allow, capabilities: ["fs:read:/srv/**"], reason: open to all}
`

export async function run(): Promise<BenchResult[]> {
  const missing = whyNoBrowser()
  if (missing !== undefined) throw new Error(missing)
  const closing: (() => unknown)[] = []
  const after = { after: (fn: () => unknown) => void closing.push(fn) }
  try {
    const home = house(after as Parameters<typeof house>[0])
    configure(home, 'policy.yaml', POLICY)
    step(`${ROWS.toLocaleString('en')} entries are written`)
    await manyEntries(home, ROWS)
    const me = await owner(after, home, ['watch.boundary=off', 'watch.host=off'])
    const site = await openConsole(me)
    const mine = await (await consoleOf(after, me)).enter()
    const by = await browser(after)
    const { page, result } = await firstLoad(by, await site.link())
    const results = [result]
    step('pages of the record')
    results.push(...(await queries(mine)))
    step('scrolling')
    results.push(...(await scrolling(page, site.url)))
    step('single events')
    results.push(...(await single(page, site.url, me)))
    step(`${EVENTS.toLocaleString('en')} events in ${FLOOD_SECONDS} s`)
    const heard = await listenTo(await consoleOf(after, me), mine)
    results.push(...(await flood(page, me, heard, home.daemonPid() ?? 0)))
    return results
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

function step(what: string): void {
  console.error(`  ${what}`)
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

async function scrolling(page: Page, url: string): Promise<BenchResult[]> {
  await page.goto(`${url}record`)
  await page
    .getByRole('region', { name: /Entries/ })
    .getByRole('button')
    .first()
    .waitFor()
  const still = await frames(page, SCROLL_MS / 3, '')
  const spent = await threadMs(page)
  const moved = await frames(page, SCROLL_MS, `document.querySelector('.rows').scrollTop += 160`)
  const passed = await page.evaluate<number>(`document.querySelector('.rows').scrollTop / 32`)
  const busyMs = await spent()
  if (passed < 300) throw new Error(`only ${passed} rows were scrolled past`)
  return [
    {
      ...spread('a frame while the record scrolls, five rows each', moved, 'p99 below 50 ms', 50),
      ...{ ratio: round(at(moved, 0.5) / at(still, 0.5)), against: 'the same page standing still' },
    },
    { bench: BENCH, name: 'rows scrolled past meanwhile', unit: 'rows', value: Math.round(passed) },
    {
      ...{ bench: BENCH, name: 'processor time of the page for a frame while it scrolls', unit: 'ms' },
      value: round(busyMs / moved.length),
    },
  ]
}

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
  const least = SINGLE_EVENTS * LEAST_NOTICED
  if (delays.length < least) throw new Error(`${delays.length} of ${SINGLE_EVENTS} were shown`)
  return [spread('from the record to the page, ten events a second', delays, 'p99 at most 200 ms', 200)]
}

type Heard = Awaited<ReturnType<typeof listenTo>>

/** Many events, and a page that follows them; another listener counts whether each was told or counted. */
async function flood(page: Page, me: Owner, heard: Heard, daemon: number): Promise<BenchResult[]> {
  await page.evaluate(WATCH)
  const before = await settled(heard, 0)
  const [daemonBeforeMs, ofPage] = [processorMs(daemon), await threadMs(page)]
  const drawn = frames(page, FLOOD_SECONDS * 1000, '')
  const clicks = clicking(page)
  const { sent, seconds } = await write(me)
  const [times, answers] = [await drawn, await clicks]
  const delays = await page.evaluate<number[]>('window.delays')
  const [daemonMs, pageMs] = [processorMs(daemon) - daemonBeforeMs, await ofPage()]
  const told = (await settled(heard, before + sent)) - before
  if (told < sent) throw new Error(`${told} of ${sent} events were told or counted`)
  heard.close()
  const many = `${EVENTS.toLocaleString('en')} events in a minute`
  const least = EVENTS / (FLOOD_SECONDS * 1.1)
  return [
    {
      ...{ bench: BENCH, name: `${many}: written, and each told or counted`, unit: 'events/s' },
      ...{
        value: Math.round(sent / seconds),
        goal: `at least ${Math.round(least)}`,
        ok: sent / seconds >= least,
      },
    },
    spread(`${many}: from the record to the page, of those shown`, delays, 'p99 at most 200 ms', 200),
    spread(`${many}: a frame of the page`, times, 'p99 below 100 ms', 100),
    spread(`${many}: from a click to what it opens`, answers, 'p99 below 1000 ms', 1000),
    {
      ...{ bench: BENCH, name: `${many}: processor time of the daemon for each`, unit: 'µs' },
      value: Math.round((daemonMs * 1000) / sent),
    },
    {
      ...{ bench: BENCH, name: `${many}: processor time of the page for a second`, unit: 'ms' },
      value: Math.round(pageMs / seconds),
    },
  ]
}

async function write(me: Owner): Promise<{ readonly sent: number; readonly seconds: number }> {
  const start = performance.now()
  const underWay = new Set<Promise<unknown>>()
  let sent = 0
  while (sent < EVENTS) {
    const due = Math.min(EVENTS, Math.floor(((performance.now() - start) / 1000) * (EVENTS / FLOOD_SECONDS)))
    while (sent < due && underWay.size < MOST_UNDER_WAY) {
      const one = me.call('decide', { as: `agent-${sent % 50}`, capability: `fs:read:/srv/flood/${sent}` })
      sent += 1
      underWay.add(one)
      void one.finally(() => underWay.delete(one))
    }
    await (sent < due ? Promise.race(underWay) : setTimeout(2))
    if (performance.now() - start > FLOOD_MOST_SECONDS * 1000) break
  }
  await Promise.all(underWay)
  return { sent, seconds: (performance.now() - start) / 1000 }
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

/** How many entries a listener was told of, one by one or counted, once it is `wanted` and no more come for a while. */
async function settled(heard: Heard, wanted: number): Promise<number> {
  const end = performance.now() + SETTLED_MOST_MS
  let told = toldTo(heard)
  for (let before = -1; performance.now() < end && (told !== before || told < wanted); told = toldTo(heard)) {
    before = told
    await setTimeout(1500)
  }
  return told
}

function toldTo({ events }: Heard): number {
  return events.reduce((sum, { event, data }) => {
    if (event === 'coalesced') return sum + Number(data['count'])
    return event === 'entry' ? sum + 1 : sum
  }, 0)
}
