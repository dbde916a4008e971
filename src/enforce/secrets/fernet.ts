import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { SecretValue } from '../../platform/secret-value.ts'
import { SecretsError } from './errors.ts'
import { isValueSize } from './record.ts'

const VERSION = 0x80
const HEAD_BYTES = 1 + 8 + 16
const MAC_BYTES = 32
const BLOCK_BYTES = 16

/**
 * Opens a Fernet token: for reading what was written elsewhere, never for writing. Signing key and encryption key are
 * the halves of the 32 bytes; the time in the token is not looked at, since a store of keys has none that expire.
 *
 * @see github.com/fernet/spec, "Verifying"
 * @returns undefined when it is no token, was altered, or is of another key
 */
export function openFernet(token: string, key: Uint8Array): Uint8Array | undefined {
  if (key.length !== 32 || !/^[A-Za-z0-9_-]+={0,2}$/.test(token)) return undefined
  const bytes = Buffer.from(token, 'base64url')
  const body = bytes.subarray(0, bytes.length - MAC_BYTES)
  const cipherBytes = body.length - HEAD_BYTES
  if (bytes[0] !== VERSION || cipherBytes < BLOCK_BYTES || cipherBytes % BLOCK_BYTES !== 0) return undefined
  const mac = createHmac('sha256', key.subarray(0, 16)).update(body).digest()
  if (!timingSafeEqual(mac, bytes.subarray(bytes.length - MAC_BYTES))) return undefined
  const decipher = createDecipheriv('aes-128-cbc', key.subarray(16), body.subarray(9, HEAD_BYTES))
  try {
    const parts = [decipher.update(body.subarray(HEAD_BYTES)), decipher.final()]
    const plain = Uint8Array.from(Buffer.concat(parts))
    for (const part of parts) part.fill(0)
    return plain
  } catch {
    return undefined // wrong padding under a good signature: not ours to explain
  }
}

/** The url-safe base64 of 32 bytes, as a key file has it. @throws SecretsError `IMPORT_INVALID` */
export function fernetKey(text: string): Uint8Array {
  const key = /^[A-Za-z0-9_-]{43}=?$/.test(text.trim())
    ? Buffer.from(text.trim(), 'base64url')
    : Buffer.alloc(0)
  if (key.length === 32) return Uint8Array.from(key)
  throw invalid(
    'the master key is not 32 bytes in url-safe base64',
    'give the file the keys were sealed with',
  )
}

export interface Imported {
  readonly name: string
  readonly value: SecretValue
}

const KeysFile = z.object({ __encrypted__: z.literal(true) }).catchall(z.unknown())

/**
 * A file of keys sealed with Fernet: `{"__encrypted__": true, "NAME": {"cipher": "…"}}`; members that begin with two
 * underscores are not keys. All of them can be opened, or nothing is imported.
 *
 * @throws SecretsError `IMPORT_INVALID`
 */
export function readFernetFile(text: string, key: Uint8Array): Imported[] {
  const entries = Object.entries(keysOf(text)).filter(([name]) => !name.startsWith('__'))
  return entries.map(([name, entry]) => {
    const cipher = z.object({ cipher: z.string() }).safeParse(entry).data?.cipher
    const value = cipher === undefined ? undefined : openFernet(cipher, key)
    if (value !== undefined && isValueSize(value.length)) return { name, value: SecretValue.take(value) }
    throw invalid(
      `${JSON.stringify(name.slice(0, 64))} cannot be opened with this master key`,
      'give the key it was sealed with; nothing was imported',
    )
  })
}

function keysOf(text: string): Record<string, unknown> {
  try {
    return KeysFile.parse(JSON.parse(text))
  } catch {
    throw invalid('it is not a file of sealed keys', 'give a JSON file with "__encrypted__": true')
  }
}

function invalid(what: string, fix: string): SecretsError {
  return new SecretsError('IMPORT_INVALID', what, fix)
}
