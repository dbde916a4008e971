import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import type { CheckpointSigner } from './checkpoint.ts'
import type { Redact } from './redact.ts'
import type { Head } from './writer.ts'

export interface LedgerOptions {
  /** Private to this user; made if it is not there. */
  readonly directory: string
  /** Names the ledger in its checkpoints: `warder/<hostId>/audit`. */
  readonly hostId: string
  readonly signer: CheckpointSigner
  /** Keys whose earlier checkpoints count, such as retired ones; the signer's own always does. */
  readonly trustedKeys?: readonly KeyObject[]
  /** Where the newest checkpoint is copied to: best on another device or host. */
  readonly witnessPath?: string
  /** Applied to every text before it is hashed; the ledger's own rules unless given. */
  readonly redact?: Redact
  readonly clock?: Clock
  /** A segment ends past this size (256 MiB) or with the UTC day. */
  readonly maxSegmentBytes?: number
  /** A checkpoint every so many entries (1,000), though not for that alone more than ten a second … */
  readonly checkpointEntries?: number
  /** … and so many milliseconds after an entry (10,000). */
  readonly checkpointMs?: number
  /** Entries under way to the disk; past that, callers wait (8,192). */
  readonly queueBound?: number
}

export interface LedgerHealth {
  /** Whether the last attempt to write worked. While it is false, nothing may be allowed that must be recorded. */
  readonly ok: boolean
  /** Why not, in words. */
  readonly why: string
  /** What is not as it should be though entries are written: a witness that cannot be reached, an index that lags. */
  readonly degraded: readonly string[]
  readonly head: Head
  /** The newest checkpoint's entry; 0 before the first. */
  readonly checkpointed: number
  readonly indexed: number
  readonly waiting: number
}
