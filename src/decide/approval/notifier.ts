import { needsFresh, type Question } from './question.ts'

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

/**
 * Nothing dangerous is answered from afar: a chat account is more easily taken over than a terminal. What needs a second
 * yes or a fresh session is dangerous at any risk.
 *
 * @param highest of what may be answered so, as the owner configured it
 */
export function mayAnswerFromAfar(
  question: Pick<Question, 'twoPhase' | 'action'>,
  highest: 'low' | 'medium' = 'medium',
): boolean {
  const { risk } = question.action
  return !needsFresh(question) && (risk === 'low' || (risk === 'medium' && highest === 'medium'))
}
