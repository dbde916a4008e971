import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import * as z from 'zod'
import { identityError } from './errors.ts'
import { isSame } from './keys.ts'

/**
 * What a passkey says, checked (Web Authentication, level 3, sections 7.1 and 7.2). No attestation is asked for: which
 * make an authenticator is of tells nothing here, and it would name the person's device. The public key is taken as the
 * browser gives it (SubjectPublicKeyInfo), so that no CBOR of a stranger has to be read.
 */

const Bytes = z
  .string()
  .max(8192)
  .regex(/^[A-Za-z0-9_-]*$/)
const Common = { id: Bytes, rawId: Bytes, type: z.literal('public-key') }

/** As `credential.toJSON()` writes it; members that are not used are let be. */
export const RegistrationShape = z.object({
  ...Common,
  response: z.object({
    clientDataJSON: Bytes,
    authenticatorData: Bytes,
    publicKey: Bytes,
    publicKeyAlgorithm: z.int(),
  }),
})
export const AssertionShape = z.object({
  ...Common,
  response: z.object({ clientDataJSON: Bytes, authenticatorData: Bytes, signature: Bytes }),
})

/** What both kinds of answer must be about. */
export interface Expected {
  readonly challenge: string
  readonly origin: string
  /** The name of this host, which the key is bound to. */
  readonly host: string
}

/** COSE names of what is taken (RFC 9053): ES256, EdDSA, RS256. */
export const ALGORITHMS = [-8, -7, -257] as const

/** SHA-256 of the host, flags, counter; then, of a new key, 16 bytes of model and the length of the id. */
const LEAST_BYTES = 37
const PRESENT = 0x01
const VERIFIED = 0x04
const HAS_KEY = 0x40
const LEAST_RSA_BITS = 2048

/** A new passkey. @throws IdentityError `PASSKEY_INVALID` */
export function readRegistration(
  { id, response }: z.infer<typeof RegistrationShape>,
  expected: Expected,
): { id: string; key: string; counter: number } {
  checkClientData(response.clientDataJSON, 'webauthn.create', expected)
  const data = Buffer.from(response.authenticatorData, 'base64url')
  const { flags, counter } = checkData(data, expected.host)
  if ((flags & HAS_KEY) === 0 || data.length < LEAST_BYTES + 18) throw unproven('it has no key')
  const end = LEAST_BYTES + 18 + data.readUInt16BE(LEAST_BYTES + 16)
  const own = data.subarray(LEAST_BYTES + 18, end).toString('base64url')
  if (own !== id || id.length < 22) throw unproven('it is not of the key it names')
  readKey(response.publicKey, response.publicKeyAlgorithm)
  return { id, key: response.publicKey, counter }
}

/**
 * That the holder of a passkey was there and verified just now.
 *
 * @returns the new counter
 * @throws IdentityError `PASSKEY_INVALID`
 */
export function readAssertion(
  { response }: z.infer<typeof AssertionShape>,
  expected: Expected,
  known: { readonly key: string; readonly counter: number },
): number {
  checkClientData(response.clientDataJSON, 'webauthn.get', expected)
  const data = Buffer.from(response.authenticatorData, 'base64url')
  const { counter } = checkData(data, expected.host)
  const digest = createHash('sha256').update(Buffer.from(response.clientDataJSON, 'base64url')).digest()
  const key = createPublicKey({ key: Buffer.from(known.key, 'base64url'), format: 'der', type: 'spki' })
  const signature = Buffer.from(response.signature, 'base64url')
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  if (!verify(hash, Buffer.concat([data, digest]), key, signature))
    throw unproven('its signature does not fit')
  // one that counts and does not go up was copied (section 6.1.1)
  if ((counter !== 0 || known.counter !== 0) && counter <= known.counter) throw unproven('it was copied')
  return counter
}

const ClientData = z.object({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
})

function checkClientData(text: string, type: string, expected: Expected): void {
  const said = ClientData.safeParse(jsonOf(text)).data
  if (said === undefined || said.type !== type) throw unproven('it says something else')
  if (!isSame(said.challenge, expected.challenge)) throw unproven('it answers another question')
  if (said.origin !== expected.origin || said.crossOrigin === true)
    throw unproven('it was made for another page')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

function checkData(data: Buffer, host: string): { flags: number; counter: number } {
  if (data.length < LEAST_BYTES) throw unproven('it is too short')
  const digest = createHash('sha256').update(host).digest()
  if (!isSame(data.subarray(0, 32), digest)) throw unproven('it is for another host')
  const flags = data[32]!
  if ((flags & PRESENT) === 0 || (flags & VERIFIED) === 0) throw unproven('nobody was verified')
  return { flags, counter: data.readUInt32BE(33) }
}

function readKey(spki: string, algorithm: number): KeyObject {
  const key = keyOf(spki)
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  const isEs256 = algorithm === -7 && type === 'ec' && details?.namedCurve === 'prime256v1'
  const isEdDsa = algorithm === -8 && type === 'ed25519'
  const isRs256 = algorithm === -257 && type === 'rsa' && (details?.modulusLength ?? 0) >= LEAST_RSA_BITS
  if (!isEs256 && !isEdDsa && !isRs256) throw unproven('its key is of a kind that is not taken')
  return key
}

function keyOf(spki: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki, 'base64url'), format: 'der', type: 'spki' })
  } catch (cause) {
    throw unproven('its key cannot be read', cause)
  }
}

function unproven(why: string, cause?: unknown): Error {
  return identityError(
    'PASSKEY_INVALID',
    `the passkey proves nothing: ${why}`,
    'try again with a passkey of this console, or log in another way',
    cause,
  )
}
