import { createHash, type KeyObject } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { messageOf } from '../../core/error.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { checkpointPath, readNotes, readWitness } from './checkpoint-file.ts'
import type { EntryField } from './entry.ts'
import { FieldWitness } from './field.ts'
import { listManifests, readManifest, type ArchivedSegment } from './manifest.ts'
import { listSegments, openForReading, type Segment } from './segments.ts'
import { ChainWalk } from './walk.ts'
import type { Head } from './writer.ts'

export interface VerifyOptions {
  readonly directory: string
  /** Public keys the checkpoints may be signed with, also retired ones. Without one nothing is verified. */
  readonly keys: readonly KeyObject[]
  /** The ledger's name in its checkpoints, `warder/<host>/audit`; without it any name signed by `keys` is taken. */
  readonly origin?: string
  /** Where the newest checkpoint is copied to. When it is named, it must be there. */
  readonly witnessPath?: string
  /** Begin at the newest checkpoint that is not after this entry, and believe what lies before it. */
  readonly from?: number
  readonly onProgress?: (entries: number) => void
}

/** Which part of the proof failed. */
export type FaultKind =
  | 'hash'
  | 'prev_hash'
  | 'seq'
  | 'body'
  | 'segment'
  | 'checkpoint'
  | 'truncated'
  | 'witness'
  | 'archive'
  | 'key'
  | 'unreadable'

export interface Fault {
  readonly kind: FaultKind
  /** The entry, where it is about one. */
  readonly seq?: number
  /** The fields that were changed, as far as that can be told. */
  readonly fields?: readonly (EntryField | 'hash')[]
  readonly what: string
}

export interface Verification {
  /** Whether everything that was asked for holds. False also when something could not be looked at. */
  readonly ok: boolean
  /** Every entry is the bytes its hash is of. */
  readonly bytesIntact: boolean
  /** Every entry follows the one before, and the checkpoints signed for them agree. */
  readonly chainIntact: boolean
  /** Up to which entry a copy kept elsewhere vouches; 0 without a witness. */
  readonly seenElsewhereUpTo: number
  /** Entries whose bytes were hashed. */
  readonly entries: number
  readonly head: Head
  /** The newest checkpoint that agrees with the entries. */
  readonly lastCheckpoint: Head | undefined
  readonly checkpoints: number
  /** The first fault in the order of the entries; then all, up to a hundred. */
  readonly first: Fault | undefined
  readonly faults: readonly Fault[]
  readonly faultCount: number
  /** What this result says nothing about. */
  readonly notCovered: readonly string[]
}

const PAGE = 1000

/** A stretch of the chain: a segment file, or what a manifest says of one that is in an archive only. */
type Span =
  | { readonly number: number; readonly segment: Segment }
  | { readonly number: number; readonly archived: ArchivedSegment; readonly month: string }

/**
 * Verifies a ledger, with its daemon dead or alive, and changes nothing. What cannot be looked at counts against it: a
 * missing key, a witness that was named and is not there, a file that cannot be read.
 */
export async function verifyLedger(options: VerifyOptions): Promise<Verification> {
  const { directory, keys, origin, witnessPath, from, onProgress } = options
  const walk = new ChainWalk(new FieldWitness(join(directory, 'index.db')))
  try {
    if (keys.length === 0)
      walk.fault({ kind: 'key', what: 'no public key was given: no checkpoint can be checked' })
    const signed = await loadCheckpoints(directory, origin, keys, walk)
    const witness = witnessPath === undefined ? undefined : loadWitness(witnessPath, origin, keys, walk)
    walk.expect(signed, witness)
    const spans = await loadSpans(directory, origin, keys, walk)
    if (from !== undefined) walk.startAt(signed.filter(({ seq }) => seq <= from).at(-1))
    for (const [at, span] of spans.entries()) {
      if ('archived' in span) walk.archived(span.archived, span.month)
      else await walkSegment(span.segment, at === spans.length - 1, walk, onProgress)
    }
    return walk.finish(witnessPath !== undefined)
  } catch (error) {
    walk.fault({ kind: 'unreadable', what: `${directory} cannot be verified: ${messageOf(error)}` })
    return walk.finish(witnessPath !== undefined)
  } finally {
    walk.close()
  }
}

