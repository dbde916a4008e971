import type { PeopleInput, PeopleOutput } from '../../api/people-calls.ts'
import { identityError, type Member } from '../../decide/identity/index.ts'
import { needsFresh, type Question } from '../../decide/approval/index.ts'
import { DeniedError, type Credential, type Rooms } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { People } from '../people.ts'
import type { Questions } from '../questions.ts'
import { memberOf, type PeopleCaller } from './people-app.ts'

export interface PeopleApprovalOptions {
  readonly people: People
  readonly rooms: Pick<Rooms, 'identify'>
  readonly acts: Acts
  readonly questions: Questions
}

const LOOK_EVERY_MS = 1000

/** Questions for guests and devices: each look and each answer is asked of the gate under their own name. */
export function peopleApprovalCalls({ people, rooms, acts, questions }: PeopleApprovalOptions) {
  const may = async (credential: Credential, verb: 'read' | 'answer', agent: string): Promise<boolean> => {
    const asked = {
      credential,
      namespace: 'approval',
      verb,
      resource: agent,
      risk: 'low' as const,
      input: { verb },
    }
    const verdict = await acts.ask(asked)
    if (verdict.decision.effect === 'allow') return true
    if (verb === 'read') throw new DeniedError(verdict)
    return false
  }
  const seen = async (id: string, credential: Credential): Promise<Question> => {
    const question = questions.find(id)
    await may(credential, 'read', question.principal)
    return question
  }
  return {
    async approvalList({ agent }: PeopleInput<'approvalList'>, caller: PeopleCaller) {
      await may(memberOf(caller).credential, 'read', agent ?? '')
      return { questions: questions.list(agent) }
    },
    approvalShow: async ({ id }: PeopleInput<'approvalShow'>, caller: PeopleCaller) =>
      questions.view(await seen(id, memberOf(caller).credential)),
    async approvalAnswer(input: PeopleInput<'approvalAnswer'>, caller: PeopleCaller) {
      const { id, passphrase, ...said } = input
      const { member, credential } = memberOf(caller)
      const question = await seen(id, credential)
      if (!(await may(credential, 'answer', question.principal))) throw notGiven(member, question)
      // a no is never held up
      const isFresh = said.say !== 'deny' && needsFresh(question)
      if (isFresh) await reauthenticated(people, caller, passphrase)
      return await questions.answer(question.id, said, rooms.identify(credential), isFresh)
    },
    async *approvalFollow(
      { agent }: PeopleInput<'approvalFollow'>,
      caller: PeopleCaller,
    ): AsyncGenerator<PeopleOutput<'approvalFollow'>> {
      const { member, credential } = memberOf(caller)
      await may(credential, 'read', agent ?? '')
      const { id: own, role } = rooms.identify(credential)
      const sees = (asker: string): boolean => agent === undefined || asker === agent
      const isHeard = role === 'operator' && (await may(credential, 'answer', agent ?? ''))
      const answers = (asker: string): boolean => asker !== own && sees(asker)
      const until = whileLive(people, member, caller.signal)
      try {
        yield* questions.follow(until.signal, isHeard ? { sees, answers } : { sees })
      } finally {
        until.end()
      }
    },
  }
}

/** What is dangerous takes the owner as well as the device: a device that was taken cannot say yes to it. */
async function reauthenticated(
  people: People,
  caller: PeopleCaller,
  passphrase: string | undefined,
): Promise<void> {
  const { member } = memberOf(caller)
  const { uid } = caller
  const source = uid === undefined ? {} : { uid }
  const who = `${member.what}:${member.name}`
  await people.onRecord(
    { who, action: 'owner:fresh', target: 'approval:answer', ...source },
    'all',
    async () => {
      const { owner } = people.rooms()
      if (owner.hasPassphrase() && passphrase === undefined) {
        throw identityError(
          'OWNER_NOT_FRESH',
          `the owner’s passphrase must come with this answer of ${who}`,
          'give it when you answer, or let the owner answer at the machine: warder approve',
        )
      }
      await owner.check(passphrase ?? '', source)
    },
  )
}

function notGiven({ what, name }: Member, { principal }: Question): Error {
  return identityError(
    'MEMBER_SCOPE',
    `${what}:${name} may not answer questions of ${principal}`,
    'let the owner answer: warder approve; or pair again with --scope approval:answer',
  )
}

/** Ends when the caller leaves, and within a second of the moment the member may no longer act. */
function whileLive(
  people: People,
  { id }: Member,
  left: AbortSignal,
): { signal: AbortSignal; end: () => void } {
  const over = new AbortController()
  const timer = setInterval(() => {
    const members = people.room.roomsIfAny()?.members
    const member = members?.get(id)
    if (member === undefined || members?.isLive(member) !== true) over.abort()
  }, LOOK_EVERY_MS).unref()
  return { signal: AbortSignal.any([left, over.signal]), end: () => clearInterval(timer) }
}
