import type { Readable } from 'node:stream'

export interface BodyLimits {
  readonly bytes: number
  /** For the whole of it, however it drips. */
  readonly ms: number
}

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'large' }
  | { readonly kind: 'slow' }
  | { readonly kind: 'broken' }

/** The body, whole; more of it than allowed is not even kept. */
export function readBody(
  stream: Readable,
  declaredBytes: number | undefined,
  limits: BodyLimits,
): Promise<Body> {
  const { promise, resolve } = Promise.withResolvers<Body>()
  if (declaredBytes !== undefined && declaredBytes > limits.bytes) return Promise.resolve({ kind: 'large' })
  const chunks: Buffer[] = []
  let size = 0
  const timer = setTimeout(() => end({ kind: 'slow' }), limits.ms)
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    if (size > limits.bytes) return end({ kind: 'large' })
    chunks.push(chunk)
  }
  const onEnd = (): void => end({ kind: 'whole', bytes: Buffer.concat(chunks, size) })
  const onBroken = (): void => end({ kind: 'broken' })
  stream.on('data', onData).once('end', onEnd).once('error', onBroken).once('close', onBroken)
  return promise

  function end(body: Body): void {
    clearTimeout(timer)
    stream.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
    stream.on('error', () => undefined)
    resolve(body)
  }
}
