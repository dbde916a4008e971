import { calls } from '../../client/calls.ts'
import type { Client } from '../../client/connect.ts'
import type { Context } from '../command.ts'
import { secondsOf } from './question-text.ts'

const FIRST_LOOK_MS = 400
const LOOK_EVERY_MS = 1000
const TELL_EVERY_MS = 30_000

/** While an answer takes long, tells whoever waits that a person is asked, and how long that may take. */
export async function whileAsked<T>(
  client: Client,
  agent: string | undefined,
  { out, clock }: Context,
  work: () => Promise<T>,
): Promise<T> {
  if (agent === undefined) return await work() // nobody is asked about what the owner does
  const over = new AbortController()
  void tell().catch(() => undefined) // only words: whatever is wrong shows in the answer itself
  try {
    return await work()
  } finally {
    over.abort()
  }

  async function tell(): Promise<void> {
    const told = new Map<string, number>()
    await pause(FIRST_LOOK_MS)
    while (!over.signal.aborted) {
      const { questions } = await calls(client).call('approvalList', { agent: agent ?? '' }, over.signal)
      for (const { id, leftMs } of over.signal.aborted ? [] : questions) {
        const now = clock.monotonicMs()
        if (now - (told.get(id) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) continue
        told.set(id, now)
        out.note(
          `warder: a person is asked, ${secondsOf(leftMs)} left to answer (question ${id}; warder approve)`,
        )
      }
      await pause(LOOK_EVERY_MS)
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      over.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }
}
