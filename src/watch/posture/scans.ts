import { messageOf } from '../../core/error.ts'
import type { Finding } from '../../core/incident.ts'
import { isAtLeast } from '../../core/risk.ts'
import { AREAS, scoreOf, type Area, type AreaReport, type Scan, type Weakness } from './report.ts'

export interface ScansOptions {
  readonly scans: Readonly<Record<Area, Scan>>
  readonly raise: (finding: Finding) => void
  readonly now: () => number
  readonly monotonicMs: () => number
  /** 0: only when asked. */
  readonly intervalMs: number
  /** One area may take so long. */
  readonly timeoutMs: number
  /** Between 0 and 1, so that many machines do not all look at once. */
  readonly random: () => number
  /** What a scheduled scan does with what it found. */
  readonly after?: (reports: readonly AreaReport[]) => Promise<void>
}

const JITTER = 0.1

/** Looks the machine over: by a schedule, and when asked. One area is never looked over twice at once. */
export class Scans {
  readonly #options: ScansOptions
  readonly #last = new Map<Area, AreaReport>()
  readonly #going = new Map<Area, Promise<AreaReport>>()
  /** What was told and still is so. */
  readonly #told = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: ScansOptions) {
    this.#options = options
  }

  begin(): void {
    const { intervalMs, random } = this.#options
    if (intervalMs === 0 || this.#isClosed) return
    const waitMs = intervalMs * (1 - JITTER + 2 * JITTER * random())
    this.#timer = setTimeout(() => void this.#scheduled(), waitMs).unref()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** One after the other, so that the machine is not kept busy. */
  async run(areas: readonly Area[] = AREAS): Promise<AreaReport[]> {
    const reports: AreaReport[] = []
    for (const area of areas) reports.push(await this.#once(area))
    return reports
  }

  /** What the last look found; areas nobody has looked over are not among them. */
  last(): readonly AreaReport[] {
    return [...this.#last.values()]
  }

  async #scheduled(): Promise<void> {
    try {
      const reports = await this.run()
      await this.#options.after?.(reports)
    } catch (error) {
      this.#options.raise(failure('all', messageOf(error), this.#options.now()))
    } finally {
      this.begin()
    }
  }

  #once(area: Area): Promise<AreaReport> {
    const going = this.#going.get(area) ?? this.#look(area).finally(() => this.#going.delete(area))
    this.#going.set(area, going)
    return going
  }

  async #look(area: Area): Promise<AreaReport> {
    const { scans, now, monotonicMs, raise } = this.#options
    const began = monotonicMs()
    const report = (found: Pick<AreaReport, 'weaknesses' | 'notes' | 'failed'>): AreaReport => {
      const score = scoreOf(found.weaknesses)
      return { area, at: now(), durationMs: Math.round(monotonicMs() - began), score, ...found }
    }
    try {
      const looked = await inTime(scans[area], this.#options.timeoutMs)
      this.#tell(area, looked.weaknesses)
      this.#last.set(area, report(looked))
    } catch (error) {
      const failed = messageOf(error)
      raise(failure(area, failed, now()))
      this.#last.set(area, report({ weaknesses: [], notes: [], failed }))
    }
    return this.#last.get(area)!
  }

  /** Once for as long as it is so; what was mended and comes back is told again. */
  #tell(area: Area, weaknesses: readonly Weakness[]): void {
    const found = new Map(weaknesses.map((each) => [`${area}:${each.id}:${each.subject}`, each]))
    for (const key of this.#told) if (key.startsWith(`${area}:`) && !found.has(key)) this.#told.delete(key)
    for (const [key, weakness] of found) {
      if (this.#told.has(key)) continue
      this.#told.add(key)
      const finding = findingOf(weakness, this.#options.now())
      if (finding !== undefined) this.#options.raise(finding)
    }
  }
}

/** @throws Error when it takes too long; it is told to end, and waited for no longer */
async function inTime(scan: Scan, timeoutMs: number): Promise<Awaited<ReturnType<Scan>>> {
  const controller = new AbortController()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Error(`it took longer than ${timeoutMs / 1000} s (posture.timeout)`))
    controller.abort()
  }, timeoutMs)
  try {
    return await Promise.race([scan(controller.signal), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** What is low is for the report, not for an alert. */
function findingOf({ id, severity, what, fix, subject, area }: Weakness, at: number): Finding | undefined {
  if (severity === 'info' || !isAtLeast(severity, 'medium')) return undefined
  return {
    ...{ rule: `posture.${id}`, source: 'posture', severity, summary: what, at },
    ...{ key: `posture:${id}:${subject}`, evidence: { area, subject, fix } },
  }
}

function failure(area: string, why: string, at: number): Finding {
  return {
    ...{ rule: 'posture.scan-failed', source: 'posture', severity: 'medium', at },
    summary: `the scan of ${area} failed: ${why}`,
    ...{ key: `posture:scan-failed:${area}`, evidence: { area, why } },
  }
}
