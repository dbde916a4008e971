import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../core/canonical.ts'
import { messageOf } from '../core/error.ts'
import { newId } from '../core/id.ts'
import {
  Catalogue,
  commandStore,
  consumeBootFile,
  environmentStore,
  filePlace,
  keychainStore,
  keyringPlace,
  openBootFile,
  SecretBook,
  sealedStore,
  SecretsError,
  Vault,
  type BootOptions,
  type SecretRecord,
  type StoreName,
  type ValueStore,
} from '../enforce/secrets/index.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { Taken } from './secrets-environment.ts'
import { incomplete, programEnvironment } from './secrets-programs.ts'

export interface SecretsRoomOptions {
  readonly values: SettingValues
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly taken: Taken
  /** The revision of the list that the ledger has seen last. */
  readonly seenRevision: number
  readonly changed: (revision: number) => void
  readonly now: () => number
  /** Why nothing may be opened just now; asked each time. */
  readonly shut?: () => string | undefined
}

interface Opened {
  readonly vault: Vault
  readonly book: SecretBook
}

/** The secret store of this daemon. Nothing is made on the disk before the first secret is. */
export class SecretsRoom {
  readonly #options: SecretsRoomOptions
  readonly #stores = new Map<StoreName, ValueStore>()
  #opened: Opened | undefined
  #unlockedAt = 0
  #revision: number
  /** Why no secret may be used, where something at the start went wrong. */
  #closed: SecretsError | undefined
  /** Why nothing is handed out, where an incident says so. */
  shutBecause: string | undefined

  constructor(options: SecretsRoomOptions) {
    this.#options = options
    this.#revision = options.seenRevision
  }

  /** Loads the boot file, where one is set. Whatever goes wrong shuts the store and not the daemon. */
  async begin(): Promise<void> {
    try {
      await this.#boot()
    } catch (error) {
      this.#closed =
        error instanceof SecretsError
          ? error
          : new SecretsError(
              'BOOT_FILE_INVALID',
              `the boot file was not loaded: ${messageOf(error)}`,
              'see its cause',
              {
                cause: error,
              },
            )
    }
  }

