import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const MCP_PROCESS_ERRORS = {
  MCP_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'the MCP process does not run or does not answer; no server can be used',
  },
} as const satisfies ErrorCatalogue

export class McpProcessError extends KnownError<typeof MCP_PROCESS_ERRORS> {
  override readonly name = 'McpProcessError'
}

export function unavailable(why: string): McpProcessError {
  return new McpProcessError(MCP_PROCESS_ERRORS, 'MCP_UNAVAILABLE', {
    what: `no MCP server can be used: the MCP process is not there (${why})`,
    fix: 'see the log of the daemon: warder doctor',
  })
}
