import { randomBytes } from 'node:crypto'
import { createRequestStateCodec, McpServer } from '@modelcontextprotocol/server'
import { addPrompts } from './prompts.ts'
import { addQuestions } from './questions.ts'
import { addResources } from './resources.ts'
import { addTools } from './tools.ts'

/** Tells all who listen that a list is another one now. */
export interface Changes {
  tools: () => void
  prompts: () => void
}

const codec = createRequestStateCodec({ key: randomBytes(32) })

/** A server of the kind the suite asks for; one for each session, or for each request. */
export function createFixture(changes: Changes): McpServer {
  const server = new McpServer(
    { name: 'warder-fixture', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: (state, context) => codec.verify(state, context) },
      cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'public' } },
    },
  )
  addTools(server, changes)
  addQuestions(server, codec)
  addResources(server)
  addPrompts(server)
  return server
}
