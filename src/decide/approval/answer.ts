import { messageOf } from '../../core/error.ts'
import type { Role } from '../../core/principal.ts'
import { ApprovalError } from './error.ts'
import { withHoles, type CommandPattern, type HoleAt } from './pattern.ts'
import { needsFresh, type Choice, type Question, type Somebody } from './question.ts'

export interface Answer {
  readonly say: Choice
  /** Of the question as it was shown; an answer to anything else is refused. */
  readonly payload: string
  /** Words to whoever asked. */
  readonly note?: string
  /** The word of the second display, which confirms. */
  readonly word?: string
  readonly holes?: readonly HoleAt[]
  readonly below?: boolean
  readonly forMs?: number
}

/**
 * No program answers in a person's place, and nobody answers what they asked themselves.
 *
 * @param isFresh whether the owner's passphrase came with the answer
 * @param mayGrant whether somebody of this role may give capabilities
 */
export function checkAnswerer(
  by: Somebody,
  question: Question,
  isFresh: boolean,
  mayGrant: (role: Role) => boolean,
): void {
  const { principal, role, kind } = question
  const isOwn = by.id === principal && !(by.role === 'owner' && role === 'owner')
  const isGiving = kind === 'capability' && !mayGrant(by.role)
  const mayBy =
    by.role === 'owner' || (by.role === 'operator' && !isGiving && (isFresh || !needsFresh(question)))
  if (mayBy && !isOwn) return
  throw new ApprovalError('APPROVAL_FORBIDDEN', {
    what: isOwn ? `${by.id} asked this, and cannot answer it` : `${by.id} (${by.role}) may not answer this`,
    fix: isGiving
      ? 'let the owner answer it: warder approve; defaults.grantors of the policy names who else gives capabilities'
      : 'let the owner answer it: warder approve',
  })
}

export function checkAnswer(question: Question, { say, payload, word, note = '' }: Answer): void {
  const { id, choices, twoPhase, state } = question
  if (payload !== question.payload) {
    throw new ApprovalError('APPROVAL_CHANGED', {
      what: `this answer is for something else than what question ${id} asks`,
      fix: `look at it again: warder approval show ${id}`,
    })
  }
  if (!choices.includes(say) || note.length > 500) {
    throw new ApprovalError('APPROVAL_CHOICE', {
      what: choices.includes(say) ? 'a note has at most 500 characters' : `${say} is not offered here`,
      fix: `answer with one of: ${choices.join(', ')}`,
    })
  }
  if (say === 'deny' || !twoPhase || state === 'pending' || word === question.word) return
  throw new ApprovalError('APPROVAL_WORD', {
    what: 'the word that confirms this is not the one that was shown',
    fix: `look at it again, and type its word: warder approval show ${id}`,
  })
}

export function patternOf(question: Question, answer: Answer): CommandPattern | undefined {
  if (answer.say !== 'rule' && answer.say !== 'session') return undefined
  if (question.narrowest === undefined) return undefined
  return answer.say === 'session'
    ? question.narrowest
    : withHoles(question.narrowest, answer.holes ?? [], answer.below ?? false)
}

export function answered(id: string, how: string): ApprovalError {
  return new ApprovalError('APPROVAL_ANSWERED', {
    what: `question ${id} takes no further answer: ${how}`,
    fix: 'nothing to do; the first answer stands',
  })
}

/** Why a question that does not wait takes no answer; `over` is what became of it, as far as that is remembered. */
export function gone(id: string, over: Question | undefined): ApprovalError {
  if (over === undefined) {
    return new ApprovalError('APPROVAL_UNKNOWN', {
      what: `no question ${id} waits here`,
      fix: 'see those that do: warder approval list; questions end with the daemon that asked them',
    })
  }
  if (over.state === 'expired') {
    return new ApprovalError('APPROVAL_EXPIRED', {
      what: `question ${id} was not answered in time`,
      fix: 'let the agent send the request again, then answer the new one',
    })
  }
  const ended = `it was ${over.state}${over.by === undefined ? '' : ` by ${over.by}`}`
  if (over.state !== 'withdrawn' || over.note === undefined) return answered(id, ended)
  // why nobody waits for the answer any more is what whoever comes late has to know
  return new ApprovalError('APPROVAL_ANSWERED', {
    what: `question ${id} takes no answer any more: ${ended}: ${over.note}`,
    fix: 'nothing to do; nobody waits for it',
  })
}

export function unrecorded(id: string, cause: unknown): ApprovalError {
  return new ApprovalError('APPROVAL_UNRECORDED', {
    what: `the answer to ${id} could not be written to the ledger: ${messageOf(cause)}`,
    fix: 'free disk space or mend the ledger directory (warder doctor), then let it be asked again',
    cause,
  })
}
