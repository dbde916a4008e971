import { hkdfSync, randomBytes, sign, verify, type KeyObject } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { bytesFromHex, hexFromBytes, keepSecret, type Secret } from '../../platform/locked-memory-secret.ts'
import { SIGN_ERRORS, SignError } from './errors.ts'
import { formatKeyFile, makeKey, parseKeyFile, type StoredKey } from './keyfile.ts'

/** What a signing key may be used for; each has its own, so that one signature never passes for another. */
export const SIGNING_PURPOSES = ['checkpoint', 'grant', 'approval', 'receipt', 'integrity'] as const
export type SigningPurpose = (typeof SIGNING_PURPOSES)[number]

/** What a shared secret may be used for. */
export const SECRET_PURPOSES = ['ipc', 'permit', 'people', 'budget', 'integrity', 'mcp-pins'] as const
export type SecretPurpose = (typeof SECRET_PURPOSES)[number]

/** Signs with whatever key is active at the moment of the call. */
export interface Signer {
  /** SHA-256 of the public key's 32 bytes, hex. */
  readonly keyId: string
  readonly publicKey: KeyObject
  sign(bytes: Uint8Array): Buffer
  /** Whether the active key, or one retired from this purpose, made `signature`. */
  verify(bytes: Uint8Array, signature: Uint8Array): boolean
}

export interface PublicKey {
  readonly id: string
  readonly created: string
  readonly state: 'active' | 'retired'
  readonly publicKey: KeyObject
}

export interface Keys {
  signer(purpose: SigningPurpose): Signer
  /** 32 bytes for HMAC, the same at every start, different for every purpose and host; in locked memory where there is any. */
  secret(purpose: SecretPurpose): Secret
  /** The active key first, then the retired ones: an old signature stays verifiable. */
  publicKeys(purpose: SigningPurpose): readonly PublicKey[]
  /** Makes a new key active. The private half of the old one is destroyed; its public half is kept. */
  rotate(purpose: SigningPurpose): PublicKey
}

export interface KeyOptions {
  /** Make what is missing (default). `false` for readers: a verifier that made itself a key would verify nothing. */
  readonly create?: boolean
  /** Directories the keys must not lie in, nor around: who can write the log must not find the key with it. */
  readonly apartFrom?: readonly string[]
  readonly now?: () => number
}

/**
 * Opens this host's key store.
 *
 * @throws SignError `KEYS_BESIDE_LOG`, `KEYS_MISSING`, `KEYS_MALFORMED`; FileError `FILE_UNSAFE` when others could
 * reach the directory or a file in it
 */
export function openKeys(directory: string, options: KeyOptions = {}): Keys {
  const { create = true, apartFrom = [], now = Date.now } = options
  refuseBeside(directory, apartFrom)
  if (create) ensurePrivateDirectory(directory)
  const rings: Record<SigningPurpose, StoredKey[]> = {
    checkpoint: loadRing(directory, 'checkpoint', create, now),
    grant: loadRing(directory, 'grant', create, now),
    approval: loadRing(directory, 'approval', create, now),
    receipt: create || hasRing(directory, 'receipt') ? loadRing(directory, 'receipt', create, now) : [],
    integrity: create || hasRing(directory, 'integrity') ? loadRing(directory, 'integrity', create, now) : [],
  }
  const root = keepSecret(loadRoot(directory, create))
  const secrets: Record<SecretPurpose, Secret> = {
    ipc: derive(root, 'ipc'),
    permit: derive(root, 'permit'),
    people: derive(root, 'people'),
    budget: derive(root, 'budget'),
    'mcp-pins': derive(root, 'mcp-pins'),
    integrity: derive(root, 'integrity'),
  }
  root.close()
  return {
    signer: (purpose) => ringSigner(rings, purpose),
    secret: (purpose) => secrets[purpose],
    publicKeys: (purpose) => rings[purpose].map(publicOf),
    rotate(purpose) {
      const fresh = makeKey(now())
      const retired = rings[purpose].map(({ id, created, publicKey }) => ({ id, created, publicKey }))
      const ring = [fresh, ...retired]
      writeFileAtomic(ringPath(directory, purpose), formatKeyFile(purpose, ring))
      rings[purpose] = ring // only once it is on disk: a signature nobody can check later is worse than none
      return publicOf(fresh)
    },
  }
}

