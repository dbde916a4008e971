import type { OutputOf } from '../../api/endpoints.ts'
import type { McpPinsAnswer, McpWaitingAnswer } from '../../api/mcp-pins.ts'
import type { Json } from '../../core/canonical.ts'
import {
  fieldDigests,
  type Offered,
  type PinBook,
  type PinSummary,
  type Waiting,
} from '../../enforce/mcp/pins/index.ts'
import type { Credential } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { Handlers } from './app.ts'

export interface McpPinHandlerOptions {
  readonly book: PinBook
  readonly acts: Acts
  /** What is found in a definition. */
  readonly look: (server: string, kind: Waiting['kind'], definition: unknown) => Promise<Offered['seen']>
}

type McpPinHandlers = Pick<Handlers, 'mcpPinList' | 'mcpPinCompare' | 'mcpPinTrust' | 'mcpPinReset'>

/** What MCP servers were approved with, for the owner to look at and to decide on. */
export function mcpPinHandlers({ book, acts, look }: McpPinHandlerOptions): McpPinHandlers {
  const asking = (credential: Credential, server: string, reason: string, input: Json) => ({
    ...{ credential, namespace: 'config', verb: 'write', resource: `mcp-pins/${server}` },
    ...{ risk: 'high' as const, input, reason },
  })
  return {
    mcpPinList: ({ server }) => ({
      servers: (server === undefined ? book.list() : [book.show(server)]).map(answerOf),
    }),
    async mcpPinCompare({ server, kind, definitions }): Promise<OutputOf<'mcpPinCompare'>> {
      const looked = definitions.map(async ({ name, definition }) => ({
        ...{ name, definition },
        seen: await look(server, kind, definition),
      }))
      const offered = await Promise.all(looked)
      const { isFirst, waiting, removed } = book.compare(server, kind, offered)
      return { isFirst, waiting: waiting.map(waitingOf), removed: [...removed] }
    },
    async mcpPinTrust({ server, digest, reason }, { credential }) {
      const asked = asking(credential, server, reason, { act: 'trust', server, digest })
      return answerOf((await acts.act(asked, 'policy', () => book.trust(server, digest, 'owner'))).value)
    },
    async mcpPinReset({ server, reason }, { credential }) {
      const name = server ?? 'all'
      const asked = asking(credential, name, reason, { act: 'reset', server: server ?? null })
      await acts.act(asked, 'policy', () =>
        server === undefined ? book.resetAll('owner') : book.reset(server, 'owner'),
      )
      return { forgotten: name }
    },
  }
}

function answerOf({ server, pins, waiting, digest }: PinSummary): McpPinsAnswer {
  return {
    server,
    pins: pins.map(({ kind, name, digest: sha256, definition, labels, how, by, at }) => ({
      ...{ kind, name, digest: sha256, labels, how, by },
      fields: { ...fieldDigests(definition as Json) },
      at: new Date(at).toISOString(),
    })),
    waiting: waiting.map(waitingOf),
    digest,
  }
}

/** Enough to see what a text became, and an answer that stays readable whatever a server wrote. */
const SHOWN = 2000

function waitingOf({ changes, ...waiting }: Waiting): McpWaitingAnswer {
  return {
    ...waiting,
    changes: changes.map(({ field, before, after, grade, reason }) => ({
      ...{ field, grade, reason },
      ...(before === undefined ? {} : { before: JSON.stringify(before).slice(0, SHOWN) }),
      ...(after === undefined ? {} : { after: JSON.stringify(after).slice(0, SHOWN) }),
    })),
  }
}
