import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { messageOf } from '../../core/error.ts'
import { parseSeen, type Seen } from './seen.ts'

/** A run as the lookout must know it. */
export interface Followed {
  readonly runId: string
  readonly init: { readonly pid: number; readonly startTime: string }
  /** Where it may write, as paths of the host. */
  readonly may: readonly string[]
  /** What nobody else should be writing to while it lasts. */
  readonly trees: readonly string[]
}

export interface HostOrders {
  /** Files and directories that name programs which start by themselves. */
  readonly places: readonly string[]
  readonly scanPorts: number
  readonly scanWindowMs: number
}

export interface LookoutOptions {
  /** Opens the program; whoever gets the descriptor closes it. @throws when it was not built, or is another file */
  readonly open: () => number
  /** Warder's own places. */
  readonly own: readonly string[]
  readonly onSeen: (seen: Exclude<Seen, { kind: 'source' | 'ready' }>) => void
  /** Told when it ended though it was wanted. */
  readonly onEnded: (why: string) => void
  readonly lingerMs?: number
}

/** Whether a source of what is seen works now, and why not. */
export interface SourceFact {
  readonly name: string
  readonly inForce: boolean
  readonly why?: string
}

const LINGER_MS = 10_000
/** Nobody who waits for it to know a run waits longer. */
const LONGEST_WAIT_MS = 100
const RESTART_MS = 500
/** In a row, each shortly after it began: then the sources are said not to be in force, and it is tried less often. */
const MOST_RESTARTS = 5
const SLOW_RESTART_MS = 60_000
const STEADY_MS = 30_000
const LONGEST_LINE = 64 * 1024

/**
 * Keeps the program that sees what happens at the borders of runs, and on request on the host: it begins with the first
 * run, ends a while after the last, and is started again when somebody ends it.
 */
export class Lookout {
  readonly #options: LookoutOptions
  readonly #runs = new Map<string, Followed>()
  readonly #sources = new Map<string, SourceFact>()
  /** Who waits for it to know a run. */
  readonly #waits = new Map<string, () => void>()
  #host: HostOrders | undefined
  #child: ChildProcess | undefined
  #resting: NodeJS.Timeout | undefined
  #waiting: NodeJS.Timeout | undefined
  #restarts = 0
  #problem: string | undefined
  #isClosed = false

  constructor(options: LookoutOptions) {
    this.#options = options
  }

