/** Processor time, which says the same on a busy machine as on a quiet one. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'

/** Linux counts in hundredths of a second, whatever the machine. */
const TICK_MS = 10

/** What a process has used so far, in milliseconds: its own work and the system's for it. */
export function processorMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Tells what the thread of a page has used since this was called, in milliseconds: script, style, layout. */
export async function threadMs(page: Page): Promise<() => Promise<number>> {
  const line = await page.context().newCDPSession(page)
  await line.send('Performance.enable', { timeDomain: 'threadTicks' })
  const read = async (): Promise<number> => {
    const { metrics } = await line.send('Performance.getMetrics')
    const found = metrics.find(({ name }) => name === 'TaskDuration')
    if (found === undefined) throw new Error('the browser tells no processor time')
    return found.value * 1000
  }
  const before = await read()
  return async () => {
    const spent = (await read()) - before
    await line.detach()
    return spent
  }
}
