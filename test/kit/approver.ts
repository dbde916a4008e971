import type { OutputOf } from '../../src/api/endpoints.ts'
import { calls } from '../../src/client/calls.ts'
import { until } from './house.ts'
import type { Owner } from './owner.ts'

type Change = OutputOf<'approvalFollow'>
export type Question = NonNullable<Change['question']>

/** Somebody who watches the questions, as `warder approve` does. */
export interface Approver {
  /** Everything seen so far, in order. */
  readonly changes: readonly Change[]
  /** The next question of this agent that nobody has taken from here yet. */
  asked(agent: string): Promise<Question>
  /** Waits until this happened to the question. */
  saw(id: string, what: Change['what']): Promise<Question>
  /** Goes away, and waits until the daemon knows. */
  leave(): Promise<void>
}

/** Starts to watch; whoever watches counts as somebody who answers. */
export async function approver(t: { after(fn: () => void): void }, me: Owner): Promise<Approver> {
  const gone = new AbortController()
  const changes: Change[] = []
  const taken = new Set<string>()
  const following = (async () => {
    for await (const change of calls(me.client).stream('approvalFollow', {}, gone.signal))
      changes.push(change)
  })().catch((error: unknown) => {
    if (!gone.signal.aborted) throw error
  })
  t.after(() => gone.abort())
  await until(() => changes.length > 0, 'the approver is told that it counts', 60_000)
  const find = async (fits: (change: Change) => boolean, what: string): Promise<Question> => {
    await until(() => changes.some(fits), `${what}; seen: ${JSON.stringify(changes).slice(0, 2000)}`, 60_000)
    return changes.find(fits)!.question!
  }
  return {
    changes,
    async asked(agent) {
      const isNew = ({ what, question }: Change) =>
        what === 'asked' && question?.principal === agent && !taken.has(question.id)
      const question = await find(isNew, `a question of ${agent}`)
      taken.add(question.id)
      return question
    },
    saw: (id, what) => find((change) => change.what === what && change.question?.id === id, `${id} ${what}`),
    async leave() {
      const present = await watchers(me)
      gone.abort()
      await following
      await until(async () => (await watchers(me)) < present, 'the approver is gone', 60_000)
    },
  }
}

async function watchers(me: Owner): Promise<number> {
  return (await me.call('daemon', {})).watchers
}

/** A request whose refusal may come before the test looks at it. */
export function handled<T>(request: Promise<T>): Promise<T> {
  request.catch(() => undefined)
  return request
}
