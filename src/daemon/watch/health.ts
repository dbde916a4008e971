import { readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { HealthAnswer } from '../../api/health.ts'
import { messageOf, systemCode } from '../../core/error.ts'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import {
  derive,
  exposition,
  METRICS_MEDIA_TYPE,
  RecordCounts,
  SloTracker,
  type Component,
} from '../../watch/health/index.ts'
import type { Handlers } from '../http/app.ts'
import { gauges } from './health-families.ts'
import {
  approvalsPart,
  diskPart,
  egressPart,
  ESSENTIAL,
  hooksPart,
  ledgerPart,
  mcpPart,
  policyPart,
  sandboxPart,
  secretsPart,
  supervisorPart,
  type Disk,
} from './health-parts.ts'
import { openMetricsPort } from './health-port.ts'
import type { WatchOptions } from './wire.ts'

export interface HealthOptions extends WatchOptions {
  /** What the other watchers say of themselves, each as one part. */
  readonly parts: () => readonly Component[]
  /** How many cycles detection has run. */
  readonly cycles: () => number
  /** Where texts are looked into with less than everything. */
  readonly textNotes: () => readonly string[]
}

const SAVE_EVERY_MS = 60_000
const PAGE = 512
/** Entries that are counted in one go; what is left waits for the next look. */
const MOST_AT_ONCE = 20_000
/** Told in `status` too, where nothing else tells of them. */
const NOT_ELSEWHERE = new Set(['mcp', 'disk', 'emergency'])

/** How Warder itself is: every part, its objectives, and the numbers of it. */
export class Health {
  readonly #options: HealthOptions
  readonly #slo: SloTracker
  readonly #counts: RecordCounts
  readonly #startedAt: number
  readonly #timers: NodeJS.Timeout[] = []
  #read: number
  #stuckAt: number | undefined
  #cycles = { count: 0, dueMs: 0 }
  #savedChanges = 0
  #savedAt = 0
  #problem: string | undefined
  #closePort: () => void = () => undefined

  constructor(options: HealthOptions) {
    this.#options = options
    const now = () => options.clock.now()
    this.#slo = new SloTracker(now)
    this.#counts = new RecordCounts(this.#slo)
    this.#startedAt = now()
    this.#read = options.ledger.head().seq
  }

  get handlers(): Pick<Handlers, 'health' | 'metrics'> {
    return { health: () => this.answer(), metrics: async () => ({ text: await this.metrics() }) }
  }

  /** @throws HealthError when the port that was asked for cannot be opened */
  async begin(): Promise<void> {
    const { values, lost } = this.#options
    this.#restore()
    this.#cycles = {
      count: this.#options.cycles(),
      dueMs: this.#options.clock.monotonicMs() + 3 * values['detect.interval'],
    }
    this.#timers.push(setInterval(() => this.#sample(), values['health.sample']).unref())
    const port = values['health.metrics_port']
    if (port === 0) return
    const json = async () => ({ type: 'application/json', text: JSON.stringify(await this.answer()) })
    const text = async () => ({ type: METRICS_MEDIA_TYPE, text: await this.metrics() })
    this.#closePort = await openMetricsPort({
      ...{ port, tokenFile: values['health.metrics_token'], bug: lost },
      pages: { '/metrics': text, '/health': json },
    })
  }

  async answer(): Promise<HealthAnswer> {
    this.#catchUp()
    const components = await this.#components()
    return {
      overall: derive(components, ESSENTIAL),
      at: new Date(this.#options.clock.now()).toISOString(),
      components,
      slo: this.#slo.report(),
    }
  }

  async metrics(): Promise<string> {
    const { ledger, live, stops, version } = this.#options
    const answer = await this.answer()
    const { head, waiting, checkpointed, indexed } = ledger.health()
    const now = { version, runs: live().length, isStopped: isStopped(stops), startedAt: this.#startedAt }
    const known = gauges(answer, { ...now, ledger: { seq: head.seq, waiting, checkpointed, indexed } })
    return exposition([...known, ...this.#counts.families()])
  }

  /** Adds to the status how everything is together, and what nothing else in it tells. */
  inStatus<H extends Pick<Handlers, 'status'>>(handlers: H): H {
    const status: Handlers['status'] = async (input, caller) => {
      const answer = await handlers.status(input, caller)
      const components = await this.#components()
      const notWell = components.filter(({ state }) => state !== 'ok' && state !== 'off')
      const untold = notWell.filter(({ name }) => NOT_ELSEWHERE.has(name))
      return {
        ...answer,
        health: { overall: derive(components, ESSENTIAL), notWell },
        degraded: [...answer.degraded, ...untold.map(({ name, why }) => `${name}: ${why}`)],
      }
    }
    return { ...handlers, status }
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#closePort()
    this.#save()
  }

  async #components(): Promise<Component[]> {
    const { values, ledger, engine, driver, out, secrets, mcp, approving } = this.#options
    const { policyFile, hookWarnings, parts, textNotes } = this.#options
    const looks: readonly (readonly [string, () => Component | Promise<Component>])[] = [
      ['ledger', () => ledgerPart(ledger.health())],
      ['policy', () => policyPart(engine.policy().source.value.rules?.length ?? 0, policyFile.problem())],
      ['sandbox', async () => sandboxPart(await driver.lastProbe())],
      ['egress', () => egressPart(out.facts())],
      ['secrets', () => secretsPart(secrets.facts())],
      ['mcp', () => mcpPart(mcp.facts(), textNotes())],
      ['approvals', () => approvalsPart(approving.facts())],
      ['hooks', () => hooksPart(hookWarnings())],
      ['supervisor', () => supervisorPart(supervisorOf(values['paths.runtime']))],
      ['disk', () => this.#disk()],
      ['objectives', () => this.#objectives()],
    ]
    const seen = await Promise.all(looks.map(([name, look]) => looked(name, look)))
    return [...seen, ...(await lookedAll(parts))]
  }

  #disk(): Component {
    const { values } = this.#options
    const paths = ['paths.state', 'audit.directory', 'paths.runtime'] as const
    const disks = paths.map((key) => diskOf(values[key]))
    return diskPart(disks, values['health.disk_warn'], values['health.disk_fail'])
  }

  #objectives(): Component {
    const missed = this.#slo.report().filter(({ state }) => state === 'missed')
    const why = missed.map(({ name, good, total }) => `${name}: ${good} of ${total} samples were good`)
    const problem = this.#problem === undefined ? [] : [this.#problem]
    const all = [...why, ...problem]
    const fix = 'warder health shows each of them'
    return all.length === 0
      ? { name: 'objectives', state: 'ok', why: 'none is missed' }
      : { name: 'objectives', state: 'degraded', why: all.join('; '), fix }
  }

  /** Whether decisions could be made and recorded just now; and what the record tells since the last look. */
  #sample(): void {
    const { ledger, engine, lost } = this.#options
    try {
      const { ok, head, waiting } = ledger.health()
      // something waits, and nothing was written since we looked the last time: it hangs, whatever it says of itself
      const isStuck = waiting > 0 && head.seq === this.#stuckAt
      this.#stuckAt = waiting > 0 ? head.seq : undefined
      this.#slo.count('ledger-append', ok && !isStuck)
      this.#slo.count('decision-availability', ok && !isStuck && engine.policy() !== undefined)
      this.#detection()
      this.#catchUp()
      if (this.#options.clock.now() - this.#savedAt >= SAVE_EVERY_MS) this.#save()
    } catch (error) {
      lost(error)
    }
  }

  /** One sample for each cycle that ran, and one that is bad for each that should have run by now and did not. */
  #detection(): void {
    const { cycles, clock, values } = this.#options
    const [count, nowMs] = [cycles(), clock.monotonicMs()]
    const allowedMs = 2 * values['detect.interval'] + values['health.sample']
    const ran = count - this.#cycles.count
    for (let each = 0; each < ran; each += 1) this.#slo.count('detection-cycle', true)
    const isLate = ran === 0 && nowMs >= this.#cycles.dueMs
    if (isLate) this.#slo.count('detection-cycle', false)
    if (ran > 0 || isLate) this.#cycles = { count, dueMs: nowMs + allowedMs }
  }

  #catchUp(): void {
    const { ledger } = this.#options
    const until = Math.min(ledger.head().seq, this.#read + MOST_AT_ONCE)
    while (this.#read < until) {
      const page = ledger.read(this.#read, PAGE)
      for (const entry of page) this.#counts.see(entry)
      const last = page.at(-1)?.seq
      if (last === undefined) return
      this.#read = last
    }
  }

  get #path(): string {
    return join(this.#options.values['paths.state'], 'health', 'objectives.json')
  }

  #restore(): void {
    try {
      const text = readPrivateFile(this.#path)?.toString()
      if (text !== undefined) this.#slo.restore(text)
    } catch (error) {
      this.#problem = `samples of earlier days were not read: ${messageOf(error)}`
    }
    this.#savedAt = this.#options.clock.now()
    this.#savedChanges = this.#slo.changes
  }

  #save(): void {
    this.#savedAt = this.#options.clock.now()
    if (this.#slo.changes === this.#savedChanges) return
    try {
      ensurePrivateDirectory(join(this.#options.values['paths.state'], 'health'))
      writeFileAtomic(this.#path, this.#slo.saved())
      this.#savedChanges = this.#slo.changes
    } catch (error) {
      this.#options.lost(error)
    }
  }
}

/** A part that cannot even be looked at is unknown, and says why. */
async function looked(name: string, look: () => Component | Promise<Component>): Promise<Component> {
  try {
    return await look()
  } catch (error) {
    return { name, state: 'unknown', why: messageOf(error) }
  }
}

async function lookedAll(parts: () => readonly Component[]): Promise<readonly Component[]> {
  try {
    return parts()
  } catch (error) {
    return [{ name: 'watchers', state: 'unknown', why: messageOf(error) }]
  }
}

function diskOf(path: string): Disk {
  try {
    const { blocks, bfree, bavail } = statfsSync(path)
    const used = blocks - bfree
    return used + bavail === 0 ? { path } : { path, used: (100 * used) / (used + bavail) }
  } catch {
    return { path }
  }
}

const HolderShape = z.object({ supervisor: z.int().min(2).optional() })

/** @returns its pid, when it runs */
function supervisorOf(runtimeDirectory: string): number | undefined {
  const text = readFileSync(join(runtimeDirectory, 'daemon.json'), 'utf8')
  const { supervisor } = HolderShape.parse(JSON.parse(text))
  if (supervisor === undefined) return undefined
  try {
    process.kill(supervisor, 0)
  } catch (error) {
    if (systemCode(error) === 'ESRCH') throw new Error(`the supervisor (pid ${supervisor}) is gone`)
  }
  return supervisor
}

/** A stop file that cannot be read stops everything. */
function isStopped(stops: WatchOptions['stops']): boolean {
  try {
    return stops.read().all !== undefined
  } catch {
    return true
  }
}
