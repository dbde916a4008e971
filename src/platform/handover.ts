import { closeSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { systemCode } from '../core/error.ts'

/** What a pipe takes without a reader at its other end (pipe(7)), less a little. */
export const MOST_HANDED_BYTES = 60 * 1024

interface Koffi {
  load(path: string | null): { func(declaration: string): (...args: readonly unknown[]) => number }
}

/**
 * A descriptor that survives the start of another program in this process, and from which these bytes can be read once.
 * They are in the kernel's memory meanwhile: in no file, no argument, no environment.
 *
 * @returns undefined where it cannot be had
 */
export function openHandover(bytes: Uint8Array): number | undefined {
  if (process.platform !== 'linux' || bytes.length > MOST_HANDED_BYTES) return undefined
  const libc = openLibc()
  if (libc === undefined) return undefined
  const pipe = libc.func('int pipe(_Out_ int *fds)')
  const write = libc.func('long write(int fd, const uint8_t *bytes, size_t size)')
  const fds = [-1, -1]
  if (pipe(fds) !== 0) return undefined
  const [from = -1, to = -1] = fds
  const written = write(to, bytes, bytes.length)
  closeSync(to)
  if (written === bytes.length) return from
  closeSync(from)
  return undefined
}

function openLibc(): ReturnType<Koffi['load']> | undefined {
  try {
    return (createRequire(import.meta.url)('koffi') as Koffi).load(null)
  } catch {
    return undefined // no koffi here: then nothing is handed over, and whoever needs it is told
  }
}

/** Reads a descriptor to its end and closes it. Waits for a writer that is slower. @throws Error past `mostBytes` */
export function readHandover(fd: number, mostBytes = MOST_HANDED_BYTES): Buffer {
  try {
    return readDescriptor(fd, mostBytes)
  } finally {
    closeSync(fd)
  }
}

/** The same, and leaves it open. What it returns is the only copy; whoever has it wipes it. */
export function readDescriptor(fd: number, mostBytes: number): Buffer {
  const bytes = Buffer.alloc(mostBytes + 1)
  let size = 0
  try {
    for (;;) {
      const read = readSome(fd, bytes, size)
      if (read === 0) return Buffer.from(bytes.subarray(0, size))
      size += read
      if (size > mostBytes) throw new Error(`more than ${mostBytes} bytes came`)
    }
  } finally {
    bytes.fill(0)
  }
}

function readSome(fd: number, bytes: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(fd, bytes, at, bytes.length - at, null)
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
