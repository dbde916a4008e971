import type { FromEgress } from './words.ts'

/**
 * Whether the daemon works on a message whose events are not all answered. It writes to the disk in one go what has come
 * together, and so does the next message: many small ones are no sooner written than one large one behind the other.
 */
export class Unanswered {
  /** The newest event somebody waits for, of what was sent; their numbers rise, and they are written in their order. */
  #sent = 0
  #answered = 0

  get isAny(): boolean {
    return this.#answered < this.#sent
  }

  sent(words: readonly FromEgress[]): void {
    for (const each of words)
      if (each.say === 'event' && each.event !== undefined) this.#sent = Math.max(this.#sent, each.event)
  }

  answered(events: readonly number[]): void {
    for (const event of events) this.#answered = Math.max(this.#answered, event)
  }
}
