import type { McpSessions } from '../mcp-sessions.ts'
import type { McpProcess } from '../mcp/process.ts'
import type { Handlers } from './app.ts'
import { verdictAnswer } from './problem.ts'

export interface McpHandlerOptions {
  readonly sessions: Pick<McpSessions, 'open' | 'list'>
  readonly process: Pick<McpProcess, 'state'>
}

/** MCP servers, for their owner to start and to look at. */
export function mcpHandlers({ sessions, process }: McpHandlerOptions): Pick<Handlers, 'mcpOpen' | 'mcpList'> {
  return {
    async mcpOpen(request, { credential }) {
      const { prepared, session } = await sessions.open(credential, request)
      const { runId, verdict, permit, plan } = prepared
      return {
        verdict: verdictAnswer(verdict),
        session,
        run: runId,
        profile: plan.spec.profile,
        permit: permit.token,
        notes: [...plan.notes],
      }
    },
    mcpList() {
      const { state, problem } = process.state
      return { process: state, ...(problem === undefined ? {} : { problem }), sessions: sessions.list() }
    },
  }
}
