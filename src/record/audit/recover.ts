import { existsSync } from 'node:fs'
import type { KeyObject } from 'node:crypto'
import { messageOf } from '../../core/error.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { checkpointPath, cutTorn, readNotes, readWitness } from './checkpoint-file.ts'
import { auditError } from './errors.ts'
import { linkOf } from './link.ts'
import { SegmentReader, type Row } from './segments.ts'
import { hashOf } from './serialise.ts'
import { EMPTY, type Head } from './writer.ts'

export interface RecoverOptions {
  readonly directory: string
  readonly origin: string
  readonly keys: readonly KeyObject[]
  readonly witnessPath: string | undefined
  readonly head: Head
}

export interface Recovered {
  /** The newest checkpoint, wherever it was. */
  readonly covered: Checkpoint | undefined
  /** What is not as it should be, but no reason to refuse. */
  readonly notices: string[]
}

/** More than any note has; the last of them is all that is wanted here. */
const LAST_NOTES_BYTES = 64 * 1024
const PAGE = 1000
/** A first start that died before it could sign leaves these two: the segment's first entry, and the start's own. */
const FIRST_START_ENTRIES = 2

/**
 * Checks, before anything is appended or signed, that the ledger is still the one its newest checkpoints are of: never
 * sign what contradicts an earlier signature. Entries before the older of the two checkpoints are left to verification.
 *
 * @throws AuditError `AUDIT_TRUNCATED` when the ledger is shorter than a checkpoint, `AUDIT_TAMPERED` when it differs
 */
export function recover({ directory, origin, keys, witnessPath, head }: RecoverOptions): Recovered {
  const notices: string[] = []
  const own = ownCheckpoint(directory, origin, keys, notices)
  const witness = witnessPath === undefined ? undefined : witnessCheckpoint(witnessPath, origin, keys)
  if (own === undefined && head.seq > FIRST_START_ENTRIES) {
    throw tampered(
      `${directory} holds ${head.seq} entries but no checkpoint`,
      'put the file "checkpoints" back from a backup; without it nobody can say whether the entries are the ones written',
    )
  }
  if (witnessPath !== undefined && witness === undefined && own !== undefined) {
    notices.push(`the witness copy ${witnessPath} was missing when the ledger was opened; it is written anew`)
  }
  const known = [own, witness].filter((checkpoint) => checkpoint !== undefined).sort((a, b) => b.seq - a.seq)
  for (const checkpoint of known) refuseShorter(head, checkpoint)
  rehash(directory, known, head)
  return { covered: known[0], notices }
}

function ownCheckpoint(
  directory: string,
  origin: string,
  keys: readonly KeyObject[],
  notices: string[],
): Checkpoint | undefined {
  const path = checkpointPath(directory)
  if (!existsSync(path)) return undefined
  try {
    const file = readNotes(path, LAST_NOTES_BYTES)
    if (file !== undefined && file.tornBytes > 0) {
      cutTorn(path, file.tornBytes)
      notices.push(`the last checkpoint was half written (${file.tornBytes} bytes) and was taken away`)
    }
    const note = file?.notes.at(-1)
    return note === undefined ? undefined : openCheckpoint(note, origin, keys)
  } catch (cause) {
    throw tampered(
      `the last checkpoint in ${path} does not hold: ${messageOf(cause)}`,
      'run warder audit verify; if the key store is new, put the old keys back',
      cause,
    )
  }
}

function witnessCheckpoint(path: string, origin: string, keys: readonly KeyObject[]): Checkpoint | undefined {
  const note = readWitness(path)
  if (note === undefined) return undefined
  try {
    return openCheckpoint(note, origin, keys)
  } catch (cause) {
    throw tampered(
      `the witness copy ${path} does not hold: ${messageOf(cause)}`,
      'compare it with the file "checkpoints"; if it is of another ledger, name another witness path',
      cause,
    )
  }
}

function refuseShorter(head: Head, checkpoint: Checkpoint): void {
  if (head.seq >= checkpoint.seq) return
  throw auditError(
    'AUDIT_TRUNCATED',
    `the ledger has ${head.seq} entries, but a checkpoint was signed for ${checkpoint.seq}: its end is missing`,
    'keep the directory as evidence and put the ledger back from a backup that has all entries; ' +
      'or begin a new ledger in an empty directory, with a new witness path',
  )
}

/** Compares the entries that were signed, and hashes everything again from the newest of them to the head. */
function rehash(directory: string, known: readonly Checkpoint[], head: Head): void {
  const reader = new SegmentReader(directory)
  try {
    for (const { seq, hash } of known) {
      const row = reader.get(seq)
      // an older one may be in an archive by now; verification looks there
      if (row !== undefined && row.hash !== hash) throw differs(seq, 'the checkpoint signed for it')
    }
    const first = known[0]?.seq ?? 1
    let last: Head | undefined
    for (let after = first - 1; after < head.seq; after = last?.seq ?? head.seq) {
      for (const row of reader.read(after, PAGE)) {
        checkRow(row, last ?? (first === 1 ? EMPTY : undefined), first)
        last = row
      }
      if (after === last?.seq) break
    }
    if ((last ?? EMPTY).seq !== head.seq) throw differs(head.seq, 'the entries before it')
  } finally {
    reader.close()
  }
}

function checkRow(row: Row, last: Head | undefined, first: number): void {
  if (row.seq !== (last === undefined ? first : last.seq + 1)) throw differs(row.seq, 'the number before it')
  if (hashOf(row.body) !== row.hash) throw differs(row.seq, 'its hash')
  const link = linkOf(row.body)
  if (link?.seq !== row.seq) throw differs(row.seq, 'its own number')
  if (last !== undefined && link.prevHash !== last.hash)
    throw differs(row.seq, 'the hash of the entry before')
}

function differs(seq: number, from: string): Error {
  return tampered(
    `entry ${seq} does not agree with ${from}`,
    'keep the directory as evidence, run warder audit verify, and put the ledger back from a backup',
  )
}

function tampered(what: string, fix: string, cause?: unknown): Error {
  return auditError('AUDIT_TAMPERED', what, fix, cause)
}
