import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Reason, Risk } from './words.ts'

/** As it stands in a client's configuration; what a server may be called is its owner's choice. */
const Server = z.string().min(1).max(128)
const Kind = z.enum(['tool', 'prompt', 'resource', 'resource-template', 'instructions'])
const Digest = z.string().regex(/^[0-9a-f]{64}$/)

const ChangeShape = z.object({
  field: z.string().describe('JSON pointer'),
  before: z.string().optional().describe('JSON, cut where it is long'),
  after: z.string().optional(),
  grade: Risk,
  reason: z.string(),
})

const WaitingShape = z.object({
  kind: Kind,
  name: z.string(),
  rule: z.string(),
  grade: Risk,
  reason: z.string(),
  digest: z.string(),
  changes: z.array(ChangeShape),
})
export type McpWaitingAnswer = z.infer<typeof WaitingShape>

export const McpPinsShape = z
  .object({
    server: z.string(),
    pins: z.array(
      z.object({
        kind: Kind,
        name: z.string(),
        digest: z.string().describe('SHA-256 of the canonical JSON of the whole definition'),
        fields: z.record(z.string(), z.string()).describe('the same of each member, by JSON pointer'),
        labels: z.array(z.string()),
        how: z.enum(['first', 'trusted']),
        by: z.string(),
        at: z.iso.datetime(),
      }),
    ),
    waiting: z.array(WaitingShape).describe('what is refused until it is trusted'),
    digest: z.string().describe('of what waits; to be given back when it is trusted'),
  })
  .meta({ id: 'McpPins' })
export type McpPinsAnswer = z.infer<typeof McpPinsShape>

const DefinitionsShape = z.array(z.object({ name: z.string().max(1024), definition: z.json() })).max(2000)

/** None of these is open to agents: what a server may say of itself is the owner's to judge. */
export const MCP_PIN_ENDPOINTS = {
  mcpPinList: endpoint({
    method: 'GET',
    path: '/v1/mcp/pins',
    about: 'what MCP servers were approved with, and what waits',
    input: z.strictObject({ server: Server.optional() }),
    output: z.object({ servers: z.array(McpPinsShape) }),
  }),
  mcpPinCompare: endpoint({
    method: 'POST',
    path: '/v1/mcp/pins/compare',
    about: 'how a whole list of definitions differs from what was approved; changes nothing',
    input: z.strictObject({ server: Server, kind: Kind, definitions: DefinitionsShape }),
    output: z.object({
      isFirst: z.boolean(),
      waiting: z.array(WaitingShape),
      removed: z.array(z.string()),
    }),
  }),
  mcpPinTrust: endpoint({
    method: 'POST',
    path: '/v1/mcp/pins/trust',
    about: 'approve what an MCP server defines now',
    input: z.strictObject({ server: Server, digest: Digest, reason: Reason }),
    output: McpPinsShape,
  }),
  mcpPinReset: endpoint({
    method: 'POST',
    path: '/v1/mcp/pins/reset',
    about: 'forget what an MCP server was approved with, so that it is new',
    input: z.strictObject({ server: Server.optional().describe('none: all of them'), reason: Reason }),
    output: z.object({ forgotten: z.string() }),
  }),
} as const