  /** A run is about to begin: whoever starts it now does not wait for it then. */
  getReady(): void {
    if (this.#waiting === undefined) this.#start() // who was ended a moment ago rests first
    this.#restWhenIdle()
  }

  /** Resolves when the run is known, so that its first act is judged as its own; or soon, where nobody answers. */
  async follow(run: Followed): Promise<void> {
    const { runId } = run
    this.#runs.set(runId, run)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waits.set(runId, resolve)
    if (!this.#order(runOrders(run))) this.#start()
    if (this.#child === undefined) resolve()
    const timer = setTimeout(resolve, LONGEST_WAIT_MS)
    await promise
    clearTimeout(timer)
    this.#waits.delete(runId)
  }

  /** It has ended; nobody of it may be left. */
  forget(runId: string): void {
    if (!this.#runs.delete(runId)) return
    this.#order([['over', runId]])
    this.#restWhenIdle()
  }

  watchHost(orders: HostOrders): void {
    this.#host = orders
    if (!this.#order(hostOrders(orders))) this.#start()
  }

  /** What it sees through, as it is now; nothing is in force while it does not run. */
  sources(): readonly SourceFact[] {
    if (this.#problem !== undefined) return [{ name: 'lookout', inForce: false, why: this.#problem }]
    if (this.#child === undefined) return [{ name: 'lookout', inForce: false, why: 'no agent runs' }]
    return [...this.#sources.values()]
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#waiting)
    this.#end()
  }

  #start(): void {
    if (this.#isClosed || this.#child !== undefined) return
    clearTimeout(this.#waiting)
    this.#waiting = undefined
    try {
      this.#child = this.#spawn()
      this.#problem = undefined
    } catch (error) {
      this.#problem = messageOf(error)
      return
    }
    this.#order([
      ...this.#options.own.map((path) => ['own', path]),
      ...(this.#host === undefined ? [] : hostOrders(this.#host)),
      ...[...this.#runs.values()].flatMap(runOrders),
    ])
  }

  #spawn(): ChildProcess {
    const fd = this.#options.open()
    try {
      const child = spawn('/proc/self/fd/3', [], {
        ...{ argv0: 'warder-lookout', stdio: ['pipe', 'pipe', 'ignore', fd], cwd: '/', env: {} },
      })
      const began = performance.now()
      child.on('error', (error) => this.#ended(child, began, messageOf(error)))
      child.on('exit', (code, signal) => this.#ended(child, began, signal ?? `exit code ${code}`))
      child.stdin?.on('error', () => undefined) // its end is told by its exit
      this.#listen(child)
      // the daemon ends when it has nothing else to do
      child.unref()
      for (const end of [child.stdin, child.stdout]) if (end instanceof Socket) end.unref()
      return child
    } finally {
      closeSync(fd)
    }
  }

  #listen(child: ChildProcess): void {
    let held = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (held + chunk).split('\n')
      held = lines.pop() ?? ''
      if (held.length > LONGEST_LINE) held = ''
      for (const line of lines) this.#hear(child, line)
    })
  }

  #hear(child: ChildProcess, line: string): void {
    const seen = parseSeen(line)
    if (seen === undefined || child !== this.#child) return
    if (seen.kind === 'ready') return this.#waits.get(seen.run)?.()
    if (seen.kind !== 'source') return this.#options.onSeen(seen)
    const { name, inForce, why } = seen
    const known = this.#sources.get(name)
    // one file system that cannot be watched is said though others can
    if (known?.inForce === false && known.why !== why && inForce === 1) return
    this.#sources.set(name, { name, inForce: inForce === 1, why })
  }

  /** @returns false when there is nobody to tell */
  #order(orders: readonly (readonly string[])[]): boolean {
    clearTimeout(this.#resting)
    const { stdin } = this.#child ?? {}
    if (stdin === null || stdin === undefined) return false
    // a field that holds a NUL, which no path does, would be two
    const text = orders.map(
      (fields) => `${fields.map((field) => `${field.replaceAll('\0', '')}\0`).join('')}\0`,
    )
    stdin.write(text.join(''))
    return true
  }

  #restWhenIdle(): void {
    if (this.#runs.size > 0 || this.#host !== undefined) return
    clearTimeout(this.#resting)
    this.#resting = setTimeout(() => this.#end(), this.#options.lingerMs ?? LINGER_MS).unref()
  }

  #end(): void {
    const child = this.#child
    this.#child = undefined
    clearTimeout(this.#resting)
    child?.stdin?.end()
    child?.kill('SIGKILL')
    this.#sources.clear()
  }

  #ended(child: ChildProcess, began: number, why: string): void {
    if (child !== this.#child) return // we ended it
    this.#child = undefined
    this.#sources.clear()
    const wasSteady = performance.now() - began > STEADY_MS
    this.#restarts = wasSteady ? 0 : this.#restarts + 1
    this.#problem = `it ended (${why})`
    this.#options.onEnded(why)
    const isTooOften = this.#restarts > MOST_RESTARTS
    this.#waiting = setTimeout(() => this.#startIfWanted(), isTooOften ? SLOW_RESTART_MS : RESTART_MS).unref()
  }

  #startIfWanted(): void {
    if (this.#runs.size > 0 || this.#host !== undefined) this.#start()
  }
}

function runOrders({ runId, init, may, trees }: Followed): string[][] {
  return [
    ['run', runId, String(init.pid), init.startTime],
    ...may.map((path) => ['may', runId, path]),
    ...trees.map((path) => ['tree', runId, path]),
    ['ready', runId],
  ]
}

function hostOrders({ places, scanPorts, scanWindowMs }: HostOrders): string[][] {
  return [
    ['host'],
    ...places.map((path) => ['place', path]),
    ['scans', String(scanPorts), String(scanWindowMs)],
  ]
}
