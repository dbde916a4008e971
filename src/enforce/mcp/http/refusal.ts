import type { MessageId } from '../frame.ts'
import { errorMessage, REFUSAL_CODES } from '../refusal.ts'

/** Why a request was turned away before any session saw it: an HTTP answer with a JSON-RPC error in it. */
export interface Turned {
  readonly status: number
  /** Of the JSON-RPC error. */
  readonly code: number
  readonly rule: string
  readonly reason: string
  readonly fix: string
  /** More for the error's data, where the protocol asks for it. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** JSON-RPC codes: those the protocol gives a meaning to, and those of every refusal here. */
export const CODES = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  headers: -32_020,
  capability: -32_021,
  version: -32_022,
  ...{ denied: REFUSAL_CODES.denied, limit: REFUSAL_CODES.limit },
  ...{ server: REFUSAL_CODES.server, timeout: REFUSAL_CODES.timeout },
} as const

/** The JSON-RPC error that tells it; `id` is null where nobody can be named. */
export function turnedMessage({ code, rule, reason, fix, data = {} }: Turned, id: MessageId | null): string {
  return errorMessage(id, code, reason, { ...data, layer: 'mcp-http', rule, reason, fix })
}

/** The HTTP status a stateless answer has when it is one of the protocol's own errors (SEP-2243, SEP-2575). */
export function statusOf(code: number): number {
  if (code === CODES.method) return 404
  const isOfTheProtocol = [CODES.parse, CODES.request, CODES.headers, CODES.capability, CODES.version].some(
    (each) => each === code,
  )
  return isOfTheProtocol ? 400 : 200
}
