import { createRequire } from 'node:module'
import { messageOf } from '../../core/error.ts'
import { SecretsError } from './errors.ts'
import { refText, type ValueStore } from './store.ts'

/** As much of @napi-rs/keyring 2.x as is used. */
interface Entry {
  getSecret(signal?: AbortSignal): Promise<Uint8Array | number[] | null | undefined>
  setSecret(secret: Uint8Array, signal?: AbortSignal): Promise<unknown>
  deleteCredential(signal?: AbortSignal): Promise<boolean>
}

export interface Keyring {
  readonly AsyncEntry: new (service: string, user: string, options?: object) => Entry
}

export interface KeychainOptions {
  /** How the package is found; it is loaded only here, and only when the store is used. */
  readonly load?: () => Keyring
  readonly platform?: NodeJS.Platform
  /** A locked keychain asks its user, who may not be there. */
  readonly timeoutMs?: number
}

const SERVICE = 'warder'
const TIMEOUT_MS = 30_000

/**
 * The keychain of the desktop: the Secret Service on Linux, Keychain on macOS. Pinned to it: the package would go on to
 * the kernel's keys where no service answers, and nobody would know where a value is.
 */
export function keychainStore(options: KeychainOptions = {}): ValueStore {
  const { load = loadPackage, platform = process.platform, timeoutMs = TIMEOUT_MS } = options
  const { AsyncEntry } = load()
  const pinned = platform === 'linux' ? { linux: { store: 'secret-service' } } : undefined
  const entryOf = (account: string): Entry => new AsyncEntry(SERVICE, account, pinned)
  const tried = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      return await Promise.race([work(signal), timedOut(signal)])
    } catch (cause) {
      throw unavailable(messageOf(cause), cause)
    }
  }
  return {
    store: 'keychain',
    isWritable: true,
    async read(ref) {
      const found = await tried(async (signal) => entryOf(refText(ref)).getSecret(signal))
      return found === null || found === undefined ? undefined : Uint8Array.from(found)
    },
    write: async (ref, value) =>
      void (await tried(async (signal) => entryOf(refText(ref)).setSecret(Uint8Array.from(value), signal))),
    remove: async (ref) =>
      void (await tried(async (signal) => entryOf(refText(ref)).deleteCredential(signal))),
  }
}

function timedOut(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(new Error('it did not answer; is it locked?')), {
    once: true,
  })
  return promise
}

function loadPackage(): Keyring {
  try {
    return createRequire(import.meta.url)('@napi-rs/keyring') as Keyring
  } catch (cause) {
    throw new SecretsError(
      'STORE_UNAVAILABLE',
      'the package @napi-rs/keyring, which speaks to the keychain, is not installed',
      'install it beside warder: npm install @napi-rs/keyring@2; or use the store file',
      { cause },
    )
  }
}

function unavailable(why: string, cause: unknown): SecretsError {
  return new SecretsError(
    'STORE_UNAVAILABLE',
    `the keychain cannot be used: ${why}`,
    'unlock it, start its service (gnome-keyring, KWallet), or use the store file',
    { cause },
  )
}
