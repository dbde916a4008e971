import { messageOf } from '../../core/error.ts'
import type { Role } from '../../core/principal.ts'
import { answered, checkAnswer, checkAnswerer, gone, patternOf, unrecorded, type Answer } from './answer.ts'
import { narrowest, type CommandPattern } from './pattern.ts'
import {
  choicesOf,
  isTwoPhase,
  kindOf,
  payloadOf,
  type Asking,
  type Question,
  type Somebody,
} from './question.ts'

/** What became of a question, for whoever asked it. */
export interface Settlement {
  readonly question: Question
  /** What a `rule` answer allows for good. */
  readonly pattern?: CommandPattern
  /** For how long, where the person said so. */
  readonly forMs?: number
  /** Who answered: the very one the authenticator made, where it made one. */
  readonly by?: Somebody
}

/** What happens to questions, in order; a watcher sees each once. */
export interface Change {
  readonly what: 'asked' | 'agreed' | 'answered' | 'expired' | 'withdrawn'
  readonly question: Question
}

export interface DeskOptions {
  readonly now: () => number
  /** For deadlines: only rises. */
  readonly monotonicMs: () => number
  readonly newId: () => string
  /** A word that is typed to confirm. */
  readonly newWord: () => string
  readonly lifetimeMs: number
  readonly perAgent?: number
  readonly inAll?: number
  /** Whether somebody of this role may give capabilities; the owner alone when absent. */
  readonly mayGrant?: (role: Role) => boolean
  /** Writes to the ledger. @returns the entry's number; @throws when it cannot be written */
  readonly record: (change: Change) => Promise<number | undefined>
  /** Told of each change after it was recorded. */
  readonly changed: (change: Change) => void
}

interface Waiting {
  question: Question
  /** Once it is on record; before that nobody sees it. */
  isShown: boolean
  readonly deadlineMs: number
  readonly settle: (settlement: Settlement) => void
  readonly settled: Promise<Settlement>
}

const MOST_PER_AGENT = 5
const MOST_IN_ALL = 10
/** Questions that are over are kept this long, so that a late answer is told what became of them. */
const REMEMBERED = 200
const ASKER_GONE = 'the asker went away'
const isOwner = (role: Role): boolean => role === 'owner'

/**
 * The questions that wait for a person. Each is answered at most once, by somebody who did not ask it; what nobody
 * answers in time is a no. Nothing outlives the process: after a restart an old answer finds no question.
 */
export class ApprovalDesk {
  readonly #options: DeskOptions
  readonly #waiting = new Map<string, Waiting>()
  readonly #over = new Map<string, Question>()

  constructor(options: DeskOptions) {
    this.#options = options
  }

  /**
   * Puts a question. It is on record before anybody sees it.
   *
   * @param gone ends when whoever asks no longer waits: then it is a no, and its place is free
   * @returns why it cannot be asked, or how it ends
   */
  async ask(asking: Asking, gone?: AbortSignal): Promise<{ readonly refused: string } | Settlement> {
    if (gone?.aborted === true) return { refused: ASKER_GONE }
    const full = this.#isFull(asking.who.id)
    if (full !== undefined) return { refused: full }
    const waiting = this.#open(asking)
    const leave = (): void => void this.withdraw(({ id }) => id === waiting.question.id, ASKER_GONE)
    gone?.addEventListener('abort', leave, { once: true })
    try {
      return await this.#put(waiting)
    } finally {
      gone?.removeEventListener('abort', leave)
    }
  }

