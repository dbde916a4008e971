import type { Socket } from 'node:net'

/**
 * Reads one line of JSON from a socket that nobody else reads, and nothing after it: bytes behind the newline mean
 * that the other side did not wait for its turn, which no honest peer does.
 *
 * @param maxBytes the longest line read, newline included
 * @throws Error when the line is too long, not a JSON object, followed by more, or the socket ends, or `signal` fires
 */
export async function readJsonLine(
  socket: Socket,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const line = await readLine(socket, maxBytes, signal)
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('the line is not a JSON object')
  }
  return value as Readonly<Record<string, unknown>>
}

function readLine(socket: Socket, maxBytes: number, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const chunks: Buffer[] = []
  let size = 0
  const onReadable = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxBytes) return reject(new Error(`the line is longer than ${maxBytes} bytes`))
      const end = chunk.indexOf(0x0a)
      if (end === -1) continue
      if (end !== chunk.length - 1) return reject(new Error('there are bytes after the line'))
      return resolve(Buffer.concat(chunks).toString('utf8'))
    }
  }
  const onEnd = (): void => reject(new Error('the connection was closed'))
  const onAbort = (): void => reject(new Error('the time for the handshake is over'))
  socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', reject)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  if (socket.destroyed) onEnd()
  return promise.finally(() => {
    socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', reject)
    signal.removeEventListener('abort', onAbort)
  })
}

export function writeJsonLine(socket: Socket, value: Readonly<Record<string, unknown>>): void {
  socket.write(`${JSON.stringify(value)}\n`)
}
