import { agentOf, type ContainOptions } from './options.ts'

export type AskingOptions = Pick<ContainOptions, 'permits' | 'people' | 'clock' | 'questions'>

/** Whether something is the agent's, or anybody's but the owner's own where all are meant. */
function isMeant(target: string): (principal: string) => boolean {
  const agent = agentOf(target)
  return (principal) => (agent === undefined ? principal !== 'owner' : principal === agent)
}

export interface TakenBack {
  readonly questions: number
  readonly permits: number
  readonly tokens: number
}

/**
 * Takes back what an agent holds that is not spent, and what it waits for: a yes that comes later would be one to
 * somebody who is contained.
 */
export function takeBack(options: AskingOptions, target: string, why: string): TakenBack {
  const { permits, people, questions } = options
  const isTheirs = isMeant(target)
  const agent = agentOf(target)
  const permitCount = permits.cancel(
    ({ principal, action, door }) =>
      isTheirs(principal) || (agent === undefined ? door === 'sandbox' : action === `agent:start:${agent}`),
    why,
  )
  const questionCount = questions.withdraw(({ principal }) => isTheirs(principal), why)
  const tokens = tokensOf(options, target)
  for (const { id } of tokens) people.rooms().slips.revoke(id)
  return { questions: questionCount, permits: permitCount, tokens: tokens.length }
}

/** For the receipt of several attempts: the later ones find less. */
export function sumOf(one: TakenBack, other: TakenBack | undefined): TakenBack {
  return {
    questions: one.questions + (other?.questions ?? 0),
    permits: one.permits + (other?.permits ?? 0),
    tokens: one.tokens + (other?.tokens ?? 0),
  }
}

export function takenBackWords({ questions, permits, tokens }: TakenBack): string {
  const parts = [
    counted(questions, 'question'),
    counted(permits, 'open permit'),
    counted(tokens, 'token'),
  ].filter((part) => !part.startsWith('0 '))
  return parts.length === 0 ? '' : `; ${parts.join(', ')} taken back`
}

/** What could still be answered or spent; undefined: nothing. */
export function stillAsking(options: AskingOptions, target: string): string | undefined {
  const isTheirs = isMeant(target)
  const waiting = options.questions.pending().filter(({ principal }) => isTheirs(principal)).length
  const tokens = tokensOf(options, target).length
  if (waiting + tokens === 0) return undefined
  return `${counted(waiting, 'question')} still open to an answer, ${counted(tokens, 'token')} still good`
}

/** Capability tokens that could be spent now. */
export function tokensOf(
  { people, clock }: Pick<AskingOptions, 'people' | 'clock'>,
  target: string,
): readonly { readonly id: string; readonly agent: string }[] {
  const isTheirs = isMeant(target)
  const now = clock.now()
  return (people.room.roomsIfAny()?.slips.list() ?? []).filter(
    ({ agent, revokedAt, spentAt, expiresAt }) =>
      isTheirs(agent) && revokedAt === null && spentAt === null && expiresAt > now,
  )
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
