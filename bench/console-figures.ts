/** How what happens in the page becomes figures. */
import type { Page } from 'playwright-core'
import type { BenchResult } from './result.ts'

export const BENCH = 'console'

/** Times between frames, in milliseconds, while `work` is done in each. */
export function frames(page: Page, forMs: number, work: string): Promise<number[]> {
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
    setTimeout(() => done(times), ${forMs + 30_000})
  })`)
}

/** Notes in the page how old each entry is when it is first drawn. */
export const WATCH = `(() => {
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

export function spread(name: string, values: readonly number[], goal: string, mostMs: number): BenchResult {
  const [p50, p99] = [round(at(values, 0.5)), round(at(values, 0.99))]
  return { bench: BENCH, name, unit: 'ms', value: p50, p50, p99, goal, ok: at(values, 0.99) <= mostMs }
}

export function at(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

export function round(value: number): number {
  return Math.round(value * 10) / 10
}
