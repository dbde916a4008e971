import type { ProcessIdentity, SandboxSpec } from '../../enforce/sandbox/index.ts'

/** A run whose box stands and whose command is still held back. */
export interface BuiltRun {
  readonly runId: string
  readonly agent: string
  /** Process 1 of its box, or the keeper where there is no box. */
  readonly init: ProcessIdentity
  readonly spec: SandboxSpec
  readonly workspace: string
  /** Directories that are its own until it ends, and that its spec does not name. */
  readonly temporary: readonly string[]
}

/** Whoever looks at runs from outside, from before their first act on. */
export interface RunWatcher {
  /** A box is being built: time to get ready. Never throws. */
  begins(): void
  /** The command waits for it. Never rejects, and ends soon: a watcher that is late holds nobody up for long. */
  built(run: BuiltRun): Promise<void>
  /** It has ended, or did not begin. */
  over(runId: string): void
}
