import type { ServerPolicy } from '../enforce/mcp/index.ts'
import type { McpCaller, McpGate } from './mcp-gate.ts'
import type { OfSession } from './mcp-events.ts'
import type { ReceiptFile } from './mcp-receipts.ts'
import type { Prepared } from './runs.ts'
import type { Claim } from './workspaces.ts'

/** A server that may be started, until somebody comes with its permit. */
export interface Waiting {
  readonly prepared: Prepared
  readonly of: OfSession
  readonly caller: McpCaller
  readonly policy: ServerPolicy
  readonly isLook: boolean
}

/** A session that goes on. */
export interface Live extends Waiting {
  readonly number: number
  readonly gate: McpGate
  readonly since: number
  readonly receipts: ReceiptFile | undefined
  readonly claim: Claim | undefined
  calls: number
  refused: number
  readonly end: (why: string) => void
}
