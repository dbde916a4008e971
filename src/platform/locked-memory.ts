/**
 * Memory for keys: outside V8's heap, kept out of swap, core dumps and child processes, wiped when it is closed, and
 * reached only inside a callback. Where the kernel has secret memory, no other process can read it, root's included.
 *
 * Honest limits: a JavaScript string cannot be wiped, nor any copy the callback makes; a key that was ever a string or an
 * ordinary Buffer may be found in memory until that page is used again. A key that Node's crypto works with is copied
 * into OpenSSL's memory meanwhile. Hibernation writes all memory to disk. And code inside this process can read it all.
 */
import { inspect } from 'node:util'
import { KnownError, messageOf, type ErrorCatalogue } from '../core/error.ts'
import { openMemoryCalls, type MemoryCalls } from './locked-memory-native.ts'

export const LOCKED_MEMORY_ERRORS = {
  LOCKED_MEMORY_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'memory for keys cannot be had, or not be kept out of swap',
  },
  LOCKED_MEMORY_CLOSED: {
    kind: 'conflict',
    meaning: 'locked memory is used after it was closed, or while it is in use',
  },
  LOCKED_MEMORY_MISUSED: {
    kind: 'invalid',
    meaning: 'locked memory is asked for what it does not give, such as work that goes on later',
  },
} as const satisfies ErrorCatalogue

export class LockedMemoryError extends KnownError<typeof LOCKED_MEMORY_ERRORS> {
  override readonly name = 'LockedMemoryError'
}

export interface LockedOptions {
  /** Takes pages that may be swapped out when none can be locked (default false: refuse). */
  readonly allowUnlocked?: boolean
  /** How memory is got (default: this system's calls). */
  readonly calls?: MemoryCalls | { readonly missing: string }
}

/** `secret`: unreadable for other processes; `locked`: not swapped, but root reads it; `unlocked`: may be swapped. */
export type LockedKind = 'secret' | 'locked' | 'unlocked'

const PAGE_BYTES = 4096 // a mapping is rounded up by the kernel; larger pages only mean that more is zero
const LARGEST_BYTES = 1024 * 1024
const HIDDEN = '[locked]'

interface Pages {
  readonly calls: MemoryCalls
  readonly kind: LockedKind
  readonly address: bigint
  readonly sizeBytes: number
  /** Somebody took the view away by `transfer`: these pages are wiped, but never given back under their feet. */
  isTaken: boolean
}

/** Wipes what nobody closed, some time after nobody can reach it. */
const forgotten = new FinalizationRegistry<Pages>(release)

export class LockedBuffer {
  readonly #pages: Pages
  readonly sizeBytes: number
  #isInUse = false
  #isClosed = false

  /**
   * Memory of this size, all zero.
   *
   * @param sizeBytes 1 to 1 MiB; RLIMIT_MEMLOCK often allows no more than 8 MiB for all of a process
   * @throws LockedMemoryError `LOCKED_MEMORY_UNAVAILABLE`, `LOCKED_MEMORY_MISUSED` for another size
   */
  static create(sizeBytes: number, options: LockedOptions = {}): LockedBuffer {
    if (!Number.isInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > LARGEST_BYTES) {
      throw problem(
        'LOCKED_MEMORY_MISUSED',
        `${sizeBytes} bytes cannot be locked`,
        `ask for 1 to ${LARGEST_BYTES} bytes`,
      )
    }
    return new LockedBuffer(mapPages(sizeBytes, options), sizeBytes)
  }

  /** Moves bytes into locked memory: `source` is zero afterwards, also when no memory could be had. */
  static take(source: Uint8Array, options: LockedOptions = {}): LockedBuffer {
    try {
      const buffer = LockedBuffer.create(source.length, options)
      buffer.use((bytes) => bytes.set(source))
      return buffer
    } finally {
      source.fill(0)
    }
  }

  private constructor(pages: Pages, sizeBytes: number) {
    this.#pages = pages
    this.sizeBytes = sizeBytes
    forgotten.register(this, pages, this)
  }

  get kind(): LockedKind {
    return this.#pages.kind
  }

