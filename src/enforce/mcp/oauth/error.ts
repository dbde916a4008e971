import { KnownError, type ErrorCatalogue } from '../../../core/error.ts'

export const MCP_LOGIN_ERRORS = {
  MCP_LOGIN_FAILED: {
    kind: 'unavailable',
    meaning:
      'there is no token for an MCP server: it, or who gives out its tokens, does not do it as it should',
  },
} as const satisfies ErrorCatalogue

export class McpLoginError extends KnownError<typeof MCP_LOGIN_ERRORS> {
  override readonly name = 'McpLoginError'
}

/** @param what never a token, a code or a key */
export function refused(what: string, fix = 'ask who runs the server; nothing was kept'): McpLoginError {
  return new McpLoginError(MCP_LOGIN_ERRORS, 'MCP_LOGIN_FAILED', { what, fix })
}
