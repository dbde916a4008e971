import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { readPrivateFile, syncDirectory } from '../../platform/files.ts'
import { NO_STOPS, StopShape, withStop, type Stop, type Stops } from './stop.ts'

/**
 * Where a stop is written when somebody else holds the stop file, and may hang while holding it: a file that is only
 * appended to, which needs no lock. It is in force from there, and goes into the stop file with the next change.
 */
export interface Aside {
  /** @throws when it is not on the disk */
  put(agent: string | undefined, stop: Stop): void
  /** Everything put here and not yet {@link settled}. @throws when a line cannot be understood */
  read(): Stops
  /** Changes whenever {@link read} would. */
  stamp(): string
  /** Closes what is here: what is put from now on is not covered by {@link settled}. Only with the lock. */
  take(): void
  /** What was taken is in the stop file now. Only with the lock. */
  settled(): void
  /** Whether an earlier change was cut off between {@link take} and {@link settled}. */
  isTaken(): boolean
}

const LineShape = StopShape.extend({ agent: z.string().optional() })

/** @param stampOf changes whenever the file does; '' when there is none */
export function openAside(path: string, stampOf: (path: string) => string): Aside {
  const taken = `${path}.taken`
  return {
    put: (agent, stop) => append(path, `${JSON.stringify({ agent, ...stop })}\n`),
    // in this order: what is moved on while we read is met again further on, never missed
    read: () => [path, taken].reduce(withLines, NO_STOPS),
    stamp: () => `${stampOf(path)} ${stampOf(taken)}`,
    take: () => {
      if (stampOf(path) !== '') renameSync(path, taken)
    },
    settled: () => rmSync(taken, { force: true }),
    isTaken: () => stampOf(taken) !== '',
  }
}

function withLines(stops: Stops, path: string): Stops {
  const lines = (readPrivateFile(path)?.toString() ?? '').split('\n').filter((line) => line !== '')
  return lines.reduce((all, line) => {
    const { agent, ...stop } = LineShape.parse(JSON.parse(line))
    return withStop(all, agent, stop)
  }, stops)
}

const MOST_TRIES = 100

function append(path: string, line: string): void {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    if (appended(path, line)) return syncDirectory(dirname(path))
  }
  throw new Error(`${path} is taken away as often as it is written`)
}

/** @returns false when the file was taken while we wrote: its taker may have read it before our line was in it */
function appended(path: string, line: string): boolean {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
  try {
    const bytes = Buffer.from(line)
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
    return (
      statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === fstatSync(fd, { bigint: true }).ino
    )
  } finally {
    closeSync(fd)
  }
}
