import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { systemCode } from '../core/error.ts'

/**
 * Opens what lies at `path` below the directory `directory`, as a handle that reads nothing yet (O_PATH): no link is
 * followed on the way, and no device or pipe is touched. A link at the end itself is opened as a link.
 *
 * @param path components joined by `/`, none of them `..`, or `.` for the directory itself
 * @returns a close-on-exec descriptor
 * @throws Error with the system's `code`; ELOOP or ENOTDIR where a link or a file stands in the way, EXDEV at a mount
 */
export type OpenBeneath = (directory: number, path: string, how: How) => number

export interface How {
  /** ENOTDIR for whatever is not a directory. */
  readonly isDirectory: boolean
  /** Whether the way may lead into another mount. */
  readonly mayCrossMounts: boolean
}

const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000
const SYS_OPENAT2 = 437
const RESOLVE_NO_XDEV = 1
const RESOLVE_NO_MAGICLINKS = 2
const RESOLVE_NO_SYMLINKS = 4
const RESOLVE_BENEATH = 8
const STRICT = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
const TRIES_WHEN_MOVED = 16

/** The kernel's own way (openat2, Linux 5.6), or the walk where the kernel or koffi is not there for it. */
export function bestOpenBeneath(directory: number): OpenBeneath {
  const kernel = kernelOpenBeneath()
  if (kernel === undefined) return walkBeneath
  try {
    closeSync(kernel(directory, '.', { isDirectory: true, mayCrossMounts: false }))
    return kernel
  } catch (error) {
    // an older kernel, or a filter that answers for one; any other error would come back from the walk as well
    if (['ENOSYS', 'EPERM', 'E2BIG', 'EINVAL'].includes(systemCode(error) ?? '')) return walkBeneath
    throw error
  }
}

interface Koffi {
  load(path: string | null): { func(declaration: string): (...args: readonly unknown[]) => number | bigint }
  errno(): number
  os: { readonly errno: Readonly<Record<string, number>> }
}

/** @returns undefined where koffi cannot be loaded, or on another system */
export function kernelOpenBeneath(): OpenBeneath | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return openat2(createRequire(import.meta.url)('koffi') as Koffi)
  } catch {
    return undefined // the walk keeps the same promises, with more calls
  }
}

function openat2(koffi: Koffi): OpenBeneath {
  const call = koffi
    .load(null)
    .func('long syscall(long number, int fd, const char *path, uint64_t *how, size_t size)')
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))
  return (directory, path, { isDirectory, mayCrossMounts }) => {
    const flags = O_PATH | O_CLOEXEC | constants.O_NOFOLLOW | (isDirectory ? constants.O_DIRECTORY : 0)
    // struct open_how: flags, mode, resolve
    const how = new BigUint64Array([
      BigInt(flags),
      0n,
      BigInt(STRICT | (mayCrossMounts ? 0 : RESOLVE_NO_XDEV)),
    ])
    for (let tries = 1; ; tries += 1) {
      const fd = Number(call(SYS_OPENAT2, directory, path, how, how.byteLength))
      if (fd >= 0) return fd
      const code = names.get(koffi.errno()) ?? `error ${koffi.errno()}`
      // something was renamed meanwhile and the kernel could not tell whether we stayed below
      if (code !== 'EAGAIN' || tries >= TRIES_WHEN_MOVED) throw systemError(code)
    }
  }
}

/**
 * Component by component, each opened from the descriptor of the one before through /proc/self/fd, none followed. What
 * was opened cannot be swapped any more, so the next step starts from where we truly are.
 */
export const walkBeneath: OpenBeneath = (directory, path, how) => {
  const names = path.split('/')
  let at = directory
  try {
    for (const [index, name] of names.entries()) {
      const isDirectory = index < names.length - 1 || how.isDirectory
      const flags = O_PATH | constants.O_NOFOLLOW | (isDirectory ? constants.O_DIRECTORY : 0)
      const next = openSync(`/proc/self/fd/${at}/${name}`, flags)
      if (at !== directory) closeSync(at)
      at = next
      if (!how.mayCrossMounts && mountOf(at) !== mountOf(directory)) throw systemError('EXDEV')
    }
    return at
  } catch (error) {
    if (at !== directory) closeSync(at)
    throw error
  }
}

/** The mount, not the device: a bind mount of the same file system is another place all the same. */
function mountOf(fd: number): string {
  const [, id] = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? []
  return id ?? `device ${fstatSync(fd).dev}`
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
}
