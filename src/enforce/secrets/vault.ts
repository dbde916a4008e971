import { argon2Sync, hkdfSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import * as z from 'zod'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { bytesFromHex, hexFromBytes } from '../../platform/locked-memory-secret.ts'
import { SecretValue } from '../../platform/secret-value.ts'
import type { Json } from '../../core/canonical.ts'
import { KEY_BYTES, open, seal } from './cipher.ts'
import { SecretsError } from './errors.ts'
import { whileLocked } from './lock.ts'
import type { Sealer } from './store-sealed.ts'

/** Argon2id (RFC 9106): memory in KiB, passes, lanes. Written into the header, so that they can be raised later. */
export interface KdfCost {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

/** The second choice of RFC 9106, section 4: about a fifth of a second and 64 MiB. */
export const KDF_COST: KdfCost = { memoryKib: 65_536, passes: 3, lanes: 4 }

const SALT_BYTES = 16
// upper bounds, so that a header somebody wrote cannot take the machine's memory or time
const Kdf = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('key-file') }),
  z.strictObject({
    kind: z.literal('passphrase'),
    memoryKib: z.int().min(8).max(1_048_576),
    passes: z.int().min(1).max(16),
    lanes: z.int().min(1).max(16),
    salt: z.base64(),
  }),
])
const Header = z.strictObject({ v: z.literal(1), id: z.string().max(64), kdf: Kdf, dek: z.base64() })
type Header = z.infer<typeof Header>
type KdfHeader = z.infer<typeof Kdf>

export interface VaultOptions {
  /** Where the wrapped key lies, beside the values. */
  readonly directory: string
  /** Where the key file lies; best on another disk, or handed over at start. */
  readonly keyFile: string
  readonly newId: () => string
  readonly cost?: KdfCost
}

/**
 * The keys of the store: a random key that seals the values (DEK), wrapped by one that is made from the key file and,
 * where one is set, from a passphrase (KEK). A change of the passphrase wraps anew and touches no value.
 *
 * Honest limits: with the key file alone, whoever copies both files has everything; that protects only against a copy
 * of one of them. A passphrase protects a copy of both, and has to be given at each start.
 */
export class Vault implements Sealer {
  readonly #options: VaultOptions
  readonly #root: SecretValue
  #dek: SecretValue | undefined

