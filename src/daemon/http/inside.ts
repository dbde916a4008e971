import { MOST_CONNECTIONS } from '../../enforce/sandbox/index.ts'
import type { Inside, PreparedInside } from '../exec.ts'
import type { Handlers } from './app.ts'
import { verdictAnswer } from './problem.ts'

/** What the owner does in a sandbox that runs; agents have their own shell there. */
export function insideHandlers(inside: Inside): Pick<Handlers, 'execIn' | 'forward'> {
  return {
    async execIn(request, { credential }) {
      const prepared = await inside.prepareCommand(credential, request)
      return { ...opened(prepared), program: prepared.command.argv[0] ?? '' }
    },
    async forward(request, { credential }) {
      const prepared = await inside.prepareForward(credential, request)
      return { ...opened(prepared), ticket: prepared.ticket, connections: MOST_CONNECTIONS }
    },
  }
}

function opened({ live: { running }, verdict, permit }: PreparedInside) {
  const { runId, agent, profile } = running
  return { verdict: verdictAnswer(verdict), run: runId, agent, profile, permit: permit.token }
}
