import type { InputOf } from '../../api/endpoints.ts'
import type { QuestionAnswer } from '../../api/approvals.ts'
import { KnownError } from '../../core/error.ts'
import { command, type Context } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { printable } from '../printable.ts'
import { option } from '../param.ts'
import { holeOf } from './approval-answer.ts'
import { approvalDoor, AS_OPTION, type ApprovalDoor } from './approval-door.ts'
import { isEnd, Keys } from './approve-keys.ts'
import { questionText, secondsOf } from './question-text.ts'

export const approve = command({
  name: 'approve',
  about: 'answer questions as they come, in this terminal',
  details: [
    'Shows each question exactly as it will run: what, where, who, why, what it would touch, and how long is left. y allows it once, s for this session, a for good (it shows what that means first), n refuses, w refuses with words to whoever asked, l leaves it to somebody else. What is dangerous is shown twice, and confirmed by typing a word.',
    'Several people may watch; the first answer counts, and the others see it. While nobody watches, every question is a no at once.',
    'With --json each change is one line; answer with warder approval answer.',
    'With --as a paired device answers over there, where its scope has approval:read and approval:answer; what is dangerous takes the owner’s passphrase as well.',
  ],
  examples: [
    { run: 'warder approve', does: 'in a second terminal, beside the agent' },
    { run: 'warder approve --json', does: 'for a program that asks you in its own way' },
  ],
  exits: ['denied', 'missing', 'unavailable', 'interrupted'],
  options: { as: AS_OPTION, agent: option('only questions of this agent', { completes: 'agent' }) },
  async run({ as, agent }, context) {
    if (context.out.isJson)
      return await printChanges({ door: await approvalDoor(context, as), agent }, context)
    if (!context.canAsk || process.stdin.setRawMode === undefined) {
      throw new CliError(CLI_ERRORS, 'NEEDS_ANSWER', {
        what: 'this is no terminal somebody could answer at',
        fix: 'use warder approval list --json and warder approval answer, or warder approve --json',
      })
    }
    const keys = new Keys(context.out)
    const passphrase = (): Promise<string> => keys.secret('the owner’s passphrase: ', context.signal)
    try {
      const door = await approvalDoor(context, as, passphrase)
      await new Desk({ door, agent }, keys, context).run()
    } finally {
      keys.close()
    }
  },
})

async function printChanges({ door, agent }: Watched, { out, signal }: Context): Promise<void> {
  for await (const change of door.follow(agent, signal)) out.line(change, '')
}

/** So that a key meant for something else does not answer a question that has just appeared. */
const SETTLE_MS = 300
const REDRAW_MS = 1000
const CLEAR = '\r\u001b[2K'

interface Watched {
  readonly door: ApprovalDoor
  /** Whose questions alone, where one was named. */
  readonly agent: string | undefined
}

type AnswerInput = Omit<InputOf<'approvalAnswer'>, 'id' | 'payload'>

/** One person at one terminal: what waits, and what is on the screen. */
class Desk {
  readonly #watched: Watched
  readonly #keys: Keys
  readonly #context: Context
  readonly #waiting = new Map<string, QuestionAnswer>()
  readonly #left = new Set<string>()
  /** Ends what is being done with the question on the screen, or the wait for one. */
  #moved = new AbortController()
  #shown: string | undefined

  constructor(watched: Watched, keys: Keys, context: Context) {
    this.#watched = watched
    this.#keys = keys
    this.#context = context
  }

  /** @throws when the daemon goes away */
  async run(): Promise<void> {
    const ended = new AbortController()
    const signal = AbortSignal.any([ended.signal, this.#context.signal])
    const following = this.#follow(signal)
    const cut = following.then(
      () => undefined,
      (error: unknown) => error,
    )
    void cut.then(() => ended.abort())
    await this.#answerAll(signal)
    // left by the person: that the stream is cut then is no news
    if (!signal.aborted) return ended.abort()
    const error = await cut
    if (!this.#context.signal.aborted && error !== undefined) throw error
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { door, agent } = this.#watched
    for await (const { what, question } of door.follow(agent, signal)) {
      if (what === 'here') this.#say('questions come to this terminal now; q leaves')
      if (question === undefined) continue
      if (what === 'asked') this.#waiting.set(question.id, question)
      else if (what === 'agreed') this.#waiting.set(question.id, question)
      else this.#over(question)
      if (this.#shown === undefined || (this.#shown === question.id && what !== 'asked')) this.#move()
    }
  }

  #over(question: QuestionAnswer): void {
    this.#waiting.delete(question.id)
    this.#left.delete(question.id)
    const by = question.by === undefined ? '' : ` by ${question.by}`
    const note = question.note === undefined || question.note === '' ? '' : `: ${question.note}`
    this.#say(`${question.principal}: ${question.say ?? question.state}${by}${note}`)
  }

  #move(): void {
    this.#moved.abort()
    this.#moved = new AbortController()
  }

  #say(text: string): void {
    const { out } = this.#context
    if (process.stdout.isTTY) out.raw(CLEAR)
    out.line({}, printable(text))
  }

  async #answerAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = [...this.#waiting.values()].find(
        ({ id, state }) => !this.#left.has(id) && state === 'pending',
      )
      const either = AbortSignal.any([signal, this.#moved.signal])
      if (next === undefined) {
        const key = await this.#keys.next(either)
        if (key === 'q' || (key !== undefined && isEnd(key))) return
        continue
      }
      this.#shown = next.id
      const goesOn = await this.#answerOne(next, either)
      this.#shown = undefined
      if (!goesOn) return
    }
  }