  get directory(): string {
    return join(this.#options.values['paths.state'], 'secrets')
  }

  /** Where a new value goes when nobody says. */
  get defaultStore(): 'file' | 'keychain' | 'keyring' {
    return this.#options.values['secrets.store']
  }

  /** Whether there ever was a secret here. */
  get isThere(): boolean {
    return this.#opened !== undefined || existsSync(join(this.directory, 'vault.json'))
  }

  /** @throws SecretsError what keeps it shut */
  book(): SecretBook {
    if (this.#closed !== undefined) throw this.#closed
    if (this.shutBecause !== undefined)
      throw new SecretsError('SECRETS_LOCKED', this.shutBecause, 'see what happened: warder incident list')
    this.lockWhenOver()
    return this.#open().book
  }

  /** Hands out nothing, whoever asks, until {@link reopen}; with a passphrase its key leaves memory as well. */
  shut(why: string): void {
    this.shutBecause = why
    if (this.#opened?.vault.needsPassphrase === true && !this.#opened.vault.isLocked)
      this.#opened.vault.lock()
  }

  reopen(): void {
    this.shutBecause = undefined
  }

  /** Takes one out of use, also while the store is shut. */
  disable(name: string, why: string): SecretRecord {
    return this.#open().book.disable(name, why)
  }

  vault(): Vault {
    return this.#open().vault
  }

  /** Gives the passphrase. @throws SecretsError `SECRETS_PASSPHRASE` */
  unlock(passphrase: Uint8Array): void {
    this.vault().unlock(passphrase)
    this.#unlockedAt = this.#options.now()
  }

  /** Locks a store that was unlocked as long ago as the settings allow. */
  lockWhenOver(): void {
    const lockAfterMs = this.#options.values['secrets.lock_after']
    if (lockAfterMs === 0 || this.#opened === undefined) return
    const { vault } = this.#opened
    if (this.#unlockedAt === 0) this.#unlockedAt = this.#options.now() // it was open when its passphrase was set
    const isOver = this.#options.now() - this.#unlockedAt >= lockAfterMs
    if (isOver && vault.needsPassphrase && !vault.isLocked) vault.lock()
  }

  /** Takes every key out of memory while something shuts the store. */
  shutIfTold(): void {
    if (this.#options.shut?.() === undefined) return
    this.#opened?.vault.close()
    this.#opened = undefined
    this.#stores.clear() // they hold the vault
  }

  /** Whether a key is in memory. */
  get isOpen(): boolean {
    return this.#opened?.vault.isLocked === false
  }

  /** Without making a store where there is none. */
  list(): readonly SecretRecord[] {
    return this.isThere ? this.#open().book.list() : []
  }

  get isLocked(): boolean {
    return this.isThere && this.#open().vault.isLocked
  }

  /** Whether it needs a passphrase after each start. */
  get isProtected(): boolean {
    return this.isThere && this.#open().vault.needsPassphrase
  }

  /** What is wrong with the store as a whole, in words. */
  problems(): string[] {
    const closed = this.#closed === undefined ? [] : [`secrets: ${this.#closed.message}`]
    try {
      this.list()
      if (this.shutBecause !== undefined) closed.push(`secrets: ${this.shutBecause}`)
      return this.isLocked ? [...closed, 'secrets: the store is locked (warder secret unlock)'] : closed
    } catch (error) {
      return [...closed, `secrets: ${messageOf(error)}`]
    }
  }

  /** What a program that is handed a value finds in its environment. */
  programEnvironment(): Record<string, string> {
    return programEnvironment(this.#options.environment)
  }

  /** The places whose owner and modes matter. */
  places(): string[] {
    const { values } = this.#options
    const names = ['vault.json', 'secrets.json', 'values.json', 'secrets.lock', 'values.lock']
    return [
      ...[this.directory, ...names.map((name) => join(this.directory, name))],
      ...[values['paths.keys'], values['secrets.key_file']],
      ...[values['secrets.boot_file'], values['secrets.boot_key']].filter((path) => path !== undefined),
    ]
  }

  close(): void {
    this.#opened?.vault.close()
    for (const value of this.#options.taken.values()) value.close()
  }

  #open(): Opened {
    this.shutIfTold()
    const why = this.#options.shut?.()
    if (why !== undefined) throw new SecretsError('SECRETS_LOCKED', why, 'warder emergency unlock')
    if (this.#opened !== undefined) return this.#opened
    const { values, changed, now } = this.#options
    mkdirSync(this.directory, { recursive: true, mode: 0o700 })
    const vault = new Vault({ directory: this.directory, keyFile: values['secrets.key_file'], newId })
    const catalogue = new Catalogue({
      directory: this.directory,
      mac: (text) => vault.mac('catalogue', text),
      atLeast: () => this.#revision,
      changed: (revision) => {
        this.#revision = revision
        changed(revision)
      },
    })
    const book = new SecretBook({ catalogue, storeOf: (store) => this.#storeOf(store), now, newId })
    return (this.#opened = { vault, book })
  }

  #storeOf(name: StoreName): ValueStore {
    const found = this.#stores.get(name) ?? this.#makeStore(name)
    this.#stores.set(name, found)
    return found
  }

  #makeStore(name: StoreName): ValueStore {
    const { vault } = this.#open()
    switch (name) {
      case 'file':
        return sealedStore(name, filePlace(this.directory), vault)
      case 'keyring':
        return sealedStore(name, keyringPlace({ prefix: sha256(this.directory).slice(0, 16) }), vault)
      case 'keychain':
        return keychainStore()
      case 'environment':
        this.#refuseEnvironment()
        return environmentStore({ taken: this.#options.taken })
      case 'command':
        return commandStore({
          template: this.#options.values['secrets.command'],
          environment: this.programEnvironment(),
        })
    }
  }

  #refuseEnvironment(): void {
    const { values, environment } = this.#options
    const isCi = ['true', '1'].includes(environment['CI'] ?? '')
    if (values['secrets.environment'] && (values.profile !== 'prod' || isCi)) return
    throw new SecretsError(
      'STORE_REFUSED',
      values['secrets.environment']
        ? 'in profile prod secrets may stand in the environment only where CI is set'
        : 'secrets may not stand in the environment here (secrets.environment is off)',
      'keep it in the store file: warder secret import --environment',
    )
  }

  async #boot(): Promise<void> {
    const { values } = this.#options
    const [file, keyFile] = [values['secrets.boot_file'], values['secrets.boot_key']]
    if (file === undefined) return
    if (keyFile === undefined) throw incomplete('secrets.boot_key is not set')
    const afterLoad = values['secrets.after_load']
    const source = values['secrets.reprovision']
    if (afterLoad === 'consume' && source === undefined)
      throw incomplete(
        'secrets.after_load is consume, and secrets.reprovision does not say where they come from then',
      )
    const boot: BootOptions = { file, keyFile, afterLoad }
    const loaded = openBootFile(boot)
    for (const { name, value } of loaded ?? []) {
      await this.#keep(name, value, source ?? null)
      value.close()
    }
    // only once every value is where it shall be: a crash before this loads them once more
    if (loaded !== undefined && afterLoad === 'consume') consumeBootFile(boot)
  }

  async #keep(name: string, value: Parameters<SecretBook['set']>[2], source: string | null): Promise<void> {
    const { book } = this.#open()
    const store = this.#options.values['secrets.boot_store']
    if (book.list().some((record) => record.name === name)) {
      const isThere = await book.value(name).then(
        (there) => {
          const isSame = value?.use((a) => there.use((b) => Buffer.compare(a, b) === 0)) === true
          there.close()
          return isSame
        },
        () => false, // the kernel has forgotten it, which is what the boot file is for
      )
      if (isThere) return
    }
    await book.set(name, { store, source }, value)
    if (book.find(name).previous !== null) await book.drop(name, 'previous')
  }
}