  /** Opens it; without a passphrase it is unlocked at once. @throws SecretsError `SECRETS_UNTRUSTED`, FileError */
  constructor(options: VaultOptions) {
    this.#options = options
    ensurePrivateDirectory(options.directory)
    // two that begin at the same time must not make two keys
    const lock = join(options.directory, 'values.lock')
    this.#root = SecretValue.take(
      whileLocked(lock, () => rootOf(options.keyFile, () => this.#header() === undefined)),
    )
    const header = this.#header() ?? whileLocked(lock, () => this.#header() ?? this.#begin())
    if (header.kdf.kind === 'key-file') this.#dek = this.#unwrap(header, undefined)
  }

  get isLocked(): boolean {
    return this.#dek === undefined
  }

  get needsPassphrase(): boolean {
    return this.#header()?.kdf.kind === 'passphrase'
  }

  /** Authenticates what is no secret itself, whether or not the vault is locked. */
  mac(label: string, text: string): Buffer {
    return this.#root.mac(`warder/secrets/${label}/v1\n${text}`)
  }

  seal(plain: Uint8Array, about: Json): Uint8Array {
    return this.#unlocked().use((key) => seal(key, plain, about))
  }

  open(sealed: Uint8Array, about: Json): Uint8Array | undefined {
    return this.#unlocked().use((key) => open(key, sealed, about))
  }

  /** @throws SecretsError `SECRETS_PASSPHRASE` */
  unlock(passphrase: Uint8Array): void {
    const header = this.#header()
    if (header?.kdf.kind !== 'passphrase') return
    const dek = this.#unwrap(header, passphrase)
    this.#dek?.close()
    this.#dek = dek
  }

  /** Forgets the key until the passphrase comes again. @throws SecretsError `SECRET_STATE` when there is none */
  lock(): void {
    if (!this.needsPassphrase) {
      throw new SecretsError(
        'SECRET_STATE',
        'the store has no passphrase, so it cannot be locked',
        'set one first: warder secret protect set',
      )
    }
    this.#dek?.close()
    this.#dek = undefined
  }

  /** Wraps the same key anew. @param passphrase absent: the key file alone is enough again */
  protect(passphrase: Uint8Array | undefined): void {
    const { directory, cost = KDF_COST } = this.#options
    const dek = this.#unlocked()
    whileLocked(join(directory, 'values.lock'), () => {
      const before = this.#header()
      if (before === undefined) throw untrusted(this.#path, 'it is gone')
      const kdf: KdfHeader =
        passphrase === undefined
          ? { kind: 'key-file' }
          : { kind: 'passphrase', ...cost, salt: randomBytes(SALT_BYTES).toString('base64') }
      dek.use((bytes) => this.#write(before.id, kdf, bytes, passphrase))
    })
  }

  close(): void {
    this.#dek?.close()
    this.#dek = undefined
    this.#root.close()
  }

  get #path(): string {
    return join(this.#options.directory, 'vault.json')
  }

  #unlocked(): SecretValue {
    if (this.#dek !== undefined) return this.#dek
    throw new SecretsError(
      'SECRETS_LOCKED',
      'the secret store is locked',
      'give its passphrase: warder secret unlock',
    )
  }

  #header(): Header | undefined {
    const bytes = readPrivateFile(this.#path, 64 * 1024)
    if (bytes === undefined) return undefined
    try {
      return Header.parse(JSON.parse(bytes.toString('utf8')))
    } catch {
      throw untrusted(this.#path, 'it was cut or altered')
    }
  }

  #begin(): Header {
    const fresh = randomBytes(KEY_BYTES)
    try {
      return this.#write(this.#options.newId(), { kind: 'key-file' }, fresh, undefined)
    } finally {
      fresh.fill(0)
    }
  }

  #write(id: string, kdf: KdfHeader, dek: Uint8Array, passphrase: Uint8Array | undefined): Header {
    const kek = this.#kek(id, kdf, passphrase)
    try {
      const wrapped = seal(kek, dek, ['warder/secrets/dek/v1', id, kdf as unknown as Json])
      const header: Header = { v: 1, id, kdf, dek: wrapped.toString('base64') }
      writeFileAtomic(this.#path, `${JSON.stringify(header, null, 1)}\n`)
      return header
    } finally {
      kek.fill(0)
    }
  }

  #unwrap({ id, kdf, dek }: Header, passphrase: Uint8Array | undefined): SecretValue {
    const kek = this.#kek(id, kdf, passphrase)
    try {
      const plain = open(kek, Buffer.from(dek, 'base64'), [
        'warder/secrets/dek/v1',
        id,
        kdf as unknown as Json,
      ])
      if (plain !== undefined && plain.length === KEY_BYTES) return SecretValue.take(plain)
    } finally {
      kek.fill(0)
    }
    if (kdf.kind === 'passphrase') {
      throw new SecretsError(
        'SECRETS_PASSPHRASE',
        'the passphrase does not open the secret store',
        'try again; without it the values cannot be had back, and each secret must be set anew',
      )
    }
    throw untrusted(this.#path, `the key in ${this.#options.keyFile} does not open it`)
  }

  /** HKDF (RFC 5869) over the key file and, with one, over what Argon2id makes of the passphrase. */
  #kek(id: string, kdf: KdfHeader, passphrase: Uint8Array | undefined): Uint8Array {
    const stretched = kdf.kind === 'key-file' ? new Uint8Array() : stretch(kdf, passphrase)
    try {
      return this.#root.use((root) => {
        const material = Buffer.concat([root, stretched])
        const key = new Uint8Array(hkdfSync('sha256', material, id, 'warder/secrets/kek/v1', KEY_BYTES))
        material.fill(0)
        return key
      })
    } finally {
      stretched.fill(0)
    }
  }
}

function stretch(
  kdf: Extract<KdfHeader, { kind: 'passphrase' }>,
  passphrase: Uint8Array | undefined,
): Uint8Array {
  const { memoryKib, passes, lanes, salt } = kdf
  return argon2Sync('argon2id', {
    message: passphrase ?? new Uint8Array(),
    nonce: Buffer.from(salt, 'base64'),
    parallelism: lanes,
    tagLength: KEY_BYTES,
    memory: memoryKib,
    passes,
  })
}

/** @param mayBegin whether a missing key file may be made: only where nothing was sealed with one yet */
function rootOf(path: string, mayBegin: () => boolean): Uint8Array {
  const text = readPrivateFile(path, 1024)
  if (text !== undefined) {
    const bytes = bytesFromHex(text, KEY_BYTES)
    text.fill(0)
    if (bytes !== undefined) return bytes
    throw untrusted(path, 'it is not 32 bytes in hexadecimal')
  }
  if (!mayBegin()) throw untrusted(path, 'it is missing, and values were sealed with it')
  const fresh = randomBytes(KEY_BYTES)
  const written = hexFromBytes(fresh)
  writeFileAtomic(path, written)
  written.fill(0)
  return fresh
}

function untrusted(where: string, why: string): SecretsError {
  return new SecretsError(
    'SECRETS_UNTRUSTED',
    `${where} cannot be used: ${why}`,
    'put it back from a backup; without one, move the directory of the store away and set each secret again',
    { where },
  )
}
