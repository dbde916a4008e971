import * as z from 'zod'

/** What the book of people holds, by kind. Times are epoch milliseconds. */

const time = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const bytes = z.string().regex(/^[A-Za-z0-9_-]*$/)
const hex = z.string().regex(/^[0-9a-f]{64}$/)

const passphrase = z.strictObject({
  memoryKib: z.int(),
  passes: z.int(),
  lanes: z.int(),
  salt: bytes,
  hash: bytes,
  setAt: time,
})

const lock = z.strictObject({ failures: z.int().min(0), lastAt: time, until: time })

const session = z.strictObject({
  id: z.string(),
  mac: hex,
  uid: z.int().nullable(),
  startedAt: time,
  seenAt: time,
  freshAt: time,
  endsAt: time,
})

/** `approved` waits for the proof of a device; `active` and what follows it are ends. */
export const PAIRING_STATES = ['requested', 'approved', 'active', 'rejected', 'expired', 'cancelled'] as const
export type PairingState = (typeof PAIRING_STATES)[number]

const pairing = z.strictObject({
  id: z.string(),
  what: z.enum(['device', 'sender']),
  state: z.enum(PAIRING_STATES),
  codeMac: hex,
  /** Of a device; for a chat sender `channel` and `sender`. */
  name: z.string(),
  type: z.string(),
  publicKey: bytes,
  nonce: bytes,
  uid: z.int().nullable(),
  requestedAt: time,
  expiresAt: time,
  tries: z.int().min(0),
  scope: z.array(z.string()),
  workspace: z.string().nullable(),
  memberEndsAt: time,
})

/** A guest or a paired device. */
const member = z.strictObject({
  id: z.string(),
  what: z.enum(['guest', 'device']),
  name: z.string(),
  type: z.string(),
  publicKey: bytes.nullable(),
  scope: z.array(z.string()),
  workspace: z.string().nullable(),
  madeAt: time,
  /** The invitation's own clock; null once it was redeemed. */
  redeemBy: time.nullable(),
  invitationMac: hex.nullable(),
  activeAt: time.nullable(),
  expiresAt: time,
  revokedAt: time.nullable(),
  revokedBy: z.string().nullable(),
  /** The one token that holds, by its MAC; null when it has to be renewed. */
  token: z.strictObject({ id: z.string(), mac: hex, expiresAt: time }).nullable(),
})

const sender = z.strictObject({
  channel: z.string(),
  sender: z.string(),
  /** Senders of before scopes were kept may nothing, until they pair again. */
  scope: z.array(z.string()).default([]),
  approvedAt: time,
  expiresAt: time,
})

const slip = z.strictObject({
  id: z.string(),
  agent: z.string(),
  task: z.string(),
  issuedAt: time,
  expiresAt: time,
  spentAt: time.nullable(),
  revokedAt: time.nullable(),
})

const meta = z.strictObject({ generation: z.int().min(1) })

export const RECORDS = { passphrase, lock, session, pairing, member, sender, slip, meta } as const
export type RecordKind = keyof typeof RECORDS
export type RecordOf<K extends RecordKind> = z.infer<(typeof RECORDS)[K]>

export type Member = RecordOf<'member'>
export type Pairing = RecordOf<'pairing'>
export type Sender = RecordOf<'sender'>
export type Session = RecordOf<'session'>
export type Slip = RecordOf<'slip'>
