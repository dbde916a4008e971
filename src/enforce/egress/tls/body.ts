import { pipeline, type Readable } from 'node:stream'
import { filtered, RefusedContent, type Filter } from '../content/index.ts'
import { refusal, type Refusal } from '../refusal.ts'
import type { Unpacking } from './message.ts'

/** A body that is not larger than this goes with its length, also where that was not known before. */
const GATHERED_BYTES = 256 * 1024

export type Outgoing =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<Buffer> }

/** A body as plain bytes, unpacked where it was packed, and never more of it than `limitBytes`. */
export function plainBody(
  source: Readable,
  unpacking: Unpacking,
  limitBytes: number,
): AsyncIterable<Uint8Array> {
  if (unpacking.kind !== 'packed') return source
  // an error on either side comes out of the stream that is read
  const unpacked = pipeline(source, unpacking.make(), () => undefined)
  return limited(unpacked, limitBytes)
}

/** So that a few packed bytes cannot become a whole disk of work. */
async function* limited(source: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const chunk of source) {
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes) throw new RefusedContent(tooMuch(limitBytes))
    yield chunk
  }
}

/** Counts what goes on, behind the filters. */
export async function* counted(
  source: AsyncIterable<Uint8Array>,
  filters: readonly Filter[],
  count: (sizeBytes: number) => void,
): AsyncGenerator<Buffer> {
  const body = filters.length === 0 ? source : filtered(source, filters)
  for await (const chunk of body) {
    count(chunk.length)
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
  }
}

/** All of a body, where nothing of it may go before the end is known. @throws RefusedContent */
export async function whole(chunks: AsyncIterable<Buffer>, limitBytes: number): Promise<Buffer> {
  const made = await gathered(chunks, limitBytes)
  if (made.kind === 'whole') return made.bytes
  throw new RefusedContent(tooMuch(limitBytes))
}

/** A short body whole, a long one as it comes. */
export async function gathered(
  chunks: AsyncIterable<Buffer>,
  limitBytes = GATHERED_BYTES,
): Promise<Outgoing> {
  const iterator = chunks[Symbol.asyncIterator]()
  const kept: Buffer[] = []
  for (let sizeBytes = 0; sizeBytes <= limitBytes;) {
    const next = await iterator.next()
    if (next.done === true) return { kind: 'whole', bytes: Buffer.concat(kept) }
    kept.push(next.value)
    sizeBytes += next.value.length
  }
  return { kind: 'stream', chunks: continued(kept, iterator) }
}

async function* continued(kept: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* kept
  try {
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

function tooMuch(limitBytes: number): Refusal {
  return refusal(
    'budget',
    'egress.size',
    `its body is larger than ${limitBytes} bytes`,
    'send or ask for less at once',
  )
}

/** A body in a coding nobody here reads. */
export function unreadable(name: string): Refusal {
  return refusal(
    'secret',
    'egress.coding',
    `its body is packed (${JSON.stringify(name.slice(0, 40))}) in a way that cannot be looked into`,
    'send it plain, or packed with gzip, deflate, br or zstd',
  )
}