async function walkSegment(
  segment: Segment,
  isLast: boolean,
  walk: ChainWalk,
  onProgress: ((entries: number) => void) | undefined,
): Promise<void> {
  let db
  try {
    db = openForReading(segment.path)
    if (db === undefined) {
      if (!isLast) walk.fault({ kind: 'segment', what: `segment ${segment.number} is empty` })
      return
    }
    const page = db.prepare('SELECT seq, hash, body FROM log WHERE seq > ? ORDER BY seq LIMIT ?')
    page.setReturnArrays(true)
    for (let after = walk.readAfter; ;) {
      const rows = page.all(after, PAGE) as unknown as [number, Uint8Array, string][]
      const last = rows.at(-1)
      if (last === undefined) return
      walk.page(rows)
      after = last[0]
      onProgress?.(walk.entries)
      await nextTurn() // so that a daemon that verifies itself still answers
    }
  } catch (error) {
    walk.fault({ kind: 'unreadable', what: `${segment.path} cannot be read: ${messageOf(error)}` })
  } finally {
    db?.close()
  }
}

async function loadCheckpoints(
  directory: string,
  origin: string | undefined,
  keys: readonly KeyObject[],
  walk: ChainWalk,
): Promise<Checkpoint[]> {
  const file = readNotes(checkpointPath(directory))
  if (file === undefined) {
    walk.fault({
      kind: 'checkpoint',
      what: 'the file "checkpoints" is missing: nothing was signed, or it was taken away',
    })
    return []
  }
  const signed: Checkpoint[] = []
  for (const [at, note] of file.notes.entries()) {
    try {
      const checkpoint = openCheckpoint(note, origin ?? signed[0]?.origin, keys)
      const before = signed.at(-1)
      if (before !== undefined && checkpoint.seq < before.seq)
        throw new Error('it is of fewer entries than the one before')
      signed.push(checkpoint)
    } catch (error) {
      walk.fault({ kind: 'checkpoint', what: `checkpoint ${at + 1} does not hold: ${messageOf(error)}` })
    }
    if (at % 200 === 199) await nextTurn()
  }
  if (file.tornBytes > 0)
    walk.uncovered(`the last ${file.tornBytes} bytes of "checkpoints" are half a checkpoint`)
  return signed
}

function loadWitness(
  path: string,
  origin: string | undefined,
  keys: readonly KeyObject[],
  walk: ChainWalk,
): Checkpoint | undefined {
  try {
    const note = readWitness(path)
    if (note === undefined) throw new Error('it is missing')
    return openCheckpoint(note, origin, keys)
  } catch (error) {
    walk.fault({ kind: 'witness', what: `the witness copy ${path} does not vouch: ${messageOf(error)}` })
    return undefined
  }
}

async function loadSpans(
  directory: string,
  origin: string | undefined,
  keys: readonly KeyObject[],
  walk: ChainWalk,
): Promise<Span[]> {
  const spans: Span[] = listSegments(directory).map((segment) => ({ number: segment.number, segment }))
  const onDisk = new Set(spans.map(({ number }) => number))
  for (const path of listManifests(directory)) {
    try {
      const manifest = readManifest(path, origin, keys)
      const digest = await digestOfFile(join(directory, manifest.archive))
      if (digest !== manifest.archive_sha256)
        throw new Error(`${manifest.archive} is not the file it was made for`)
      const { month } = manifest
      for (const archived of manifest.segments) {
        if (!onDisk.has(archived.number)) spans.push({ number: archived.number, archived, month })
      }
    } catch (error) {
      walk.fault({ kind: 'archive', what: `${path} does not hold: ${messageOf(error)}` })
    }
  }
  return spans.sort((a, b) => a.number - b.number)
}

async function digestOfFile(path: string): Promise<string> {
  const sum = createHash('sha256')
  for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer)
  return sum.digest('hex')
}