  /**
   * Lends the bytes, themselves and not a copy, until `act` returns: then the view is empty, whoever kept it. `act` must
   * not copy them into anything it does not wipe, nor turn them into text.
   *
   * @throws LockedMemoryError `LOCKED_MEMORY_CLOSED`; `LOCKED_MEMORY_MISUSED` when `act` is asynchronous
   */
  use<T>(act: (bytes: Uint8Array<ArrayBuffer>) => T): T {
    if (this.#isClosed || this.#isInUse) {
      throw problem(
        'LOCKED_MEMORY_CLOSED',
        `the memory is ${this.#isClosed ? 'closed' : 'in use'}`,
        'use it before it is closed, once at a time',
      )
    }
    this.#isInUse = true
    try {
      const result = lend(this.#pages, this.sizeBytes, act)
      if (!isPromise(result)) return result
      result.then(undefined, () => undefined) // what it says no longer matters, and must not end the process
    } finally {
      this.#isInUse = false
    }
    throw problem(
      'LOCKED_MEMORY_MISUSED',
      'the bytes were lent to work that goes on later',
      'do it all before the callback returns',
    )
  }

  wipe(): void {
    this.use((bytes) => bytes.fill(0))
  }

  /** Wipes it and gives it back; a second time does nothing. */
  close(): void {
    if (this.#isClosed) return
    if (this.#isInUse)
      throw problem('LOCKED_MEMORY_CLOSED', 'the memory is in use', 'close it when the callback has returned')
    this.#isClosed = true
    forgotten.unregister(this)
    release(this.#pages)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

/**
 * For a process that holds keys: no core dump is written, and no process of the same user can attach to it or read its
 * memory, environment or open files. It holds until the process ends; programs it starts can be looked at again, but
 * write no core dump either.
 *
 * What it breaks: debuggers and tracers (gdb, strace, perf) cannot attach; lsof and ps of the same user see less; without
 * root the process itself can no longer open its own /proc/self/mem and /proc/self/environ; crashes leave nothing to
 * look into. What it leaves open: Node's own inspector, so start such a process with `--disable-sigusr1`.
 *
 * @throws LockedMemoryError `LOCKED_MEMORY_UNAVAILABLE`
 */
export function protectProcess(calls: MemoryCalls | { readonly missing: string } = openMemoryCalls()): void {
  if ('missing' in calls) throw problem('LOCKED_MEMORY_UNAVAILABLE', calls.missing, NEEDS_LINUX)
  try {
    calls.forbidDumps()
  } catch (cause) {
    throw problem(
      'LOCKED_MEMORY_UNAVAILABLE',
      `dumps cannot be forbidden: ${messageOf(cause)}`,
      'allow prctl and setrlimit',
      cause,
    )
  }
}

const NEEDS_LINUX = 'run on Linux with the package koffi installed'

/** The best there is first; each step down is seen in `kind`. */
function mapPages(
  wantedBytes: number,
  { allowUnlocked = false, calls = openMemoryCalls() }: LockedOptions,
): Pages {
  if ('missing' in calls) throw problem('LOCKED_MEMORY_UNAVAILABLE', calls.missing, NEEDS_LINUX)
  const sizeBytes = Math.ceil(wantedBytes / PAGE_BYTES) * PAGE_BYTES
  const secret = attempt(() => ({ address: calls.mapSecret(sizeBytes) }))
  if ('address' in secret)
    return { calls, kind: 'secret', address: secret.address, sizeBytes, isTaken: false }
  const address = attempt(() => ({ address: calls.mapPrivate(sizeBytes) }))
  if (!('address' in address)) throw unavailable(address.why)
  const lock = attempt(() => calls.lock(address.address, sizeBytes) ?? { isLocked: true })
  const isLocked = 'isLocked' in lock
  if (isLocked || allowUnlocked) {
    return {
      calls,
      kind: isLocked ? 'locked' : 'unlocked',
      address: address.address,
      sizeBytes,
      isTaken: false,
    }
  }
  calls.unmap(address.address, sizeBytes)
  throw unavailable(lock.why)
}

function attempt<T extends object>(act: () => T): T | { readonly why: string } {
  try {
    return act()
  } catch (error) {
    return { why: messageOf(error) }
  }
}

function lend<T>(pages: Pages, sizeBytes: number, act: (bytes: Uint8Array<ArrayBuffer>) => T): T {
  const view = pages.calls.view(pages.address, sizeBytes)
  try {
    return act(new Uint8Array(view))
  } finally {
    if (view.detached) pages.isTaken = true
    else view.transfer(0) // every view of it is empty from here, so that none can reach pages that were given back
  }
}

function release(pages: Pages): void {
  lend(pages, pages.sizeBytes, (bytes) => bytes.fill(0))
  if (!pages.isTaken) pages.calls.unmap(pages.address, pages.sizeBytes)
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function unavailable(why: string): LockedMemoryError {
  return problem(
    'LOCKED_MEMORY_UNAVAILABLE',
    `no memory can be locked: ${why}`,
    'raise RLIMIT_MEMLOCK (systemd: LimitMEMLOCK=), or turn swap off and allow unlocked memory',
  )
}

function problem(
  code: keyof typeof LOCKED_MEMORY_ERRORS,
  what: string,
  fix: string,
  cause?: unknown,
): LockedMemoryError {
  return new LockedMemoryError(LOCKED_MEMORY_ERRORS, code, {
    what,
    fix,
    ...(cause === undefined ? {} : { cause }),
  })
}
