export interface RateOptions {
  /** How many questions a second may be asked in the long run. */
  readonly perSecond: number
  /** How many may come at once after a pause. */
  readonly atOnce: number
  readonly monotonicMs: () => number
}

interface Bucket {
  tokens: number
  readAt: number
  /** Since the bucket was last full. */
  hasOverflowed: boolean
}

/** Agents in view; those that were quiet long enough are forgotten. */
const MOST = 1000

/**
 * One bucket of tokens for each agent: a question costs one, and what is refused costs nothing and writes nothing. An
 * agent cannot choose its name, so more connections or more runs give it no more.
 */
export class RateLimit {
  readonly #options: RateOptions
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: RateOptions) {
    this.#options = options
  }

  /** @returns `first` for the first refusal of a burst, which lasts until the agent has been quiet for long enough */
  take(agent: string): 'admitted' | 'first' | 'refused' {
    const bucket = this.#filled(agent)
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      return 'admitted'
    }
    if (bucket.hasOverflowed) return 'refused'
    bucket.hasOverflowed = true
    return 'first'
  }

  #filled(agent: string): Bucket {
    const { perSecond, atOnce, monotonicMs } = this.#options
    const now = monotonicMs()
    const bucket = this.#buckets.get(agent) ?? this.#fresh(agent, now)
    bucket.tokens = Math.min(atOnce, bucket.tokens + ((now - bucket.readAt) / 1000) * perSecond)
    bucket.readAt = now
    if (bucket.tokens === atOnce) bucket.hasOverflowed = false
    return bucket
  }

  #fresh(agent: string, now: number): Bucket {
    const { perSecond, atOnce } = this.#options
    if (this.#buckets.size >= MOST) {
      const isFull = ({ readAt, tokens }: Bucket) => tokens + ((now - readAt) / 1000) * perSecond >= atOnce
      for (const [name, bucket] of this.#buckets) if (isFull(bucket)) this.#buckets.delete(name)
    }
    const bucket = { tokens: atOnce, readAt: now, hasOverflowed: false }
    this.#buckets.set(agent, bucket)
    return bucket
  }
}
