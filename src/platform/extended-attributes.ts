import { createRequire } from 'node:module'
import { NativeError } from './native.ts'

/** Extended attributes of an open file or directory, which Node cannot reach. Linux only. */
export interface ExtendedAttributes {
  /** Names, such as `user.comment`; `trusted.*` only shows itself to root. Empty where the file system has none. */
  list(fd: number): string[]
  /** @returns undefined when there is no attribute of that name */
  get(fd: number, name: string): Buffer | undefined
  set(fd: number, name: string, value: Uint8Array): void
}

/** What the kernel allows at most for one list and for one value (XATTR_LIST_MAX, XATTR_SIZE_MAX). */
const MOST_BYTES = 65_536
const ABSENT = new Set(['ENODATA', 'EOPNOTSUPP', 'ENOTSUP'])

interface Koffi {
  load(path: string | null): { func(declaration: string): (...args: readonly unknown[]) => number }
  errno(): number
  os: { readonly errno: Readonly<Record<string, number>> }
}

/** @returns the calls, or the reason there are none here */
export function openExtendedAttributes(): ExtendedAttributes | { readonly missing: string } {
  if (process.platform !== 'linux')
    return { missing: `extended attributes are not read on ${process.platform}` }
  try {
    return linuxAttributes(createRequire(import.meta.url)('koffi') as Koffi)
  } catch (error) {
    return { missing: `koffi cannot be loaded: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function linuxAttributes(koffi: Koffi): ExtendedAttributes {
  const libc = koffi.load(null)
  const flistxattr = libc.func('long flistxattr(int fd, _Out_ uint8_t *list, size_t size)')
  const fgetxattr = libc.func('long fgetxattr(int fd, const char *name, _Out_ uint8_t *value, size_t size)')
  const fsetxattr = libc.func(
    'int fsetxattr(int fd, const char *name, const uint8_t *value, size_t size, int flags)',
  )
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))
  const errorName = (): string => names.get(koffi.errno()) ?? `error ${koffi.errno()}`
  const failed = (call: string): NativeError => new NativeError(call, koffi.errno(), errorName())
  // one for all calls: each is over before the next begins, and two fresh ones a file would be most of the work
  const room = Buffer.alloc(MOST_BYTES)
  return {
    list(fd) {
      const length = Number(flistxattr(fd, room, room.length))
      if (length < 0 && ABSENT.has(errorName())) return []
      if (length < 0) throw failed('flistxattr')
      return room
        .toString('utf8', 0, length)
        .split('\0')
        .filter((name) => name !== '')
    },
    get(fd, name) {
      const length = Number(fgetxattr(fd, name, room, room.length))
      if (length < 0 && ABSENT.has(errorName())) return undefined
      if (length < 0) throw failed('fgetxattr')
      return Buffer.from(room.subarray(0, length))
    },
    set(fd, name, value) {
      if (fsetxattr(fd, name, value, value.length, 0) < 0) throw failed('fsetxattr')
    },
  }
}
