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

/** What a person may do at the console: all, answer and stop, or look. */
export const CONSOLE_ROLES = ['owner', 'operator', 'viewer'] as const
/** How somebody logged in there. */
export const CONSOLE_WAYS = ['link', 'passphrase', 'passkey'] as const

const session = z.strictObject({
  id: z.string(),
  mac: hex,
  uid: z.int().nullable(),
  startedAt: time,
  seenAt: time,
  /** 0 when nothing that counts as the passphrase was given yet. */
  freshAt: time,
  endsAt: time,
  /** Of a session at the console; null for those of the command line, so that neither passes for the other. */
  console: z
    .strictObject({
      person: z.string(),
      role: z.enum(CONSOLE_ROLES),
      way: z.enum(CONSOLE_WAYS),
      from: z.string(),
    })
    .nullable()
    .default(null),
})

/** Somebody beside the owner who may come to the console. */
const person = z.strictObject({ name: z.string(), role: z.enum(['operator', 'viewer']), madeAt: time })

const passkey = z.strictObject({
  id: bytes,
  person: z.string(),
  /** Public half, as SubjectPublicKeyInfo. */
  key: bytes,
  host: z.string(),
  name: z.string(),
  /** Signatures the authenticator says it made; 0 when it does not count. */
  counter: z.int().min(0),
  madeAt: time,
  usedAt: time.nullable(),
})

/** The second factor beside the passphrase; `lastStep` is the newest code that was used. */
const totp = z.strictObject({ sealed: bytes, confirmed: z.boolean(), lastStep: z.int().min(0), madeAt: time })

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

export const RECORDS = {
  ...{ passphrase, lock, session, pairing, member, sender, slip, meta },
  ...{ person, passkey, totp },
} as const
export type RecordKind = keyof typeof RECORDS
export type RecordOf<K extends RecordKind> = z.infer<(typeof RECORDS)[K]>

export type Member = RecordOf<'member'>
export type Pairing = RecordOf<'pairing'>
export type Passkey = RecordOf<'passkey'>
export type ConsolePerson = RecordOf<'person'>
export type ConsoleRole = (typeof CONSOLE_ROLES)[number]
export type ConsoleWay = (typeof CONSOLE_WAYS)[number]
export type Sender = RecordOf<'sender'>
export type Session = RecordOf<'session'>
export type Slip = RecordOf<'slip'>
