/**
 * The ledger: what happened, in order, provable. It promises that an entry whose append resolved is on the disk and stays
 * where it is in the chain, that every secret its rules know is masked before anything is hashed, and that verification
 * names the first entry that is not what was written. It refuses to append while it cannot write, a second writer, and to
 * go on from a log that is shorter than, or differs from, what was signed. It trusts the key that signs its checkpoints
 * and the witness kept elsewhere: without a witness, the entries after the last checkpoint and a complete old copy are
 * beyond what anybody can prove.
 */
export { AUDIT_ERRORS, AuditError } from './errors.ts'
export {
  ENTRY_FIELDS,
  EVENT_TYPES,
  OUTCOMES,
  RESULTS,
  VERDICTS,
  type AuditEvent,
  type Details,
  type Entry,
  type EntryField,
  type EventType,
  type Result,
} from './entry.ts'
export { openLedger, type Ledger } from './ledger.ts'
export type { LedgerHealth, LedgerOptions } from './options.ts'
export type { Checkpoint, CheckpointSigner } from './checkpoint.ts'
export { originOf } from './checkpoint.ts'
export { Finder as LedgerReader } from './find.ts'
export type { Filter } from './query.ts'
export type { Redact } from './redact.ts'
export type { Head } from './writer.ts'
export { verifyLedger, type Fault, type FaultKind, type Verification, type VerifyOptions } from './verify.ts'
export { verifyInThread } from './verify-in-thread.ts'
export { EXPORT_FORMATS, exportEntries, type EntrySource, type ExportFormat } from './export.ts'
export type { ArchiveRequest } from './archive.ts'
export type { ArchivedSegment, Manifest } from './manifest.ts'
