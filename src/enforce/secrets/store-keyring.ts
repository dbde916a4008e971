import { messageOf, systemCode } from '../../core/error.ts'
import { SecretsError } from './errors.ts'
import { openKeyringCalls, type KeyringCalls } from '../../platform/keyring.ts'
import type { BlobPlace } from './store-sealed.ts'

export interface KeyringOptions {
  /** Tells this installation's keys from another's of the same user. */
  readonly prefix: string
  readonly calls?: KeyringCalls | { readonly missing: string }
  /** The kernel forgets a key after so long; absent: with the machine's end. */
  readonly lifetimeMs?: number
}

/** A user key holds 32,767 bytes at most; a user who is not root has 200 keys and 20,000 bytes unless told otherwise. */
const MOST_BYTES = 32_767

/**
 * The kernel's key store: nothing is on a disk, and a restart of the machine forgets it. The keys are in the user's own
 * keyring, readable for the processes that possess it; they hold sealed values all the same, since every process of the
 * user can come to possess it. No sandbox can make these calls.
 */
export function keyringPlace({ prefix, calls = openKeyringCalls(), lifetimeMs }: KeyringOptions): BlobPlace {
  if ('missing' in calls) throw unavailable(calls.missing)
  const describe = (key: string): string => `warder:${prefix}:${key}`
  return {
    async read(key) {
      return tried(() => {
        const found = calls.find(describe(key))
        return found === undefined ? undefined : calls.read(found, MOST_BYTES)
      })
    },
    async write(key, bytes) {
      tried(() => {
        const added = calls.add(describe(key), bytes)
        if (lifetimeMs !== undefined) calls.expireAfter(added, Math.max(1, Math.ceil(lifetimeMs / 1000)))
        calls.restrict(added)
      })
    },
    async remove(key) {
      tried(() => {
        const found = calls.find(describe(key))
        if (found !== undefined) calls.unlink(found)
      })
    },
  }
}

function tried<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw unavailable(messageOf(cause), systemCode(cause), cause)
  }
}

function unavailable(why: string, code?: string, cause?: unknown): SecretsError {
  const fix =
    code === 'EDQUOT'
      ? 'keep fewer or shorter values there, or raise kernel.keys.maxbytes and kernel.keys.maxkeys'
      : 'use the store file, or allow add_key and keyctl where Warder runs'
  return new SecretsError('STORE_UNAVAILABLE', `the kernel’s keys cannot be used: ${why}`, fix, { cause })
}
