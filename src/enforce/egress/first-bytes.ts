import type { Socket } from 'node:net'

export interface FirstBytes<T> {
  readonly value: T
  /** Everything that has come, what was read among it. */
  readonly bytes: Buffer
}

/**
 * Collects what comes until `read` makes something of it, and then holds the socket still. `read` must make something of
 * whatever is too long, or the sender decides how much is kept.
 *
 * @param bytes what has come before
 * @returns undefined when the socket ended, or `deadlineMs` went by
 */
export function readFirst<T>(
  socket: Socket,
  bytes: Buffer,
  read: (bytes: Buffer) => T | undefined,
  deadlineMs: number,
): Promise<FirstBytes<T> | undefined> {
  const already = bytes.length === 0 ? undefined : read(bytes)
  if (already !== undefined) return Promise.resolve({ value: already, bytes })
  const { promise, resolve } = Promise.withResolvers<FirstBytes<T> | undefined>()
  let got = bytes
  const onData = (chunk: Buffer) => {
    got = got.length === 0 ? chunk : Buffer.concat([got, chunk])
    const value = read(got)
    if (value !== undefined) settle({ value, bytes: got })
  }
  const onEnd = () => settle(undefined)
  const timer = setTimeout(onEnd, deadlineMs)
  const settle = (first: FirstBytes<T> | undefined) => {
    clearTimeout(timer)
    socket.pause()
    socket.off('data', onData).off('end', onEnd).off('close', onEnd)
    resolve(first)
  }
  if (socket.destroyed || socket.readableEnded) {
    onEnd()
    return promise
  }
  socket.on('data', onData).on('end', onEnd).on('close', onEnd)
  socket.resume()
  return promise
}
