import type { Refusal } from '../refusal.ts'

/** Something a body passes through on its way: it gives on what may go, or says why nothing more may. */
export interface Filter {
  push(chunk: Uint8Array): Buffer | Refusal
  /** What was held back, once no more will come. */
  end(): Buffer | Refusal
}

/** Ends a stream whose content may not go on; whoever holds the connection breaks it off. */
export class RefusedContent extends Error {
  override readonly name = 'RefusedContent'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.reason)
    this.refusal = refusal
  }
}

/**
 * A body after all filters, in their order, each chunk as soon as it may go.
 *
 * @throws RefusedContent from where it may not go on; what was given until then has gone
 */
export async function* filtered(
  source: AsyncIterable<Uint8Array>,
  filters: readonly Filter[],
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    const out = pushed(chunk, filters, 0)
    if (out.length > 0) yield out
  }
  for (const [index, filter] of filters.entries()) {
    const rest = pushed(allowed(filter.end()), filters, index + 1)
    if (rest.length > 0) yield rest
  }
}

/** @throws RefusedContent */
function pushed(chunk: Uint8Array, filters: readonly Filter[], from: number): Buffer {
  return filters
    .slice(from)
    .reduce<Buffer>(
      (bytes, filter) => (bytes.length === 0 ? bytes : allowed(filter.push(bytes))),
      Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk),
    )
}

/** @throws RefusedContent */
export function allowed(made: Buffer | Refusal): Buffer {
  if (Buffer.isBuffer(made)) return made
  throw new RefusedContent(made)
}
