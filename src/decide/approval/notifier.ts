import type { Question } from './question.ts'

/** What a way of reaching a person brought back. */
export interface Reply {
  readonly say: 'once' | 'session' | 'deny'
  /** Of the question as it was sent. */
  readonly payload: string
  readonly note?: string
}

/**
 * A way to reach a person who does not sit at a terminal: a desktop notification, a chat. What it is sent holds no
 * secret, for it leaves the machine; what it brings back counts only for what may be answered from afar.
 */
export interface Notifier {
  readonly name: string
  /** Whether an answer can come back this way; a notifier that only tells makes nobody wait. */
  readonly canAnswer: boolean
  /**
   * Tells of a question.
   *
   * @param signal ends when the question is over
   * @returns the answer, when it came back at once; @throws when nobody could be told
   */
  tell(question: Question, signal: AbortSignal): Promise<Reply | undefined>
}

/** Nothing dangerous is answered from afar: a chat account is more easily taken over than a terminal. */
export function mayAnswerFromAfar({ twoPhase, action }: Question): boolean {
  return !twoPhase && (action.risk === 'low' || action.risk === 'medium')
}
