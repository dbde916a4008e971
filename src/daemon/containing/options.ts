import type { WatchOptions } from '../watch/wire.ts'

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
}

/** Who acts when nobody asked. */
export const BY = 'warder'
