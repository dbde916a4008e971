import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { identityError } from './errors.ts'
import { isSame } from './keys.ts'
import type { RecordOf } from './records.ts'

/** Argon2id (RFC 9106), with the parameters it was made with, so that they can be raised later. */
export type StoredPassphrase = RecordOf<'passphrase'>
export type HashCost = Pick<StoredPassphrase, 'memoryKib' | 'passes' | 'lanes'>

/** Above the least that OWASP names (19 MiB, 2 passes); about a tenth of a second and 64 MiB on a usual machine. */
export const HASH_COST: HashCost = { memoryKib: 65_536, passes: 2, lanes: 1 }

const SALT_BYTES = 16
const TAG_BYTES = 32
const SHORTEST = 8
const LONGEST = 256

const derive = promisify(argon2)

/** @throws IdentityError `PASSPHRASE_UNFIT` */
export function checkPassphrase(text: string): void {
  const length = Array.from(text.normalize('NFC')).length
  if (length >= SHORTEST && length <= LONGEST && !/[\u0000-\u001f\u007f]/.test(text)) return
  throw identityError(
    'PASSPHRASE_UNFIT',
    `a passphrase has ${SHORTEST} to ${LONGEST} characters and no control characters`,
    'take a few words in a row that nobody would guess',
  )
}

export async function hashPassphrase(text: string, now: number, cost = HASH_COST): Promise<StoredPassphrase> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await tagOf(text, salt, cost)
  return { ...cost, salt: salt.toString('base64url'), hash: hash.toString('base64url'), setAt: now }
}

/** Whether it is the one; takes as long for a wrong one. */
export async function isPassphrase(text: string, stored: StoredPassphrase): Promise<boolean> {
  const tag = await tagOf(text, Buffer.from(stored.salt, 'base64url'), stored)
  return isSame(tag, Buffer.from(stored.hash, 'base64url'))
}

/** Whether it was hashed with other parameters than today's. */
export function isOutdated({ memoryKib, passes, lanes }: StoredPassphrase, cost = HASH_COST): boolean {
  return memoryKib !== cost.memoryKib || passes !== cost.passes || lanes !== cost.lanes
}

async function tagOf(text: string, salt: Buffer, cost: HashCost): Promise<Buffer> {
  const message = Buffer.from(text.normalize('NFC'))
  try {
    return await derive('argon2id', {
      message,
      nonce: salt,
      parallelism: cost.lanes,
      tagLength: TAG_BYTES,
      memory: cost.memoryKib,
      passes: cost.passes,
    })
  } finally {
    message.fill(0)
  }
}
