import type { HookSessionAnswer } from '../../api/hooks.ts'
import type { Json } from '../../core/canonical.ts'
import type { HookWords, Session } from '../../enforce/session/index.ts'
import type { Acts } from '../acts.ts'
import type { Hooks } from '../hooks.ts'
import type { Handlers } from './app.ts'

/** What coding agents' hooks ask, and what the owner sees of them. */
export function hookHandlers(
  hooks: Hooks,
  acts: Acts,
): Pick<Handlers, 'hookAsk' | 'hookRan' | 'hookList' | 'hookRelease'> {
  return {
    hookAsk: async ({ payload }, { credential }) =>
      encoded(await hooks.ask(Buffer.from(payload, 'base64'), credential)),
    hookRan: ({ nonce }) => ({ known: hooks.ran(nonce) }),
    hookList: () => ({ sessions: hooks.list().map(sessionAnswer) }),
    async hookRelease({ id, reason }, { credential }) {
      const asked = {
        ...{ credential, reason, namespace: 'agent', verb: 'resume', resource: id },
        risk: 'critical' as const,
        input: { hookSession: id, reason } as Json,
      }
      const { value } = await acts.act(asked, 'containment', () => hooks.release(id))
      return sessionAnswer(value)
    },
  }
}

function encoded({ exit, stdout, stderr }: HookWords) {
  return {
    exit: exit === 0 ? (0 as const) : (2 as const),
    stdout: Buffer.from(stdout).toString('base64'),
    stderr: Buffer.from(stderr).toString('base64'),
  }
}

function sessionAnswer({
  id,
  harness,
  workspace,
  openedAt,
  heardAt,
  provenAt,
  marker,
  lock,
}: Session): HookSessionAnswer {
  const at = (ms: number) => new Date(ms).toISOString()
  return {
    ...{ id, harness, workspace, openedAt: at(openedAt), heardAt: at(heardAt) },
    state: lock !== undefined ? 'locked' : marker !== undefined ? 'waiting' : 'proven',
    ...(provenAt === undefined ? {} : { provenAt: at(provenAt) }),
    ...(lock === undefined ? {} : { lockedAt: at(lock.at), why: lock.why }),
  }
}
