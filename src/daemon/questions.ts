import type { ParsedInputOf } from '../api/endpoints.ts'
import type { QuestionAnswer } from '../api/approvals.ts'
import { parseDurationMs } from '../core/quantity.ts'
import {
  ApprovalError,
  type Answer,
  type Change,
  type Question,
  type Somebody,
} from '../decide/approval/index.ts'
import type { OpenApprovals } from './approvals-open.ts'
import { questionAnswer } from './approvals-view.ts'
import type { Watching } from './approvals-watch.ts'

type Said = Omit<ParsedInputOf<'approvalAnswer'>, 'id'>

export interface FollowedChange {
  readonly what: 'here' | Change['what']
  readonly question?: QuestionAnswer
}

const MOST_MS = 90 * 24 * 3_600_000

/** Questions as they are looked at and answered, whichever way somebody came. Who may do so is the caller's to ask. */
export class Questions {
  readonly #open: Pick<OpenApprovals, 'desk' | 'watchers'>
  readonly #redact: (text: string) => string

  /** @param redact masks secrets: words to an agent are kept in the record */
  constructor(open: Pick<OpenApprovals, 'desk' | 'watchers'>, redact: (text: string) => string) {
    this.#open = open
    this.#redact = redact
  }

  async *follow(signal: AbortSignal, watching?: Watching): AsyncGenerator<FollowedChange> {
    const { desk, watchers } = this.#open
    const present = (): readonly Change[] => desk.pending().map((question) => ({ what: 'asked', question }))
    const changes = watchers.follow(present, signal, watching)
    // said first, so that whoever follows knows that it counts from now on
    const first = changes.next()
    try {
      yield { what: 'here' }
      for (let next = await first; next.done !== true; next = await changes.next()) {
        yield { what: next.value.what, question: this.view(next.value.question) }
      }
    } finally {
      await changes.return(undefined)
    }
  }

  list(agent: string | undefined): QuestionAnswer[] {
    const { desk } = this.#open
    desk.expire()
    const wanted = desk.pending().filter(({ principal }) => agent === undefined || principal === agent)
    return wanted.map((question) => this.view(question))
  }

  /** By its id, or a unique beginning of one that waits. @throws ApprovalError `APPROVAL_UNKNOWN` */
  find(id: string): Question {
    const { desk } = this.#open
    const matching = desk.pending().filter((question) => question.id.startsWith(id))
    return desk.get(matching.length === 1 ? matching[0]!.id : id)
  }

  view(question: Question): QuestionAnswer {
    return questionAnswer(question, this.#open.desk.leftMs(question.id))
  }

  /** @param isFresh whether the owner's passphrase came with it @throws ApprovalError */
  async answer(
    id: string,
    { lasts, note, ...rest }: Said,
    by: Somebody,
    isFresh = false,
  ): Promise<QuestionAnswer> {
    const answer: Answer = {
      say: rest.say,
      payload: rest.payload,
      ...(note === undefined ? {} : { note: this.#redact(note) }),
      ...(rest.word === undefined ? {} : { word: rest.word }),
      ...(rest.holes === undefined ? {} : { holes: rest.holes }),
      ...(rest.below === undefined ? {} : { below: rest.below }),
      ...(lasts === undefined ? {} : { forMs: lastingMs(lasts) }),
    }
    return this.view(await this.#open.desk.answer(id, answer, by, isFresh))
  }
}

function lastingMs(text: string): number {
  const ms = parseDurationMs(text)
  if (ms >= 1 && ms <= MOST_MS) return ms
  throw new ApprovalError('ALLOWANCE_INVALID', {
    what: `an allowance cannot last ${text}`,
    fix: 'give at most 90d; 30d is usual',
  })
}
