import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { systemCode } from '../core/error.ts'

/**
 * The last whole lines of a file that is appended to: at most `maxBytes` of it. What was cut off at the front is left
 * out; so is a last line that is still being written.
 *
 * @returns undefined when there is no such file
 */
export function lastLines(path: string, maxBytes: number): string[] | undefined {
  let fd: number
  try {
    // O_NONBLOCK so that a planted pipe cannot hold us for ever
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new Error(`${path} is not a regular file`)
    const start = Math.max(0, stat.size - maxBytes)
    const bytes = Buffer.alloc(stat.size - start)
    let filled = 0
    while (filled < bytes.length) {
      const got = readSync(fd, bytes, filled, bytes.length - filled, start + filled)
      if (got === 0) break
      filled += got
    }
    const lines = bytes.toString('utf8', 0, filled).split('\n')
    lines.pop()
    return start === 0 ? lines : lines.slice(1)
  } finally {
    closeSync(fd)
  }
}
