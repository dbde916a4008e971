import type { OpenRequest } from './desk.ts'
import type { MessageId } from './frame.ts'

const MOST = 1000

/**
 * Ids of requests that ended here while the server still had them. Until it answers, an id like that is not free: what
 * comes late would be taken for the answer to something else.
 */
export class GivenUp {
  readonly #ids = new Map<MessageId, OpenRequest>()

  add(request: OpenRequest): void {
    this.#ids.set(request.id, request)
    for (const oldest of this.#ids.keys()) {
      if (this.#ids.size <= MOST) return
      this.#ids.delete(oldest)
    }
  }

  has(id: MessageId): boolean {
    return this.#ids.has(id)
  }

  /** Those a server that does not listen is still at work on, for all that is known: until their time is over. */
  lasting(nowMs: number): OpenRequest[] {
    return [...this.#ids.values()].filter(({ untilMs }) => nowMs < untilMs)
  }

  /** @returns whether it was one of them; it is free again */
  answered(id: MessageId): boolean {
    return this.#ids.delete(id)
  }
}
