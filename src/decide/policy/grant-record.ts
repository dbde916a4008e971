import * as z from 'zod'
import { canonicalJson, sha256 } from '../../core/canonical.ts'
import type { SignedRecord, UnsavedRecord } from './store.ts'

/** Signs with the key that is only for grants. `keyId` is written into every record. */
export interface Signer {
  readonly keyId: string
  sign(bytes: Uint8Array): Uint8Array
  verify(bytes: Uint8Array, signature: Uint8Array): boolean
}

/** A key that signed in the past, for reading. */
export type Verifier = Pick<Signer, 'keyId' | 'verify'>

const time = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const chain = { v: z.literal(1), seq: time, prev: z.string().length(64), key: z.string() }

const grantBody = z.strictObject({
  ...chain,
  kind: z.literal('grant'),
  id: z.string().min(1),
  principal: z.string(),
  capability: z.string(),
  grantor: z.string(),
  reason: z.string(),
  task: z.string().nullable(),
  notBefore: time,
  expiresAt: time,
  createdAt: time,
})
const revocationBody = z.strictObject({
  ...chain,
  kind: z.literal('revocation'),
  grant: z.string().min(1),
  revokedBy: z.string(),
  revokedAt: time,
  reason: z.string(),
})
const bodySchema = z.discriminatedUnion('kind', [grantBody, revocationBody])

export type RecordBody = z.infer<typeof bodySchema>
type Fields<T> = T extends RecordBody ? Omit<T, 'v' | 'seq' | 'prev' | 'key'> : never
export type RecordFields = Fields<RecordBody>

const NOTHING_BEFORE = '0'.repeat(64)

/** Makes the record that follows `last`: signed, and naming the digest of what stands before it. */
export function signRecord(
  fields: RecordFields,
  last: SignedRecord | undefined,
  signer: Signer,
): UnsavedRecord {
  const body = canonicalJson({
    v: 1,
    seq: (last?.seq ?? 0) + 1,
    prev: last === undefined ? NOTHING_BEFORE : sha256(last.body),
    key: signer.keyId,
    ...fields,
  })
  return { body, signature: signer.sign(Buffer.from(body)) }
}

/** What is wrong with a record, or what it says. */
export type Reading =
  | { readonly ok: true; readonly body: RecordBody }
  | { readonly ok: false; readonly why: string }

/** Reads one record and checks its place in the chain and its signature. Trusts nothing in it before. */
export function readRecord(
  record: SignedRecord,
  last: SignedRecord | undefined,
  keys: readonly Verifier[],
): Reading {
  if (record.seq !== (last?.seq ?? 0) + 1)
    return { ok: false, why: `records before ${record.seq} are missing` }
  let body: RecordBody
  try {
    body = bodySchema.parse(JSON.parse(record.body))
  } catch {
    return { ok: false, why: `record ${record.seq} is not of its shape` }
  }
  const key = keys.find(({ keyId }) => keyId === body.key)
  if (key === undefined) return { ok: false, why: `record ${record.seq} is signed with an unknown key` }
  if (!key.verify(Buffer.from(record.body), record.signature)) {
    return { ok: false, why: `the signature of record ${record.seq} does not verify` }
  }
  const prev = last === undefined ? NOTHING_BEFORE : sha256(last.body)
  return body.seq === record.seq && body.prev === prev
    ? { ok: true, body }
    : { ok: false, why: `record ${record.seq} does not follow the one before it` }
}
