import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256 } from '../../core/canonical.ts'
import { newId } from '../../core/id.ts'
import { messageOf } from '../../core/error.ts'
import { keychainStore, Vault, type ValueStore } from '../../enforce/secrets/index.ts'
import { openKeyringCalls } from '../../platform/keyring.ts'
import type { SettingValues } from '../../platform/settings.ts'

/** Values of the secret store that lie elsewhere than in Warder's own files. */

type ValueRef = Parameters<ValueStore['read']>[0]

export function secretsDirectory(values: SettingValues): string {
  return join(values['paths.state'], 'secrets')
}

function isThere(values: SettingValues): boolean {
  return existsSync(join(secretsDirectory(values), 'vault.json'))
}

/** Whether what is left of the store can be opened, whatever passphrase comes: then its keys are not destroyed. */
export function stillOpens(values: SettingValues): string | undefined {
  if (!isThere(values)) return undefined
  try {
    new Vault({ directory: secretsDirectory(values), keyFile: values['secrets.key_file'], newId }).close()
    return 'the secret store can still be opened'
  } catch (error) {
    return /is missing, and values were sealed/.test(messageOf(error))
      ? undefined
      : `it is not known whether the secret store can be opened: ${messageOf(error)}`
  }
}

const VersionShape = z.object({ version: z.int(), id: z.string() }).nullish()
const ListShape = z.object({
  records: z.array(
    z.object({
      ...{ name: z.string(), store: z.string() },
      ...{ current: VersionShape, candidate: VersionShape, previous: VersionShape },
    }),
  ),
})

/**
 * What the list of secrets says lies in the keychain. Its seal is not asked: the key of it may be gone already, and all
 * that is done with the list is to take away what it names.
 */
function inKeychain(values: SettingValues): ValueRef[] {
  const path = join(secretsDirectory(values), 'secrets.json')
  if (!existsSync(path)) return []
  const { records } = ListShape.parse(JSON.parse(readFileSync(path, 'utf8')))
  return records
    .filter(({ store }) => store === 'keychain')
    .flatMap(({ name, current, candidate, previous }) =>
      [current, candidate, previous].flatMap((each) => (each ? [{ name, ...each }] : [])),
    )
}

export async function emptyKeychain(values: SettingValues): Promise<void> {
  const refs = inKeychain(values)
  if (refs.length === 0) return
  const store = keychainStore()
  for (const ref of refs) await store.remove(ref)
}

/** @throws SecretsError when the keychain cannot be asked */
export async function leftInKeychain(values: SettingValues): Promise<string | undefined> {
  const refs = inKeychain(values)
  if (refs.length === 0) return undefined
  const store = keychainStore()
  const found = await Promise.all(refs.map(async (ref) => (await store.read(ref)) !== undefined))
  const count = found.filter(Boolean).length
  return count === 0 ? undefined : `${count} values are left in the keychain`
}

/** The keys of this store in the kernel, as it lists them for who may see them. */
export function kernelKeys(values: SettingValues): string[] {
  const prefix = `warder:${sha256(secretsDirectory(values)).slice(0, 16)}:`
  const calls = openKeyringCalls() // possessing the user's keyring is what lets us see them
  if ('missing' in calls || !existsSync('/proc/keys')) return []
  return readFileSync('/proc/keys', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const at = line.indexOf(prefix)
      return at === -1 ? [] : [line.slice(at).replace(/: \d+$/, '')]
    })
}

export function emptyKernelKeys(values: SettingValues): void {
  const calls = openKeyringCalls()
  if ('missing' in calls) return
  for (const description of kernelKeys(values)) {
    const key = calls.find(description)
    if (key !== undefined) calls.unlink(key)
  }
}