/**
 * The public halves of one purpose, for who only verifies; no other key need be there.
 *
 * @throws SignError `KEYS_MISSING`, `KEYS_MALFORMED`; FileError
 */
export function readPublicKeys(directory: string, purpose: SigningPurpose): readonly PublicKey[] {
  const path = ringPath(directory, purpose)
  const bytes = readPrivateFile(path)
  if (bytes === undefined) throw missing(path)
  return parseKeyFile(path, purpose, bytes).map(publicOf)
}

function ringSigner(rings: Record<SigningPurpose, StoredKey[]>, purpose: SigningPurpose): Signer {
  const active = () => rings[purpose][0]! // what makes keys has one: see loadRing
  return {
    get keyId() {
      return active().id
    },
    get publicKey() {
      return active().publicKey
    },
    sign: (bytes) => sign(null, bytes, active().privateKey!),
    verify: (bytes, signature) => rings[purpose].some((key) => verify(null, bytes, key.publicKey, signature)),
  }
}

function loadRing(
  directory: string,
  purpose: SigningPurpose,
  create: boolean,
  now: () => number,
): StoredKey[] {
  const path = ringPath(directory, purpose)
  const bytes = readPrivateFile(path)
  if (bytes !== undefined) return parseKeyFile(path, purpose, bytes)
  if (!create) throw missing(path)
  const ring = [makeKey(now())]
  writeFileAtomic(path, formatKeyFile(purpose, ring))
  return ring
}

/** A key that came with a later version is not there until something that makes keys has started once. */
function hasRing(directory: string, purpose: SigningPurpose): boolean {
  return readPrivateFile(ringPath(directory, purpose)) !== undefined
}

function loadRoot(directory: string, create: boolean): Uint8Array {
  const path = join(directory, 'secret.root')
  const text = readPrivateFile(path)
  if (text === undefined) {
    if (!create) throw missing(path)
    const fresh = randomBytes(SECRET_BYTES)
    const written = hexFromBytes(fresh)
    writeFileAtomic(path, written)
    written.fill(0)
    return fresh
  }
  const bytes = bytesFromHex(text, SECRET_BYTES)
  text.fill(0)
  if (bytes !== undefined) return bytes
  throw new SignError(SIGN_ERRORS, 'KEYS_MALFORMED', {
    what: `${path} is not 32 bytes in hexadecimal`,
    fix: 'put the file back from a backup; without one, move it away: agents must then be paired again',
  })
}

const SECRET_BYTES = 32

/** HKDF (RFC 5869), one label per purpose, so that a secret which leaks says nothing about the others. */
function derive(root: Secret, purpose: SecretPurpose): Secret {
  return root.use((bytes) =>
    keepSecret(new Uint8Array(hkdfSync('sha256', bytes, '', `warder/secret/${purpose}/v1`, SECRET_BYTES))),
  )
}

function refuseBeside(directory: string, apartFrom: readonly string[]): void {
  for (const other of apartFrom) {
    if (!isWithin(directory, other) && !isWithin(other, directory)) continue
    throw new SignError(SIGN_ERRORS, 'KEYS_BESIDE_LOG', {
      what: `the keys in ${directory} would lie together with ${other}, which they sign`,
      fix: 'give the keys a directory of their own, outside the other one',
    })
  }
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(realPath(outer), realPath(inner))
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`))
}

/** The path with links followed as far as it exists, so that a link cannot hide that two directories are one. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const absolute = resolve(path)
    const parent = dirname(absolute)
    return parent === absolute ? absolute : join(realPath(parent), basename(absolute))
  }
}

function publicOf({ id, created, publicKey, privateKey }: StoredKey): PublicKey {
  return { id, created, state: privateKey === undefined ? 'retired' : 'active', publicKey }
}

function ringPath(directory: string, purpose: SigningPurpose): string {
  return join(directory, `${purpose}.keys.json`)
}

function missing(path: string): SignError {
  return new SignError(SIGN_ERRORS, 'KEYS_MISSING', {
    what: `there is no ${path}`,
    fix: 'start the daemon once, which makes the keys, or name the directory they are in',
  })
}
