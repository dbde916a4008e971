import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { systemCode } from '../../core/error.ts'

const POLL_MS = 250
const CHUNK_BYTES = 64 * 1024
/** A line this long is no line of a feed: it is given up, so that a file without an end fills no memory. */
const LONGEST_LINE_BYTES = 1024 * 1024

/**
 * Lines as they are appended to a file, from its end on. A file that is set aside is read to its end, and the new one
 * from its beginning; one that was cut off is read from its beginning; one that is not there is waited for.
 */
export async function* tail(path: string, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  const state: { fd: number | undefined; at: number; rest: Buffer } = {
    ...{ fd: open(path), at: 0, rest: Buffer.alloc(0) },
  }
  try {
    if (state.fd !== undefined) state.at = fstatSync(state.fd).size
    while (!signal.aborted) {
      yield* readOn(state)
      if (isAnother(path, state.fd)) {
        yield* readOn(state) // what came between the last look and its being set aside
        if (state.fd !== undefined) closeSync(state.fd)
        Object.assign(state, { fd: open(path), at: 0, rest: Buffer.alloc(0) })
        continue
      }
      await setTimeout(POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    if (state.fd !== undefined) closeSync(state.fd)
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function isAnother(path: string, fd: number | undefined): boolean {
  try {
    const now = statSync(path)
    if (fd === undefined) return true
    const mine = fstatSync(fd)
    return now.ino !== mine.ino || now.dev !== mine.dev
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

function* readOn(state: { fd: number | undefined; at: number; rest: Buffer }): Generator<string> {
  const { fd } = state
  if (fd === undefined) return
  if (fstatSync(fd).size < state.at) Object.assign(state, { at: 0, rest: Buffer.alloc(0) })
  const chunk = Buffer.alloc(CHUNK_BYTES)
  for (let got = readSync(fd, chunk, 0, CHUNK_BYTES, state.at); got > 0;) {
    state.at += got
    state.rest = Buffer.concat([state.rest, chunk.subarray(0, got)])
    for (let end = state.rest.indexOf(10); end !== -1; end = state.rest.indexOf(10)) {
      yield state.rest.toString('utf8', 0, end)
      state.rest = state.rest.subarray(end + 1)
    }
    if (state.rest.length > LONGEST_LINE_BYTES) state.rest = Buffer.alloc(0)
    got = readSync(fd, chunk, 0, CHUNK_BYTES, state.at)
  }
}
