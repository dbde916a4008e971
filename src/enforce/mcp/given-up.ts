import type { MessageId } from './frame.ts'

const MOST = 1000

/**
 * Ids of requests that ended here while the server still had them. Until it answers, an id like that is not free: what
 * comes late would be taken for the answer to something else.
 */
export class GivenUp {
  readonly #ids = new Set<MessageId>()

  add(id: MessageId): void {
    this.#ids.add(id)
    for (const oldest of this.#ids) {
      if (this.#ids.size <= MOST) return
      this.#ids.delete(oldest)
    }
  }

  has(id: MessageId): boolean {
    return this.#ids.has(id)
  }

  /** @returns whether it was one of them; it is free again */
  answered(id: MessageId): boolean {
    return this.#ids.delete(id)
  }
}
