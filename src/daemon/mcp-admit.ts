import type { z } from 'zod'
import type { MCP_ENDPOINTS } from '../api/mcp.ts'
import { parseSecretOption, type SecretWanted } from '../api/secrets.ts'
import { KnownError, type ErrorCatalogue } from '../core/error.ts'
import type { PolicyDocument } from '../decide/policy/index.ts'
import type { OfSession } from './mcp-events.ts'
import { lookPolicy, mcpServerOf, type McpServer } from './mcp-policy.ts'

export const MCP_ERRORS = {
  MCP_SERVER_DENIED: {
    kind: 'forbidden',
    meaning: 'policy names no such MCP server, not for this agent, or as another command',
  },
  MCP_COMMAND_MISSING: { kind: 'invalid', meaning: 'nobody said what the MCP server is started as' },
} as const satisfies ErrorCatalogue

export class McpError extends KnownError<typeof MCP_ERRORS> {
  override readonly name = 'McpError'
}

export type OpenRequest = z.output<typeof MCP_ENDPOINTS.mcpOpen.input>

export interface Admitted {
  readonly server: McpServer
  readonly argv: readonly string[]
}

/** What is started for a request, when policy has the server, for this agent, as this command. @throws McpError */
export function admit(
  policy: PolicyDocument,
  { server: name, agent }: OfSession,
  request: OpenRequest,
): Admitted {
  const where = `mcp.servers.${name}`
  const found = mcpServerOf(policy, name, request.workspace)
  const server: McpServer | undefined =
    request.look === true
      ? { document: {}, ...found, profile: found?.profile ?? 'mcp-guest', policy: lookPolicy(name) }
      : found
  if (server === undefined) {
    throw denied(
      `the policy names no MCP server ${name}`,
      `add ${where} to it, with the tools that may be called`,
    )
  }
  const { agents, command, use_secrets: lent } = server.document
  if (agents !== undefined && !agents.includes('*') && !agents.includes(agent)) {
    throw denied(
      `${agent} is not among the agents of ${name}`,
      `add it under ${where}.agents, or name another with --as`,
    )
  }
  const argv = request.argv.length === 0 ? (command ?? []) : request.argv
  if (argv.length === 0) {
    throw new McpError(MCP_ERRORS, 'MCP_COMMAND_MISSING', {
      what: `nobody said what ${name} is started as`,
      fix: `give it behind --, or as ${where}.command in the policy`,
    })
  }
  if (command !== undefined && JSON.stringify(command) !== JSON.stringify(argv)) {
    const what = `${name} is started as something else than the policy says`
    throw denied(what, `correct the client’s configuration, or ${where}.command`)
  }
  if (request.look !== true && lent !== undefined && command === undefined) {
    const what = `secrets are lent to ${name}, and the policy does not say what it is started as`
    throw denied(what, `name its command as ${where}.command`)
  }
  // the client's own file says what is asked for here, and agents may write that
  if (request.look !== true && request.profile !== undefined && request.profile !== server.profile) {
    const what = `${name} runs in the sandbox profile ${server.profile}, not in ${request.profile.slice(0, 64)}`
    throw denied(what, `leave --profile out, or name it as ${where}.profile`)
  }
  return { server, argv }
}

function denied(what: string, fix: string): McpError {
  return new McpError(MCP_ERRORS, 'MCP_SERVER_DENIED', { what, fix })
}

/** What is lent to a server's run; to one that is only looked at, nothing. */
export function secretsOf(
  { use_secrets: lent = [] }: McpServer['document'],
  isLook: boolean,
): { readonly secrets?: readonly SecretWanted[] } {
  return lent.length === 0 || isLook ? {} : { secrets: lent.map(parseSecretOption) }
}

/** What a server is called as a run. */
export function runName(server: string): string {
  return `mcp-${server}`
}
