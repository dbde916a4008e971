/** A value a rule can look at. */
export type FieldValue = string | number | boolean

/**
 * Something that happened, as rules see it: an entry of the ledger, or what a watcher of the host saw. Its fields are
 * flat, named in lower case with underscores, and hold nothing a reader of an alert must not see.
 */
export interface Observed {
  /** When, in milliseconds since 1970. */
  readonly at: number
  /** Who saw it: `ledger`, `process`, `file`, `network`, `login`, `kernel`. */
  readonly source: string
  /** What happened, within its source: a ledger entry's event type, `exec`, `listen`, `connect`, `write`, `failed`. */
  readonly type: string
  /** Whose doing it is, where an agent is known. */
  readonly agent?: string
  readonly run?: string
  /** The entry of the ledger it stands in; a watcher of the host has none. */
  readonly seq?: number
  readonly fields: Readonly<Record<string, FieldValue>>
}
