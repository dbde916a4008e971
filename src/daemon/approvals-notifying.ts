import { messageOf } from '../core/error.ts'
import {
  type Answer,
  type Change,
  type Notifier,
  type Question,
  type Reply,
  type Somebody,
} from '../decide/approval/index.ts'

export interface NotifyingOptions {
  readonly notifiers: readonly Notifier[]
  readonly answer: (id: string, answer: Answer, by: Somebody) => Promise<unknown>
  /** Whether a yes to this may come from afar at all. */
  readonly mayAnswer: (question: Question) => boolean
  /** Whom a way stands for, as the authenticator makes it: it acts under the owner's configuration, never as the owner. */
  readonly standsFor: (name: string) => Somebody
  /** Told of what could not be sent, or came back wrong. */
  readonly problem: (what: string) => void
}

/** Tells the ways to reach a person of each question, and takes what they bring back. */
export class Notifying {
  readonly #options: NotifyingOptions
  readonly #open = new Map<string, AbortController>()

  constructor(options: NotifyingOptions) {
    this.#options = options
  }

  /** Whether an answer could come back from anywhere. */
  canReach(): boolean {
    return this.#options.notifiers.some(({ canAnswer }) => canAnswer)
  }

  changed({ what, question }: Change): void {
    if (what === 'asked') {
      const over = new AbortController()
      this.#open.set(question.id, over)
      for (const notifier of this.#options.notifiers) void this.#tell(notifier, question, over.signal)
    } else if (what !== 'agreed') {
      this.#open.get(question.id)?.abort()
      this.#open.delete(question.id)
    }
  }

  async #tell(notifier: Notifier, question: Question, signal: AbortSignal): Promise<void> {
    const { problem } = this.#options
    try {
      const reply = await notifier.tell(question, signal)
      if (reply !== undefined) await this.take(notifier.name, question, reply)
    } catch (error) {
      if (!signal.aborted) problem(`question ${question.id}: ${notifier.name}: ${messageOf(error)}`)
    }
  }

  /** An answer from afar, in the name of the way it came: only for what may be answered from there. */
  async take(name: string, question: Question, reply: Reply): Promise<void> {
    if (reply.say !== 'deny' && !this.#options.mayAnswer(question)) {
      throw new Error(
        `${reply.say} came by ${name}, and a question like this (${question.action.risk} risk) is answered at the machine`,
      )
    }
    await this.#options.answer(question.id, reply, this.#options.standsFor(name))
  }

  close(): void {
    for (const over of this.#open.values()) over.abort()
    this.#open.clear()
  }
}
