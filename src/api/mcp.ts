import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { AgentName, VerdictShape } from './words.ts'

export const McpServerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,57}$/, 'a server’s name is [a-z0-9][a-z0-9._-]*, at most 58 characters')

export const McpSessionShape = z
  .object({
    session: z.string(),
    server: z.string(),
    agent: z.string().describe('who calls'),
    run: z.string().describe('the run the server is'),
    tier: z.enum(['trusted', 'verified', 'untrusted']),
    since: z.iso.datetime(),
    calls: z.int(),
    refused: z.int(),
    receipts: z.string().optional().describe('the file its receipts are written to'),
  })
  .meta({ id: 'McpSession' })
export type McpSessionAnswer = z.infer<typeof McpSessionShape>

/** A server is started and looked through by its owner; what an agent may call of it, policy says. */
export const MCP_ENDPOINTS = {
  mcpOpen: endpoint({
    method: 'POST',
    path: '/v1/mcp/open',
    about: 'start an MCP server in its sandbox, with the firewall before it; attach with the permit',
    input: z.strictObject({
      server: McpServerName,
      agent: AgentName.optional().describe('who calls its tools; mcp-client'),
      profile: z.string().min(1).max(64).optional(),
      workspace: z.string().min(1).max(4096),
      cwd: z.string().min(1).max(4096),
      argv: z.array(z.string().max(131_072)).max(4096),
      environment: z.record(z.string().max(256), z.string().max(131_072)),
      look: z.boolean().optional().describe('its lists are shown and nothing of it is called'),
    }),
    output: z.object({
      verdict: VerdictShape,
      session: z.string(),
      run: z.string(),
      profile: z.string(),
      permit: z.string(),
      notes: z.array(z.string()),
    }),
  }),
  mcpList: endpoint({
    method: 'GET',
    path: '/v1/mcp',
    about: 'the MCP sessions that go on',
    input: z.strictObject({}),
    output: z.object({
      process: z.enum(['running', 'not started', 'broken']),
      problem: z.string().optional(),
      sessions: z.array(McpSessionShape),
    }),
  }),
} as const
