import { KnownError, type ErrorCatalogue } from '../../../core/error.ts'

export const MCP_PIN_ERRORS = {
  MCP_PINS_ALTERED: {
    kind: 'forbidden',
    meaning: 'the pins of MCP definitions were changed, put back or taken away by something else than Warder',
  },
  MCP_PINS_LIMIT: {
    kind: 'invalid',
    meaning: 'an MCP server defines more, or larger things, than are pinned',
  },
  MCP_PINS_UNKNOWN: { kind: 'missing', meaning: 'there are no pins of that MCP server' },
  MCP_PINS_STALE: {
    kind: 'conflict',
    meaning: 'what was looked at is not what waits to be trusted now',
  },
} as const satisfies ErrorCatalogue

export class McpPinError extends KnownError<typeof MCP_PIN_ERRORS> {
  override readonly name = 'McpPinError'
}

export function altered(what: string, cause?: unknown): McpPinError {
  return new McpPinError(MCP_PIN_ERRORS, 'MCP_PINS_ALTERED', {
    what: `the pins of MCP definitions are not as Warder left them: ${what}`,
    fix: 'find out who changed them; then, to see every server as new: warder mcp pins reset --all',
    cause,
  })
}

export function beyond(what: string): McpPinError {
  return new McpPinError(MCP_PIN_ERRORS, 'MCP_PINS_LIMIT', {
    what,
    fix: 'a server that defines this much is not one to use; ask who wrote it',
  })
}
