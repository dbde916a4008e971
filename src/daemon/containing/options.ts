import type { AlertEvent } from '../watch/alerts-event.ts'
import type { Raise, WatchOptions } from '../watch/wire.ts'

/** What containment is handed of the house. */
export type ContainOptions = Pick<
  WatchOptions,
  | 'values'
  | 'home'
  | 'own'
  | 'ledger'
  | 'keys'
  | 'engine'
  | 'permits'
  | 'acts'
  | 'stops'
  | 'halt'
  | 'live'
  | 'runs'
  | 'grants'
  | 'people'
  | 'secrets'
  | 'mcp'
  | 'changes'
  | 'out'
  | 'driver'
  | 'append'
  | 'lost'
  | 'redact'
  | 'clock'
  | 'log'
  | 'version'
> & {
  /** When Warder itself was last looked at as a whole, and what was seen; undefined: it never was. */
  readonly integrityEvidence: () => { readonly at: number; readonly state: string } | undefined
  /** What waits for the answer of a person. */
  readonly questions: Pick<WatchOptions['approving']['desk'], 'withdraw' | 'pending'>
  /** Tells whoever is told of alerts, outside this machine, what became of an incident. Never throws, never waits. */
  readonly send: (event: AlertEvent) => void
  readonly raise: Raise
}

/** Who acts when nobody asked. */
export const BY = 'warder'

/** Every agent, in an order. */
export const EVERY_AGENT = '*'

export function agentOf(target: string): string | undefined {
  return target === EVERY_AGENT ? undefined : target
}
