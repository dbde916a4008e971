import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Of a longer script both ends: filling must not push what it does out of sight. */
const MAX_SCRIPT_BYTES = 1024 * 1024

/** A script that is about to be run, as text; undefined for what is no plain file, or cannot be read. */
export function scriptText(path: string): string | undefined {
  let fd: number
  try {
    // a pipe an agent left there must not keep us waiting
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return undefined
    const half = MAX_SCRIPT_BYTES / 2
    return stat.size <= MAX_SCRIPT_BYTES
      ? part(fd, 0, stat.size)
      : `${part(fd, 0, half)}\n${part(fd, stat.size - half, half)}`
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}

function part(fd: number, from: number, sizeBytes: number): string {
  const bytes = Buffer.alloc(sizeBytes)
  return bytes.subarray(0, readSync(fd, bytes, 0, sizeBytes, from)).toString('utf8')
}
