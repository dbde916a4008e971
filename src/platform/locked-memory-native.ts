import { closeSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Memory outside V8's heap: never moved, never copied by the collector, mapped and unmapped by us. */
export interface MemoryCalls {
  /** Pages only this process can read, not even the kernel for others (memfd_secret). @throws Error with `code` */
  readonly mapSecret: (sizeBytes: number) => bigint
  /** Ordinary pages, kept out of dumps and of children. @throws Error with `code` */
  readonly mapPrivate: (sizeBytes: number) => bigint
  /** Keeps pages out of swap. @throws Error with `code`: ENOMEM past RLIMIT_MEMLOCK */
  readonly lock: (address: bigint, sizeBytes: number) => void
  readonly unmap: (address: bigint, sizeBytes: number) => void
  /** The pages as they are, not a copy. Whoever asks must detach it before the pages go. */
  readonly view: (address: bigint, sizeBytes: number) => ArrayBuffer
  /** PR_SET_DUMPABLE 0 and RLIMIT_CORE 0 for this process. @throws Error with `code` */
  readonly forbidDumps: () => void
  /** PR_GET_DUMPABLE: whether others of the same user may look into this process. */
  readonly isDumpable: () => boolean
}

interface Koffi {
  load(path: string | null): { func(declaration: string): (...args: readonly unknown[]) => number | bigint }
  errno(): number
  view(address: bigint, sizeBytes: number): ArrayBuffer
  os: { readonly errno: Readonly<Record<string, number>> }
}

/** @returns the calls, or the reason there are none here */
export function openMemoryCalls(): MemoryCalls | { readonly missing: string } {
  if (process.platform !== 'linux') return { missing: `no native calls are known for ${process.platform}` }
  try {
    return linuxCalls(createRequire(import.meta.url)('koffi') as Koffi)
  } catch (error) {
    return { missing: `koffi cannot be loaded: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const SYS_MEMFD_SECRET = 447
const O_CLOEXEC = 0o2000000
const PROT_READ_WRITE = 3
const MAP_SHARED = 1
const MAP_PRIVATE_ANONYMOUS = 2 | 0x20
const MADV_DONTFORK = 10
const MADV_DONTDUMP = 16
const RLIMIT_CORE = 4
const PR_GET_DUMPABLE = 3
const PR_SET_DUMPABLE = 4
const MAP_FAILED = 0xffff_ffff_ffff_ffffn

function linuxCalls(koffi: Koffi): MemoryCalls {
  const libc = koffi.load(null)
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))
  const failed = (call: string): Error => {
    const code = names.get(koffi.errno()) ?? `error ${koffi.errno()}`
    return Object.assign(new Error(`${call}: ${code}`), { code })
  }
  const checked = (call: string, result: number | bigint): number => {
    if (Number(result) < 0) throw failed(call)
    return Number(result)
  }
  const mmap = libc.func(
    'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
  )
  const munmap = libc.func('int munmap(void *address, size_t length)')
  const madvise = libc.func('int madvise(void *address, size_t length, int advice)')
  const mlock = libc.func('int mlock(void *address, size_t length)')
  const memfdSecret = libc.func('long syscall(long number, uint flags)')
  const ftruncate = libc.func('int ftruncate(int fd, int64_t length)')
  const setrlimit = libc.func('int setrlimit64(int resource, uint64_t *limit)')
  const prctl = libc.func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)')

  const map = (sizeBytes: number, flags: number, fd: number): bigint => {
    const address = BigInt(mmap(null, sizeBytes, PROT_READ_WRITE, flags, fd, 0))
    if (address === MAP_FAILED) throw failed('mmap')
    try {
      checked('madvise', madvise(address, sizeBytes, MADV_DONTFORK))
      checked('madvise', madvise(address, sizeBytes, MADV_DONTDUMP))
    } catch (error) {
      munmap(address, sizeBytes)
      throw error
    }
    return address
  }
  return {
    mapSecret: (sizeBytes) => {
      const fd = checked('memfd_secret', memfdSecret(SYS_MEMFD_SECRET, O_CLOEXEC))
      try {
        checked('ftruncate', ftruncate(fd, sizeBytes))
        return map(sizeBytes, MAP_SHARED, fd)
      } finally {
        closeSync(fd) // the mapping stays; nobody can map the same pages through us again
      }
    },
    mapPrivate: (sizeBytes) => map(sizeBytes, MAP_PRIVATE_ANONYMOUS, -1),
    lock: (address, sizeBytes) => void checked('mlock', mlock(address, sizeBytes)),
    unmap: (address, sizeBytes) => void checked('munmap', munmap(address, sizeBytes)),
    view: (address, sizeBytes) => koffi.view(address, sizeBytes),
    forbidDumps: () => {
      checked('setrlimit64', setrlimit(RLIMIT_CORE, new BigUint64Array(2)))
      checked('prctl', prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
    },
    isDumpable: () => checked('prctl', prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)) !== 0,
  }
}
