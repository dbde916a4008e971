import type { MessageId } from './frame.ts'

/** The JSON-RPC error codes of what is refused here; a code never changes its meaning (docs/mcp.md). */
export const REFUSAL_CODES = {
  /** Policy, a person or the gate said no. */
  denied: -32_080,
  /** An argument is not what it has to be. */
  argument: -32_081,
  /** What is in a result must not be handed on. */
  content: -32_082,
  /** The definition of a tool is not the one that was approved, or cannot be held to. */
  definition: -32_083,
  /** Too often, too many, too large. */
  limit: -32_084,
  /** The server has ended, or says what cannot be understood. */
  server: -32_085,
  timeout: -32_086,
  /** A stop is in force. */
  stopped: -32_087,
  /** Request state or a task that is not the caller's, or not any more. */
  state: -32_088,
  method: -32_601,
} as const
export type RefusalKind = keyof typeof REFUSAL_CODES

/** Why something is not passed on. */
export interface Refusal {
  readonly kind: RefusalKind
  readonly layer: string
  readonly rule: string
  readonly reason: string
  /** What would change it. */
  readonly fix: string
  /** By which the entry is found. */
  readonly decision?: string
}

/** The error a caller gets instead of an answer: well-formed, and saying what to do. */
export function refusalMessage(id: MessageId | null, refusal: Refusal): string {
  const { kind, layer, rule, reason, fix, decision } = refusal
  return errorMessage(id, REFUSAL_CODES[kind], `refused by ${layer}, rule ${rule}: ${reason}`, {
    ...{ code: `MCP_${kind.toUpperCase()}`, layer, rule, reason, fix },
    ...(decision === undefined || decision === '' ? {} : { decision }),
  })
}

export function errorMessage(
  id: MessageId | null,
  code: number,
  message: string,
  data?: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: { code, message, ...(data === undefined ? {} : { data }) },
  })
}

export function resultMessage(id: MessageId, result: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result })
}