  async #put(waiting: Waiting): Promise<{ readonly refused: string } | Settlement> {
    const { question, settled } = waiting
    try {
      await this.#options.record({ what: 'asked', question })
    } catch (error) {
      this.#waiting.delete(question.id)
      return { refused: `the question could not be written to the ledger: ${messageOf(error)}` }
    }
    if (this.#waiting.has(question.id)) {
      waiting.isShown = true
      this.#options.changed({ what: 'asked', question })
    }
    return await settled
  }

  #isFull(principal: string): string | undefined {
    const { perAgent = MOST_PER_AGENT, inAll = MOST_IN_ALL } = this.#options
    const own = [...this.#waiting.values()].filter(({ question }) => question.principal === principal).length
    if (own >= perAgent) return `${own} questions of ${principal} wait already`
    return this.#waiting.size >= inAll ? `${this.#waiting.size} questions wait already` : undefined
  }

  #open(asking: Asking): Waiting {
    const { now, monotonicMs, newId, lifetimeMs } = this.#options
    const { who, action, decision, subject } = asking
    const kind = asking.kind ?? kindOf(action)
    const twoPhase = isTwoPhase(kind, action.risk)
    const pattern = subject === undefined || twoPhase ? undefined : narrowest(subject)
    const question: Question = {
      id: newId(),
      kind,
      state: 'pending',
      principal: who.id,
      role: who.role,
      action,
      rule: decision.rule,
      reason: decision.reason,
      ...(subject === undefined ? {} : { subject }),
      payload: payloadOf(asking),
      twoPhase,
      choices: choicesOf(action.risk, kind, pattern !== undefined),
      ...(pattern === undefined ? {} : { narrowest: pattern }),
      askedAt: now(),
      expiresAt: now() + lifetimeMs,
    }
    const { promise, resolve } = Promise.withResolvers<Settlement>()
    const deadlineMs = monotonicMs() + lifetimeMs
    const waiting = { question, isShown: false, deadlineMs, settle: resolve, settled: promise }
    this.#waiting.set(question.id, waiting)
    return waiting
  }

  /**
   * Answers a question: the first answer stands. A yes to something dangerous is only agreed to, and answered again
   * with the word that this shows.
   *
   * @param isFresh whether the owner's passphrase came with the answer
   * @throws ApprovalError any of the APPROVAL_ codes; then the question waits as before
   */
  async answer(id: string, answer: Answer, by: Somebody, isFresh = false): Promise<Question> {
    const waiting = this.#find(id)
    const { question } = waiting
    checkAnswerer(by, question, isFresh, this.#options.mayGrant ?? isOwner)
    checkAnswer(question, answer)
    const pattern = patternOf(question, answer)
    const before = question.state
    // nobody else may answer while this is written down
    waiting.question = { ...question, state: 'answering' }
    if (answer.say !== 'deny' && question.twoPhase && before === 'pending') {
      return await this.#agree(waiting, question, by)
    }
    return await this.#settle(waiting, answer, by, pattern)
  }

  async #agree(waiting: Waiting, before: Question, by: Somebody): Promise<Question> {
    const agreed: Question = { ...before, state: 'agreed', agreedBy: by.id, word: this.#options.newWord() }
    try {
      await this.#options.record({ what: 'agreed', question: agreed })
    } catch (cause) {
      waiting.question = before
      throw unrecorded(before.id, cause)
    }
    waiting.question = agreed
    this.#options.changed({ what: 'agreed', question: agreed })
    return agreed
  }

  async #settle(
    waiting: Waiting,
    { say, note, forMs }: Answer,
    by: Somebody,
    pattern: CommandPattern | undefined,
  ): Promise<Question> {
    const { record, now } = this.#options
    const answered: Question = {
      ...waiting.question,
      state: say === 'deny' ? 'denied' : 'allowed',
      say,
      by: by.id,
      answeredAt: now(),
      ...(note === undefined ? {} : { note }),
    }
    let entry: number | undefined
    try {
      entry = await record({ what: 'answered', question: answered })
    } catch (cause) {
      this.#end(
        waiting,
        { ...answered, state: 'denied', note: 'the answer could not be recorded' },
        'answered',
      )
      throw unrecorded(answered.id, cause)
    }
    const question = entry === undefined ? answered : { ...answered, entry }
    const more = { ...(pattern === undefined ? {} : { pattern }), ...(forMs === undefined ? {} : { forMs }) }
    this.#end(waiting, question, 'answered', { by, ...more })
    return question
  }

  #end(
    waiting: Waiting,
    question: Question,
    what: Change['what'],
    more: Omit<Settlement, 'question'> = {},
  ): void {
    const { word: _word, ...rest } = question
    this.#waiting.delete(question.id)
    this.#over.set(question.id, rest)
    if (this.#over.size > REMEMBERED) this.#over.delete(this.#over.keys().next().value ?? '')
    waiting.settle({ question: rest, ...more })
    this.#options.changed({ what, question: rest })
  }

  #find(id: string): Waiting {
    this.expire()
    const waiting = this.#waiting.get(id)
    if (waiting?.isShown !== true) throw gone(id, this.#over.get(id))
    if (waiting.question.state === 'answering') throw answered(id, 'somebody else is answering it just now')
    return waiting
  }

  /** Ends what is past its time. To be called often, and before anything is answered. */
  expire(): void {
    const { monotonicMs } = this.#options
    for (const waiting of [...this.#waiting.values()]) {
      if (monotonicMs() < waiting.deadlineMs || waiting.question.state === 'answering') continue
      this.#conclude(waiting, 'expired')
    }
  }

  /** Ends questions that can no longer be answered, or shall not be. @returns how many */
  withdraw(matches: (question: Question) => boolean, why: string): number {
    const all = [...this.#waiting.values()]
    const found = all.filter(({ question }) => question.state !== 'answering' && matches(question))
    for (const waiting of found) this.#conclude(waiting, 'withdrawn', why)
    return found.length
  }

  #conclude(waiting: Waiting, what: 'expired' | 'withdrawn', note?: string): void {
    const ended: Question = { ...waiting.question, state: what, ...(note === undefined ? {} : { note }) }
    // a no needs no ledger to hold; the record follows when it can
    this.#end(waiting, ended, what)
    this.#options.record({ what, question: ended }).catch(() => undefined)
  }

  /** Those that wait, oldest first. */
  pending(): readonly Question[] {
    return [...this.#waiting.values()].filter(({ isShown }) => isShown).map(({ question }) => question)
  }

  /** One that waits, or was over a short while ago. @throws ApprovalError `APPROVAL_UNKNOWN` */
  get(id: string): Question {
    const question = this.#waiting.get(id)?.question ?? this.#over.get(id)
    if (question !== undefined) return question
    throw gone(id, this.#over.get(id))
  }

  /** How long is left, in milliseconds; 0 for what is over. */
  leftMs(id: string): number {
    const waiting = this.#waiting.get(id)
    return waiting === undefined ? 0 : Math.max(0, waiting.deadlineMs - this.#options.monotonicMs())
  }
}
