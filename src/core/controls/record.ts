import type { Control } from '../control.ts'

export const RECORD_CONTROLS: readonly Control[] = [
  {
    id: 'ledger-append-only',
    title: 'The ledger only grows',
    layer: 'record',
    promise: 'No code path changes or deletes an entry; the database itself refuses the statement.',
    limits:
      'Someone with write access to the file can still change its bytes; the chain is there to show it.',
    module: 'src/record/audit/store.ts',
    tests: [
      'test/attacks/ledger.test.ts',
      'src/record/audit/store.test.ts#a segment refuses UPDATE and DELETE',
    ],
  },
  {
    id: 'ledger-chained',
    title: 'A changed entry is found and named',
    layer: 'record',
    promise:
      'Each entry holds the hash of the one before: an edit, a deletion, an insertion or a new order is found, and where.',
    limits: 'A chain alone does not notice that its end was cut off; checkpoints and the witness do.',
    module: 'src/record/audit/verify.ts',
    tests: ['test/attacks/ledger.test.ts', 'src/record/audit/verify.test.ts'],
  },
  {
    id: 'ledger-checkpoints',
    title: 'The ledger is signed as it grows',
    layer: 'record',
    promise:
      'A signed checkpoint fixes size and head, so a ledger that was rewritten from some point on is found.',
    limits: 'Someone who also holds the signing key can sign a false one; keep the witness elsewhere.',
    module: 'src/record/audit/checkpoint.ts',
    tests: [
      'test/attacks/ledger.test.ts',
      'src/record/audit/ledger.test.ts#a checkpoint is signed after',
      'src/record/audit/ledger.test.ts#a segment that ends is signed',
      'src/record/audit/recover.test.ts#a ledger shorter than a checkpoint',
      'src/record/audit/recover.test.ts#an entry changed behind the last checkpoint',
      'src/record/audit/recover.test.ts#a ledger signed with a key nobody vouches for',
      'src/record/audit/recover.test.ts#a ledger without its checkpoints',
    ],
  },
  {
    id: 'ledger-witness',
    title: 'A cut tail or an old copy is noticed',
    layer: 'record',
    promise:
      'The newest checkpoint is copied to a second place, and a ledger shorter than it is refused for writing.',
    limits: 'It protects as far as that second place does: a path on the same disk is little.',
    module: 'src/record/audit/recover.ts',
    tests: [
      'test/attacks/ledger.test.ts',
      'src/record/audit/recover.test.ts#an old copy of everything',
      'src/record/audit/ledger.test.ts#a witness that cannot be written',
      'src/record/audit/recover.test.ts#a witness copy that went missing',
    ],
  },
  {
    id: 'ledger-fail-closed',
    title: 'No ledger, no act',
    layer: 'record',
    promise:
      'An entry counts once it is durably on disk; when it cannot be written the writer says so, and an act of medium risk or above is refused.',
    limits: 'A disk that lies about having written can lose the newest entries in a power cut.',
    module: 'src/record/audit/ledger.ts',
    tests: [
      'test/attacks/ledger-full.test.ts',
      'src/record/audit/writer.test.ts#when writing fails',
      'src/record/audit/ledger.test.ts#while the database is locked',
      'src/record/audit/ledger.test.ts#a closed ledger refuses',
      'src/gate/gate.test.ts#with the ledger down',
    ],
  },
]
