import type { ChildProcess } from 'node:child_process'

/**
 * Gathers what a child writes, up to `maxBytes` for both streams together.
 *
 * @param onFull called once when there is more; nothing past the limit is kept
 * @returns what came, when asked
 */
export function collect(
  child: ChildProcess,
  maxBytes: number,
  onFull: () => void,
): () => { stdout: Buffer; stderr: Buffer } {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  let left = maxBytes
  const take = (to: Buffer[]) => (part: Buffer) => {
    to.push(part.subarray(0, left))
    const isMore = part.length > left
    left = Math.max(0, left - part.length)
    if (isMore) onFull()
  }
  child.stdout?.on('data', take(parts.stdout))
  child.stderr?.on('data', take(parts.stderr))
  child.stdin?.on('error', () => undefined) // a program may end before it has read its input
  return () => ({ stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr) })
}