  /** @returns false when the person leaves */
  async #answerOne(question: QuestionAnswer, signal: AbortSignal): Promise<boolean> {
    this.#context.out.line({}, `\n${questionText(question, this.#context.out)}`)
    await pause(SETTLE_MS, signal)
    const key = await this.#keyWithTime(question, signal)
    if (key === undefined) return true
    this.#context.out.raw(`${printable(key)}\r\n`)
    if (key === 'q' || isEnd(key)) return false
    if (key === 'l') this.#left.add(question.id)
    else await this.#doKey(key, question, signal)
    return true
  }

  async #keyWithTime(question: QuestionAnswer, signal: AbortSignal): Promise<string | undefined> {
    const { clock, out } = this.#context
    const until = clock.monotonicMs() + question.leftMs - SETTLE_MS
    const draw = (): void =>
      out.raw(`${CLEAR}${offered(question)} ${secondsOf(until - clock.monotonicMs())} left > `)
    draw()
    const timer = setInterval(draw, REDRAW_MS)
    try {
      const wanted = new Set(['q', 'l', ...keysOf(question)])
      for (;;) {
        const key = await this.#keys.next(signal)
        if (key === undefined || isEnd(key) || wanted.has(key)) return key
      }
    } finally {
      clearInterval(timer)
    }
  }

  async #doKey(key: string, question: QuestionAnswer, signal: AbortSignal): Promise<void> {
    const answer = await this.#answerFor(key, question, signal)
    if (answer === undefined) return
    try {
      const answered = await this.#send(question, answer)
      if (answered.state !== 'agreed') this.#waiting.delete(question.id)
      else await this.#confirm(answered, answer, signal)
    } catch (error) {
      // another answer came first, or it was too late: said, and on to the next
      if (!(error instanceof KnownError)) throw error
      if (error.kind === 'missing' || error.kind === 'conflict') this.#waiting.delete(question.id)
      this.#say(`not taken: ${error.message}`)
    }
  }

  async #answerFor(
    key: string,
    question: QuestionAnswer,
    signal: AbortSignal,
  ): Promise<AnswerInput | undefined> {
    if (key === 'y') return { say: 'once' }
    if (key === 's') return { say: 'session' }
    if (key === 'n') return { say: 'deny' }
    if (key === 'a') return await this.#ruleFor(question, signal)
    const note = await this.#keys.line('words to whoever asked: ', signal)
    return note === undefined ? undefined : { say: 'deny', note }
  }

  /** Shows what would be stored before it is. */
  async #ruleFor(question: QuestionAnswer, signal: AbortSignal): Promise<AnswerInput | undefined> {
    const { out } = this.#context
    out.line({}, `for 30 days ${question.principal} need not ask for:\n  ${question.pattern ?? ''}`)
    for (const [at, { program, args }] of (question.segments ?? []).entries()) {
      out.line(
        {},
        `  ${at}: ${program} ${args.map((arg, i) => `${at}.${i}=${JSON.stringify(arg)}`).join(' ')}`,
      )
    }
    const typed = await this.#keys.line('type yes to store it, or holes such as 0.1=number: ', signal)
    if (typed === undefined || typed.trim() === '') return undefined
    if (typed.trim() === 'yes') return { say: 'rule' }
    try {
      return { say: 'rule', holes: typed.trim().split(/\s+/).map(holeOf) }
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  async #confirm(agreed: QuestionAnswer, answer: AnswerInput, signal: AbortSignal): Promise<void> {
    const { out } = this.#context
    out.line({}, `\nlook at it once more:\n${questionText(agreed, out)}`)
    // what we agreed to moves the screen as well, so only the end of everything stops this
    const still = AbortSignal.any([this.#context.signal, AbortSignal.timeout(Math.max(1, agreed.leftMs))])
    void signal
    const word = await this.#keys.line(`type ${agreed.word ?? ''} to confirm, anything else refuses: `, still)
    const isConfirmed = word !== undefined && word.trim() === agreed.word
    await this.#send(agreed, isConfirmed ? { ...answer, word: word.trim() } : { say: 'deny' })
    this.#waiting.delete(agreed.id)
  }

  #send(question: QuestionAnswer, answer: AnswerInput): Promise<QuestionAnswer> {
    return this.#watched.door.answer(question, answer)
  }
}

const KEY_WORDS = {
  once: 'y once',
  session: 's session',
  rule: 'a always',
  deny: 'n no  w no, with words',
} as const

function offered({ choices }: QuestionAnswer): string {
  return [...choices.map((choice) => KEY_WORDS[choice]), 'l later'].join('  ')
}

function keysOf({ choices }: QuestionAnswer): string[] {
  return choices.flatMap((choice) => ({ once: ['y'], session: ['s'], rule: ['a'], deny: ['n', 'w'] })[choice])
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
