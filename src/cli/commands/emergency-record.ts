import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalJson, type Json } from '../../core/canonical.ts'
import { rawPublicKey } from '../../core/note.ts'
import { writeRecord, type StepResult, type WipeNotes } from '../../contain/emergency/index.ts'
import { openLedger, type Ledger } from '../../record/audit/index.ts'
import { openKeys, type Keys } from '../../record/sign/index.ts'
import { hostIdOf } from '../../platform/host-id.ts'
import type { Context } from '../command.ts'

/** The ledger, written by this command while it stands in the daemon's place. */
export class WipeRecord {
  readonly #ledger: Ledger
  readonly #keys: Keys

  /** Use {@link openWipeRecord}. */
  constructor(ledger: Ledger, keys: Keys) {
    this.#ledger = ledger
    this.#keys = keys
  }

  /** That it is going to happen, signed, before it does. @returns the number of the entry @throws AuditError */
  async begin({ id, level, reason }: WipeNotes, steps: readonly string[]): Promise<number> {
    const { seq } = await this.#ledger.append({
      ...{ ...EVENT, action: 'emergency:wipe', target: `level ${level}`, reason, result: 'allowed' },
      details: { wipe: id, level, steps: steps.join(' ') },
    })
    await this.#ledger.checkpoint()
    return seq
  }

  async end({ id, level }: WipeNotes, results: readonly StepResult[]): Promise<void> {
    const failed = results.filter(({ state }) => state === 'failed').map(({ name }) => name)
    await this.#ledger.append({
      ...{ ...EVENT, action: 'emergency:wiped', target: `level ${level}` },
      reason: failed.length === 0 ? 'every step so far was seen to be done' : `failed: ${failed.join(' ')}`,
      result: failed.length === 0 ? 'success' : 'failure',
      details: { wipe: id, level, failed: failed.join(' ') },
    })
    await this.#ledger.checkpoint()
  }

  /** Keeps a text that outlives the ledger and the key it is signed with, and brings the public half along. */
  sign(stateDirectory: string, notes: WipeNotes): void {
    const { seq, hash } = this.#ledger.head()
    const text = canonicalJson({ ...(notes as unknown as Record<string, Json>), ledger: { seq, hash } })
    const signer = this.#keys.signer('checkpoint')
    const signature = signer.sign(Buffer.from(`${SIGNED_AS}\n${text}`)).toString('base64')
    const publicKey = rawPublicKey(signer.publicKey).toString('base64')
    writeRecord(stateDirectory, `${JSON.stringify({ text, signature, publicKey })}\n`)
  }

  async close(): Promise<void> {
    await this.#ledger.close()
  }
}

/** Before what is signed, so that no other text of ours passes for it. */
export const SIGNED_AS = 'warder/emergency/wipe/v1'

const EVENT = {
  event_type: 'containment',
  agent: 'owner',
  risk_level: 'critical',
  layer: 'containment',
} as const

/**
 * @param resuming keys may be gone already, and are made anew to be destroyed once more; the one that signs may not
 * @throws AuditError, SignError, FileError: then nothing may be destroyed
 */
export async function openWipeRecord({ config, clock }: Context, resuming: boolean): Promise<WipeRecord> {
  const { values } = config
  const directory = values['audit.directory']
  if (resuming && !existsSync(join(values['paths.keys'], 'checkpoint.keys.json')))
    throw new Error('the key that signs the record is gone already')
  const keys = openKeys(values['paths.keys'], { create: resuming, apartFrom: [directory] })
  const ledger = await openLedger({
    ...{ directory, hostId: hostIdOf(), signer: keys.signer('checkpoint'), clock },
    trustedKeys: keys.publicKeys('checkpoint').map(({ publicKey }) => publicKey),
    ...(values['audit.witness'] === undefined ? {} : { witnessPath: values['audit.witness'] }),
    maxSegmentBytes: values['audit.segment_size'],
  })
  return new WipeRecord(ledger, keys)
}
