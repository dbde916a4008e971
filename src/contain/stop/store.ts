import { appendFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, systemCode } from '../../core/error.ts'
import { readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { NO_STOPS, STOP_ERRORS, StopError, withoutStop, withStop, type Stop, type Stops } from './stop.ts'

const StopShape = z.strictObject({ since: z.iso.datetime(), by: z.string(), reason: z.string() })
const StopsShape = z.strictObject({
  version: z.literal(1),
  all: StopShape.optional(),
  agents: z.record(z.string(), StopShape),
})

export interface StopStore {
  /** What is stopped now. Reads the file again whenever it changed. @throws StopError `STOP_UNREADABLE` */
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
  /** @throws StopError `STOP_NOT_IN_FORCE` */
  resume(agent: string | undefined): Stops
  /** Keeps a line for the ledger until {@link takeNotes}: a stop made while no daemon could record it. */
  note(line: object): void
  /** The lines kept, oldest first, and forgets them once `write` has kept them elsewhere. */
  takeNotes(write: (line: unknown) => Promise<void>): Promise<number>
}

/** @param directory a private directory that survives a restart */
export function createStopStore(directory: string): StopStore {
  const file = join(directory, 'stop.json')
  const notes = join(directory, 'stop-notes.jsonl')
  let seen: { readonly stamp: string; readonly stops: Stops } | undefined

  let unwritten = NO_STOPS
  const isTaking = { now: false }

  const readFile = (): Stops => {
    const stamp = stampOf(file)
    if (seen?.stamp !== stamp) seen = { stamp, stops: stamp === '' ? NO_STOPS : parse(file) }
    return seen.stops
  }
  const read = (): Stops => (unwritten === NO_STOPS ? readFile() : merged(readFile(), unwritten))
  const write = (stops: Stops): Stops => {
    writeFileAtomic(file, `${JSON.stringify({ version: 1, ...stops }, undefined, 2)}\n`)
    unwritten = NO_STOPS
    return stops
  }
  return {
    read,
    stop: (agent, stop) => {
      unwritten = withStop(unwritten, agent, stop)
      return write(read())
    },
    stopAll: (stop) => {
      unwritten = withStop(unwritten, undefined, stop)
      return write({ agents: {}, all: stop })
    },
    resume: (agent) => {
      const left = withoutStop(read(), agent)
      if (left === undefined) {
        throw new StopError(STOP_ERRORS, 'STOP_NOT_IN_FORCE', {
          what: agent === undefined ? 'there is no stop of all agents' : `agent ${agent} is not stopped`,
          fix: 'see what is stopped with: warder status',
        })
      }
      return write(left)
    },
    note: (line) => appendFileSync(notes, `${JSON.stringify(line)}\n`, { mode: 0o600 }),
    // one at a time: a second one would write every note twice, and could remove a file the first has not read
    takeNotes: async (keep) => {
      if (isTaking.now) return 0
      isTaking.now = true
      return await takeNotes(notes, keep).finally(() => (isTaking.now = false))
    },
  }
}

// moved aside first, so that a note written meanwhile starts a new file; after a failure half way all are handed over
// again: one may then be on record twice, none is lost
async function takeNotes(path: string, keep: (line: unknown) => Promise<void>): Promise<number> {
  const taken = `${path}.taking`
  if (stampOf(taken) === '') {
    if (stampOf(path) === '') return 0
    renameSync(path, taken)
  }
  const lines = (readPrivateFile(taken)?.toString() ?? '').split('\n').filter((line) => line !== '')
  for (const line of lines) await keep(noteIn(line))
  rmSync(taken, { force: true })
  return lines.length
}

/** A line that was cut when the machine failed is handed over as the text it is: it must not hold up the others. */
function noteIn(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}

function merged(written: Stops, unwritten: Stops): Stops {
  const all = unwritten.all ?? written.all
  return { ...(all === undefined ? {} : { all }), agents: { ...written.agents, ...unwritten.agents } }
}

/** Changes whenever the file does; '' when there is none. Anything but absence is an error. */
function stampOf(path: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(path, { bigint: true })
    return `${ino}.${mtimeNs}.${size}`
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return ''
    throw unreadable(path, cause)
  }
}

function parse(path: string): Stops {
  try {
    const bytes = readPrivateFile(path)
    if (bytes === undefined) return NO_STOPS
    const { all, agents } = StopsShape.parse(JSON.parse(bytes.toString()))
    return { ...(all === undefined ? {} : { all }), agents }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): StopError {
  return new StopError(STOP_ERRORS, 'STOP_UNREADABLE', {
    what: `the stop file cannot be understood, so every agent counts as stopped: ${messageOf(cause)}`,
    where: path,
    fix: `look at the file; then: warder stop --all --reason "rewrite the stop file", and warder resume --all`,
    cause,
  })
}
