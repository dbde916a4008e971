import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { sha256 } from '../../core/canonical.ts'
import { publicKeyFromRaw, rawPublicKey } from '../../core/note.ts'
import { SIGN_ERRORS, SignError } from './errors.ts'

/** One signing key as the store keeps it. A retired one has lost its private half and can only verify. */
export interface StoredKey {
  /** SHA-256 of the 32 public bytes, in full: a short one invites look-alikes. */
  readonly id: string
  /** UTC, ISO 8601. */
  readonly created: string
  readonly publicKey: KeyObject
  readonly privateKey?: KeyObject
}

export function makeKey(now: number): StoredKey & { readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { id: keyIdOf(publicKey), created: new Date(now).toISOString(), publicKey, privateKey }
}

export function keyIdOf(publicKey: KeyObject): string {
  return sha256(rawPublicKey(publicKey))
}

/** The active key first, then the retired ones, newest first. */
export function formatKeyFile(purpose: string, keys: readonly StoredKey[]): string {
  const written = keys.map((key) => ({
    id: key.id,
    created: key.created,
    state: key.privateKey === undefined ? 'retired' : 'active',
    public: rawPublicKey(key.publicKey).toString('base64'),
    ...(key.privateKey === undefined
      ? {}
      : { private: key.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64') }),
  }))
  return `${JSON.stringify({ v: 1, purpose, keys: written }, null, 2)}\n`
}

/**
 * Reads what {@link formatKeyFile} wrote, trusting none of it: every id is computed again, the private half must
 * belong to the public one, and exactly the first key may be active.
 */
export function parseKeyFile(path: string, purpose: string, bytes: Uint8Array): StoredKey[] {
  try {
    const file = JSON.parse(Buffer.from(bytes).toString()) as unknown
    if (!isRecord(file) || file.v !== 1 || file.purpose !== purpose || !Array.isArray(file.keys)) {
      throw new Error('it is not a key file for this purpose')
    }
    const keys = file.keys.map(parseKey)
    const active = keys.filter((key) => key.privateKey !== undefined)
    if (active.length !== 1 || active[0] !== keys[0]) throw new Error('it must hold one active key, first')
    return keys
  } catch (cause) {
    // the cause may quote the file, and the file is a secret: name only what we know to be harmless
    throw new SignError(SIGN_ERRORS, 'KEYS_MALFORMED', {
      what: `${path} is not a key file${cause instanceof SyntaxError ? '' : `: ${(cause as Error).message}`}`,
      fix: 'put the file back from a backup; if there is none, move it away and let Warder make a new key',
    })
  }
}

function parseKey(key: unknown): StoredKey {
  if (!isRecord(key) || typeof key.public !== 'string' || typeof key.created !== 'string') {
    throw new Error('a key lacks its public half or its date')
  }
  const publicKey = publicKeyFromRaw(Buffer.from(key.public, 'base64'))
  const id = keyIdOf(publicKey)
  if (key.id !== id) throw new Error('the id of a key is not the digest of the key')
  const known = { id, created: key.created, publicKey }
  if (key.state === 'retired' && key.private === undefined) return known
  if (key.state !== 'active' || typeof key.private !== 'string') throw new Error('a key has an unknown state')
  const der = Buffer.from(key.private, 'base64')
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  return { ...known, privateKey: matching(privateKey, publicKey) }
}

function matching(privateKey: KeyObject, publicKey: KeyObject): KeyObject {
  const { x } = privateKey.export({ format: 'jwk' })
  if (x !== rawPublicKey(publicKey).toString('base64url')) throw new Error('private and public half differ')
  return privateKey
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
