import { appendFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../core/error.ts'
import { readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { openAside, type Aside } from './aside.ts'
import { alone, type Locked } from './lock.ts'
import { takeNotes } from './notes.ts'
import {
  merged,
  NO_STOPS,
  STOP_ERRORS,
  StopError,
  StopShape,
  withoutStop,
  withStop,
  type Stop,
  type Stops,
} from './stop.ts'

const StopsShape = z.strictObject({
  version: z.literal(1),
  all: StopShape.optional(),
  agents: z.record(z.string(), StopShape),
})

export interface StopStore {
  /** What is stopped now. Reads again whenever something changed. @throws StopError `STOP_UNREADABLE` */
  readonly read: () => Stops
  /**
   * A stop that cannot be written, on a full disk for one, holds in this process all the same.
   *
   * @param agent absent: all agents, manual mode
   * @throws FileError, StopError when it was not written
   */
  stop(agent: string | undefined, stop: Stop): Stops
  /** Replaces a file that cannot be understood by one that stops everything. */
  stopAll(stop: Stop): Stops
  /**
   * @param since of the stop that was looked at; one that was made after it stays in force
   * @throws StopError `STOP_NOT_IN_FORCE`, `STOP_CHANGED`, `STOP_BUSY`
   */
  resume(agent: string | undefined, since?: string): Stops
  /** Writes what {@link stop} could not, if there is such a thing. @throws like {@link stop} */
  writeLate(): void
  /** Keeps a line for the ledger until {@link takeNotes}: a stop made while no daemon could record it. */
  note(line: object): void
  /** The lines kept, oldest first, and forgets them once `write` has kept them elsewhere. */
  takeNotes(write: (line: unknown) => Promise<void>): Promise<number>
}

export interface StopStoreOptions {
  /** Whether something that outlives the stop file, such as the ledger, knows of a stop: then its absence is no answer. */
  readonly wasEverStopped?: boolean
  /** How long somebody else may be in the middle of a change before a stop goes on without waiting for him. */
  readonly lockWaitMs?: number
}

const LOCK_WAIT_MS = 500

const MARK = 'Warder wrote stop.json here. Should it be gone, every agent counts as stopped.\n'

/** @param directory a private directory that survives a restart */
export function createStopStore(directory: string, options: StopStoreOptions = {}): StopStore {
  return new FileStopStore(directory, options)
}

class FileStopStore implements StopStore {
  readonly #directory: string
  readonly #file: string
  readonly #mark: string
  readonly #aside: Aside
  readonly #lockWaitMs: number
  #seen: { readonly stamp: string; readonly stops: Stops } | undefined
  #mustExist: boolean
  #unwritten = NO_STOPS
  #isTaking = false

  constructor(directory: string, { wasEverStopped = false, lockWaitMs = LOCK_WAIT_MS }: StopStoreOptions) {
    this.#directory = directory
    this.#file = join(directory, 'stop.json')
    this.#mark = join(directory, 'stop.made')
    this.#aside = openAside(join(directory, 'stop-aside.jsonl'), stampOf)
    this.#lockWaitMs = lockWaitMs
    this.#mustExist = wasEverStopped
  }

  // handed on by itself, so it has to know whose it is
  readonly read = (): Stops => {
    const written = this.#readWritten()
    return this.#unwritten === NO_STOPS ? written : merged(written, this.#unwritten)
  }

  stop(agent: string | undefined, stop: Stop): Stops {
    this.#unwritten = withStop(this.#unwritten, agent, stop)
    return this.#add()
  }

  stopAll(stop: Stop): Stops {
    this.#unwritten = withStop(this.#unwritten, undefined, stop)
    const done = this.#alone(() => {
      this.#aside.take()
      return this.#write({ agents: {}, all: stop })
    })
    return 'value' in done ? done.value : this.#putAside()
  }

  resume(agent: string | undefined, since?: string): Stops {
    const done = this.#asOne(() => {
      const stops = this.read()
      const left = withoutStop(stops, agent)
      if (left === undefined) throw notInForce(agent)
      const stop = agent === undefined ? stops.all : stops.agents[agent]
      if (since !== undefined && stop?.since !== since) throw changed(stop)
      return left
    })
    if ('value' in done) return done.value
    throw busy(done.busy)
  }

  writeLate(): void {
    if (this.#unwritten !== NO_STOPS) this.#add()
  }

  note(line: object): void {
    appendFileSync(this.#notes, `${JSON.stringify(line)}\n`, { mode: 0o600 })
  }

  // one at a time: a second one would write every note twice, and could remove a file the first has not read
  async takeNotes(keep: (line: unknown) => Promise<void>): Promise<number> {
    if (this.#isTaking) return 0
    this.#isTaking = true
    return await takeNotes(this.#notes, keep).finally(() => (this.#isTaking = false))
  }

  get #notes(): string {
    return join(this.#directory, 'stop-notes.jsonl')
  }

  #readWritten(): Stops {
    // what is set aside first: once it is gone from there it is in the file
    const [others, own] = [this.#aside.stamp(), stampOf(this.#file)]
    this.#mustExist ||= own !== ''
    if (own === '' && (this.#mustExist || stampOf(this.#mark) !== '')) throw gone(this.#file)
    const stamp = `${others} ${own}`
    if (this.#seen?.stamp !== stamp) {
      const put = understood(this.#file, () => this.#aside.read())
      this.#seen = { stamp, stops: merged(own === '' ? NO_STOPS : parse(this.#file), put) }
    }
    return this.#seen.stops
  }

  #add(): Stops {
    const done = this.#asOne(this.read)
    return 'value' in done ? done.value : this.#putAside()
  }

  /** Reads, changes and writes as one step; `change` sees everything written until now. */
  #asOne(change: () => Stops): Locked<Stops> {
    return this.#alone(() => {
      this.#seen = undefined // read from the disk, whatever its times say
      if (this.#aside.isTaken()) this.#write(this.#readWritten())
      this.#aside.take()
      return this.#write(change())
    })
  }

  #alone(work: () => Stops): Locked<Stops> {
    return alone(join(this.#directory, 'stop.lock'), this.#lockWaitMs, () => {
      const stops = work()
      this.#unwritten = NO_STOPS
      return stops
    })
  }

  #write(stops: Stops): Stops {
    writeFileAtomic(this.#file, `${JSON.stringify({ version: 1, ...stops }, undefined, 2)}\n`)
    this.#aside.settled()
    this.#mustExist = true
    // written after the file it vouches for: cut off in between, nothing is claimed to be missing
    if (stampOf(this.#mark) === '') writeFileAtomic(this.#mark, MARK)
    return stops
  }

  /** Without the lock: never waits for a process that hangs, and never loses what that one writes when it goes on. */
  #putAside(): Stops {
    const { all, agents } = this.#unwritten
    if (all !== undefined) this.#aside.put(undefined, all)
    for (const [agent, stop] of Object.entries(agents)) this.#aside.put(agent, stop)
    this.#unwritten = NO_STOPS
    return this.read()
  }
}

/** Changes whenever the file does; '' when there is none. Anything but absence is an error. */
function stampOf(path: string): string {
  return understood(path, () => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? '' : `${stat.ino}.${stat.mtimeNs}.${stat.size}`
  })
}

function parse(path: string): Stops {
  return understood(path, () => {
    const bytes = readPrivateFile(path)
    if (bytes === undefined) throw gone(path)
    const { all, agents } = StopsShape.parse(JSON.parse(bytes.toString()))
    return { ...(all === undefined ? {} : { all }), agents }
  })
}

function understood<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (cause) {
    if (cause instanceof StopError) throw cause
    throw unreadable(path, `the stop file cannot be understood: ${messageOf(cause)}`, cause)
  }
}

function gone(path: string): StopError {
  return unreadable(path, 'the stop file is gone though stops were made, and nobody knows which still hold')
}

function unreadable(where: string, why: string, cause?: unknown): StopError {
  return new StopError(STOP_ERRORS, 'STOP_UNREADABLE', {
    what: `every agent counts as stopped: ${why}`,
    where,
    fix: `look at the file; then: warder stop --all --reason "rewrite the stop file", and warder resume --all --reason …`,
    cause,
  })
}

function notInForce(agent: string | undefined): StopError {
  return new StopError(STOP_ERRORS, 'STOP_NOT_IN_FORCE', {
    what: agent === undefined ? 'there is no stop of all agents' : `agent ${agent} is not stopped`,
    fix: 'see what is stopped with: warder status',
  })
}

function changed(stop: Stop | undefined): StopError {
  return new StopError(STOP_ERRORS, 'STOP_CHANGED', {
    what: `nothing was resumed: another stop came meanwhile, by ${stop?.by}: ${stop?.reason}`,
    fix: 'look at it with: warder status; then resume again',
  })
}

function busy(why: string): StopError {
  return new StopError(STOP_ERRORS, 'STOP_BUSY', {
    what: `nothing was resumed: another process is changing the stop file (${why})`,
    fix: 'try again; should it last, look for a warder that hangs and end it',
  })
}
