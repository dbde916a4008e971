import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/**
 * A plain file as text, of a longer one both ends: filling must not push what it does out of sight.
 *
 * @returns undefined for what is no plain file, or cannot be read
 */
export function plainText(path: string, mostBytes: number): string | undefined {
  let fd: number
  try {
    // a pipe an agent left there must not keep us waiting
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return undefined
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return undefined
    const half = Math.ceil(mostBytes / 2)
    return stat.size <= mostBytes
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
