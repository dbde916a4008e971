import { verify } from 'node:crypto'
import type { Verifier } from '../decide/policy/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { hostIdOf } from '../platform/host-id.ts'
import { openLedger, originOf, type Ledger } from '../record/audit/index.ts'
import { openKeys, type Keys } from '../record/sign/index.ts'
import { redactorWith, type Redact } from './redaction.ts'

/** The record and the keys it is signed with. */
export interface OpenRecord {
  readonly keys: Keys
  readonly ledger: Ledger
  /** The ledger's name in its checkpoints. */
  readonly origin: string
  /** Masks what must not be written down; its tags are of this installation. */
  readonly redact: Redact
  /** Keys that signed grants before the present one. */
  readonly retiredGrantKeys: readonly Verifier[]
}

/** @throws SignError, AuditError, FileError when keys or ledger cannot be trusted or opened */
export async function openRecord({ values }: Config, clock: Clock): Promise<OpenRecord> {
  const keys = openKeys(values['paths.keys'], {
    apartFrom: [values['audit.directory']],
    now: () => clock.now(),
  })
  const hostId = hostIdOf()
  const redact = redactorWith(keys.secret('permit').mac('tags of what is redacted'))
  const ledger = await openLedger({
    directory: values['audit.directory'],
    hostId,
    signer: keys.signer('checkpoint'),
    redact,
    trustedKeys: keys.publicKeys('checkpoint').map(({ publicKey }) => publicKey),
    ...(values['audit.witness'] === undefined ? {} : { witnessPath: values['audit.witness'] }),
    clock,
    maxSegmentBytes: values['audit.segment_size'],
    checkpointEntries: values['audit.checkpoint_every'],
    checkpointMs: values['audit.checkpoint_interval'],
  })
  return { keys, ledger, origin: originOf(hostId), redact, retiredGrantKeys: retired(keys) }
}

function retired(keys: Keys): Verifier[] {
  return keys
    .publicKeys('grant')
    .slice(1)
    .map(({ id, publicKey }) => ({
      keyId: id,
      verify: (bytes, signature) => verify(null, bytes, publicKey, signature),
    }))
}
