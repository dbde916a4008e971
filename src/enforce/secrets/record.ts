import * as z from 'zod'
import { LONGEST_VALUE_BYTES, STORE_NAMES } from './store.ts'

/** How long a value may be used before it is called old, unless its secret says otherwise. */
export const ROTATE_AFTER_MS = 30 * 24 * 3_600_000

/** Where in a request a secret can be put in. */
export const PLACES = ['header', 'query', 'path', 'body'] as const
export type Place = (typeof PLACES)[number]

const SECRET_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/
const HOST =
  /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::\d{1,5})?$/
const HOST_V6 = /^\[[0-9a-f:.]{2,45}\](?::\d{1,5})?$/

export function isSecretName(text: string): boolean {
  return SECRET_NAME.test(text)
}

/** `api.example.com`, `*.example.com`, `127.0.0.1:8443`, `[::1]:8443`; never a lone star. */
export function isHost(text: string): boolean {
  const port = /:(\d{1,5})$/.exec(text.replace(/^\[.*\]/, ''))?.[1]
  const isPort = port === undefined || (Number(port) > 0 && Number(port) <= 65_535)
  return text.length <= 259 && isPort && (HOST.test(text) || HOST_V6.test(text))
}

const time = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

/** One value that was put into the store: what became of it. */
const ValueShape = z.strictObject({
  version: z.int().min(1),
  id: z.string().max(64),
  at: time,
})
export type KeptValue = z.infer<typeof ValueShape>

const AbsolutePath = z.string().max(4096).startsWith('/')

/**
 * What is known of a secret beside its value. Times are epoch milliseconds.
 *
 * `current` is what is used. `candidate` was made by a rotation and is not verified yet; `previous` is kept until the
 * new one is known to work and the old one is revoked.
 */
export const RecordShape = z.strictObject({
  id: z.string().max(64),
  name: z.string().regex(SECRET_NAME),
  store: z.enum(STORE_NAMES),
  createdAt: time,
  updatedAt: time,
  rotateAfterMs: z.int().min(60_000),
  hosts: z.array(z.string().refine(isHost)).max(64),
  principals: z.array(z.string().min(1).max(128)).max(64),
  /** Versions are counted, and never used twice. */
  version: z.int().min(1),
  current: ValueShape,
  candidate: ValueShape.nullable(),
  previous: ValueShape.nullable(),
  /** Where in a request toward its hosts it may stand. */
  places: z.array(z.enum(PLACES)).min(1).max(PLACES.length),
  /** How often one run may use it; null without a number. */
  uses: z.int().min(1).nullable(),
  /** Whether it may go over plain HTTP too, for services on this machine. */
  plainHttp: z.boolean(),
  /** The id of the key whose secret half this is, where requests are signed with it (AWS SigV4) instead of carrying it. */
  signingKeyId: z.string().min(1).max(128).nullable(),
  /** It is not to be used until its owner says so again. */
  disabled: z.strictObject({ at: time, why: z.string().max(500) }).nullable(),
  /** A program that makes, verifies and revokes values; null where a person does it. */
  hook: AbsolutePath.nullable(),
  /** Rotated by the daemon when its time has come; needs a hook. */
  isAutomatic: z.boolean(),
  /** How the value is called in the store, where the store has a name of its own for it: a variable, an entry. */
  entry: z.string().max(256).nullable(),
  /** Where the value is to be had again, when its store forgets it. */
  source: z.string().max(500).nullable(),
})
export type SecretRecord = z.infer<typeof RecordShape>

/**
 * `disabled`: not to be used; `due`: older than it should be; `rotating`: a candidate waits; `overlap`: the value
 * before is still kept.
 */
export const SECRET_STATES = ['ok', 'due', 'rotating', 'overlap', 'disabled'] as const
export type SecretState = (typeof SECRET_STATES)[number]

export function stateOf(record: SecretRecord, now: number): SecretState {
  if (record.disabled !== null) return 'disabled'
  if (record.candidate !== null) return 'rotating'
  if (isDue(record, now)) return 'due'
  return record.previous === null ? 'ok' : 'overlap'
}

/** The age is the value's own, from the record nobody can alter; the time of a file says nothing. */
export function isDue({ current, rotateAfterMs }: SecretRecord, now: number): boolean {
  return now - current.at >= rotateAfterMs
}

export function dueAt({ current, rotateAfterMs }: SecretRecord): number {
  return current.at + rotateAfterMs
}

/** Whether this secret may be used by `principal` toward any of its hosts. An empty list is nobody. */
export function isFor(record: Pick<SecretRecord, 'principals'>, principal: string): boolean {
  return record.principals.includes(principal)
}

export function isValueSize(bytes: number): boolean {
  return bytes >= 1 && bytes <= LONGEST_VALUE_BYTES
}
