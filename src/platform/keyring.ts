import { createRequire } from 'node:module'

/** The calls of the kernel's key store that are needed here. */
export interface KeyringCalls {
  /** @returns the key's number @throws Error with `code`: EDQUOT past the quota of this user */
  readonly add: (description: string, bytes: Uint8Array) => number
  /** @returns undefined when there is none, it is gone, or it is another's */
  readonly find: (description: string) => number | undefined
  readonly read: (key: number, mostBytes: number) => Uint8Array
  /** Only a process that possesses the key may do anything with it. */
  readonly restrict: (key: number) => void
  readonly expireAfter: (key: number, seconds: number) => void
  readonly unlink: (key: number) => void
}

interface Koffi {
  load(path: string | null): { func(declaration: string): (...args: readonly unknown[]) => number | bigint }
  errno(): number
  os: { readonly errno: Readonly<Record<string, number>> }
}

const SYSCALLS: Readonly<Record<string, { readonly addKey: number; readonly keyctl: number }>> = {
  x64: { addKey: 248, keyctl: 250 },
  arm64: { addKey: 217, keyctl: 219 },
}
const KEY_SPEC_USER_KEYRING = -4
const KEY_SPEC_PROCESS_KEYRING = -2
const KEYCTL_SETPERM = 5
const KEYCTL_LINK = 8
const KEYCTL_UNLINK = 9
const KEYCTL_SEARCH = 10
const KEYCTL_READ = 11
const KEYCTL_SET_TIMEOUT = 15
/** keyctl_setperm(3): every right for the possessor, none for user, group and others. */
const POSSESSOR_ALL = 0x3f00_0000

/** @returns the calls, or the reason there are none here */
export function openKeyringCalls(): KeyringCalls | { readonly missing: string } {
  const numbers = SYSCALLS[process.arch]
  if (process.platform !== 'linux' || numbers === undefined)
    return { missing: `the keys of the kernel are not known for ${process.platform} on ${process.arch}` }
  try {
    return linuxCalls(createRequire(import.meta.url)('koffi') as Koffi, numbers)
  } catch (error) {
    return { missing: `koffi cannot be loaded: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function linuxCalls(koffi: Koffi, { addKey, keyctl }: { addKey: number; keyctl: number }): KeyringCalls {
  const libc = koffi.load(null)
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))
  const add = libc.func(
    'long syscall(long number, const char *type, const char *description, const uint8_t *bytes, size_t size, long ring)',
  )
  const numbers = libc.func('long syscall(long number, long operation, long a, long b, long c, long d)')
  const search = libc.func(
    'long syscall(long number, long operation, long ring, const char *type, const char *description, long to)',
  )
  const readKey = libc.func(
    'long syscall(long number, long operation, long key, _Out_ uint8_t *bytes, size_t size, long zero)',
  )
  const checked = (call: string, result: number | bigint): number => {
    if (Number(result) >= 0) return Number(result)
    const code = names.get(koffi.errno()) ?? `error ${koffi.errno()}`
    throw Object.assign(new Error(`${call}: ${code}`), { code })
  }
  const possess = (): void => {
    // a process possesses what it can reach from its own keyrings; the user's is linked there for as long as it lives
    const link = numbers(keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING, 0, 0)
    checked('keyctl(KEYCTL_LINK)', link)
  }
  possess()
  return {
    add: (description, bytes) =>
      checked('add_key', add(addKey, 'user', description, bytes, bytes.length, KEY_SPEC_USER_KEYRING)),
    find(description) {
      const found = Number(search(keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, 'user', description, 0))
      if (found >= 0) return found
      const code = names.get(koffi.errno()) ?? ''
      if (['ENOKEY', 'EKEYEXPIRED', 'EKEYREVOKED'].includes(code)) return undefined
      throw Object.assign(new Error(`keyctl(KEYCTL_SEARCH): ${code}`), { code })
    },
    read(key, mostBytes) {
      const bytes = new Uint8Array(mostBytes)
      const size = checked('keyctl(KEYCTL_READ)', readKey(keyctl, KEYCTL_READ, key, bytes, mostBytes, 0))
      if (size > mostBytes) throw Object.assign(new Error('the key is too long'), { code: 'EMSGSIZE' })
      return bytes.slice(0, size)
    },
    restrict: (key) =>
      void checked('keyctl(KEYCTL_SETPERM)', numbers(keyctl, KEYCTL_SETPERM, key, POSSESSOR_ALL, 0, 0)),
    expireAfter: (key, seconds) =>
      void checked('keyctl(KEYCTL_SET_TIMEOUT)', numbers(keyctl, KEYCTL_SET_TIMEOUT, key, seconds, 0, 0)),
    unlink: (key) =>
      void checked('keyctl(KEYCTL_UNLINK)', numbers(keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING, 0, 0)),
  }
}
