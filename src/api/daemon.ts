import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { Nothing } from './words.ts'

/** What it says of itself without asking anybody else. */
export const DAEMON = {
  version: z.string(),
  pid: z.int(),
  profile: z.enum(['dev', 'test', 'prod']),
  startedAt: z.iso.datetime(),
  mode: z.enum(['normal', 'manual']),
  stops: z.array(z.object({ agent: z.string(), since: z.string(), by: z.string(), reason: z.string() })),
  socket: z.object({ path: z.string(), peerUid: z.boolean() }),
}

/** Who answers. */
export const DAEMON_ENDPOINTS = {
  daemon: endpoint({
    method: 'GET',
    path: '/v1/daemon',
    about: 'who answers, and whether anything is stopped; unlike status it asks nobody else',
    input: Nothing,
    output: z.object({ ...DAEMON, watchers: z.int().describe('who would see a question') }),
  }),
} as const satisfies Record<string, Endpoint>
