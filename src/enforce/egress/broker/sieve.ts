import type { Refusal } from '../refusal.ts'
import type { Hit, Search } from './search.ts'

/** What becomes of something found: other bytes, `undefined` to let it be, or the end of the whole message. */
export type Sifted = Uint8Array | Refusal | undefined

export function isRefusal(value: object | undefined): value is Refusal {
  return value !== undefined && 'rule' in value && 'fix' in value
}

/** @param isCut whether its beginning has gone already, as what a message before this one ended with */
type Act<T> = (hit: Hit<T>, isCut: boolean) => Sifted

const NOTHING = Buffer.alloc(0)

/**
 * Looks through a stream as it passes. What may be the beginning of something is held back until more has come, and
 * nothing else is: the last word of an answer does not wait for the next one. However the stream is cut, the same whole
 * secrets are found; of a piece from the middle of one, the first eleven bytes may have gone before it is known.
 */
export class Sieve<T> {
  readonly #search: Search<T>
  readonly #act: Act<T>
  /** Bytes that have gone already, kept because a piece may have begun in them. */
  #gone: Buffer = NOTHING
  #held: Buffer = NOTHING

  constructor(search: Search<T>, act: Act<T>) {
    this.#search = search
    this.#act = act
  }

  /** What may go on; or why nothing more may. */
  push(chunk: Uint8Array): Buffer | Refusal {
    if (this.#search.isEmpty) return Buffer.from(chunk)
    const text = Buffer.concat([this.#gone, this.#held, chunk])
    return this.#sift(text, this.#search.openFrom(text))
  }

  /** The rest: no more will come. */
  end(): Buffer | Refusal {
    const text = Buffer.concat([this.#gone, this.#held])
    return this.#sift(text, text.length)
  }

  /** @param open where the part begins that may still become a whole needle */
  #sift(text: Buffer, open: number): Buffer | Refusal {
    const out: Uint8Array[] = []
    let at = this.#gone.length
    for (const hit of this.#search.find(text, at)) {
      if (!hit.isWhole && hit.start >= open) break
      const made = this.#act(hit, hit.start < at)
      if (isRefusal(made)) return made
      if (made === undefined) continue
      const begin = Math.max(at, hit.start)
      out.push(text.subarray(at, begin), made.subarray(begin - hit.start))
      at = hit.end
    }
    const until = Math.max(at, open)
    out.push(text.subarray(at, until))
    this.#held = Buffer.from(text.subarray(until))
    this.#gone = Buffer.from(text.subarray(Math.max(0, until - this.#search.longestBytes), until))
    return Buffer.concat(out)
  }
}
