import { argon2Sync, randomBytes } from 'node:crypto'
import { lstatSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import * as z from 'zod'
import type { Json } from '../../core/canonical.ts'
import { readPrivateFile, syncDirectory, writeFileAtomic } from '../../platform/files.ts'
import { SecretValue } from '../../platform/secret-value.ts'
import { KEY_BYTES, open, seal } from './cipher.ts'
import { SecretsError } from './errors.ts'
import { isSecretName } from './record.ts'
import { KDF_COST, type KdfCost } from './vault.ts'

/** What becomes of the boot file once it is loaded. */
export const AFTER_LOAD = ['keep-sealed', 'consume'] as const
export type AfterLoad = (typeof AFTER_LOAD)[number]

const MOST_BYTES = 4 * 1024 * 1024
const Envelope = z.strictObject({
  format: z.literal('warder-boot-file'),
  v: z.literal(1),
  kdf: z.strictObject({
    memoryKib: z.int().min(8).max(1_048_576),
    passes: z.int().min(1).max(16),
    lanes: z.int().min(1).max(16),
    salt: z.base64(),
  }),
  box: z.base64(),
})
type Envelope = z.infer<typeof Envelope>
const Inside = z.array(z.strictObject({ name: z.string().refine(isSecretName), value: z.base64() })).max(2000)

/** Values for the first start of a machine, sealed under a key that is delivered apart from them. */
export function sealBootFile(
  values: readonly { readonly name: string; readonly value: SecretValue }[],
  key: Uint8Array,
  cost: KdfCost = KDF_COST,
): string {
  const kdf = { ...cost, salt: randomBytes(16).toString('base64') }
  const inside = values.map(({ name, value }) => ({
    name,
    value: value.use((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')),
  }))
  const plain = Buffer.from(JSON.stringify(inside))
  const kek = stretch(kdf, key)
  try {
    const box = seal(kek, plain, aboutOf(kdf)).toString('base64')
    return `${JSON.stringify({ format: 'warder-boot-file', v: 1, kdf, box } satisfies Envelope)}\n`
  } finally {
    plain.fill(0)
    kek.fill(0)
  }
}

export interface BootOptions {
  readonly file: string
  readonly keyFile: string
  readonly afterLoad: AfterLoad
}

/**
 * Opens the boot file in memory.
 *
 * @returns undefined when there is none: it was consumed, or never there
 * @throws SecretsError `BOOT_FILE_INVALID`: then nothing may be used, as if the store were locked; FileError
 */
export function openBootFile({
  file,
  keyFile,
}: BootOptions): { name: string; value: SecretValue }[] | undefined {
  const bytes = readPrivateFile(file, MOST_BYTES)
  if (bytes === undefined) return undefined
  const key = readPrivateFile(keyFile, 64 * 1024)
  if (key === undefined) throw invalid(file, `its key ${keyFile} is not there`)
  const envelope = parsed(file, bytes)
  const trimmed = key.at(-1) === 10 ? key.subarray(0, -1) : key
  const kek = stretch(envelope.kdf, trimmed)
  key.fill(0)
  const plain = open(kek, Buffer.from(envelope.box, 'base64'), aboutOf(envelope.kdf))
  kek.fill(0)
  if (plain === undefined) throw invalid(file, 'it was cut or altered, or the key is another one')
  try {
    return valuesIn(file, plain)
  } finally {
    plain.fill(0)
  }
}

/**
 * Destroys the key first: without it the sealed file is worth nothing, wherever the disk keeps copies of it. Deleting is
 * no erasure on a solid-state disk or a file system that copies on write.
 */
export function consumeBootFile({ file, keyFile }: BootOptions): void {
  for (const path of [keyFile, file]) {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    if (stat.isFile()) writeFileAtomic(path, randomBytes(Math.max(32, stat.size)))
    rmSync(path)
    syncDirectory(dirname(path))
  }
}

function parsed(file: string, bytes: Buffer): Envelope {
  try {
    return Envelope.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    throw invalid(file, 'it was cut, or is not a boot file')
  }
}

function valuesIn(file: string, plain: Buffer): { name: string; value: SecretValue }[] {
  try {
    const inside = Inside.parse(JSON.parse(plain.toString('utf8')))
    return inside.map(({ name, value }) => ({ name, value: SecretValue.take(Buffer.from(value, 'base64')) }))
  } catch {
    throw invalid(file, 'what is sealed in it is not a list of values') // not the cause: it may quote one
  }
}

function stretch({ memoryKib, passes, lanes, salt }: Envelope['kdf'], key: Uint8Array): Uint8Array {
  return argon2Sync('argon2id', {
    message: key,
    nonce: Buffer.from(salt, 'base64'),
    parallelism: lanes,
    tagLength: KEY_BYTES,
    memory: memoryKib,
    passes,
  })
}

function aboutOf(kdf: Envelope['kdf']): Json {
  return ['warder/boot-file/v1', kdf as unknown as Json]
}

function invalid(file: string, why: string): SecretsError {
  return new SecretsError(
    'BOOT_FILE_INVALID',
    `the boot file cannot be opened: ${why}`,
    'deliver it again with its key, or unset secrets.boot_file; until then no secret is used',
    { where: file },
  )
}
