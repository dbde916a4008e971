import type { JsonValue } from './schema.ts'

/** What requests to a host may carry, and what its answers must be. The first rule that names the place holds. */
export interface ContentRule {
  /** What refusals call it. */
  readonly id: string
  /** `api.example`, `*.example`, or `*` for every host whose plaintext is seen. */
  readonly host: string
  /** The beginning of the path, in whole segments: `/v1` is also for `/v1/x`, not for `/v10` (default: any). */
  readonly path?: string
  readonly outgoing?: OutgoingRule
  readonly incoming?: IncomingRule
}

export interface OutgoingRule {
  /** What happens to secrets and personal data the scanner finds (default: `block`). */
  readonly secrets?: 'block' | 'redact' | 'off'
  readonly maxBytes?: number
}

export interface IncomingRule {
  readonly maxBytes?: number
  /** Media types without parameters, lower case: `application/json`, `text/*`. */
  readonly types?: readonly string[]
  /** JSON Schema (draft 2020-12, without references to elsewhere) that a JSON answer must fit, as a whole. */
  readonly schema?: JsonValue
}

/** Whether a rule is for a request; of paths only the part before the query counts. */
export function isFor(
  { host, path }: ContentRule,
  to: { readonly host: string; readonly path: string },
): boolean {
  const isHost =
    host === '*' || host === to.host || (host.startsWith('*.') && to.host.endsWith(host.slice(1)))
  if (!isHost || path === undefined) return isHost
  const prefix = path.replace(/\/$/, '')
  return to.path === prefix || to.path.startsWith(`${prefix}/`)
}
