import type { RiskLevel } from '../../../core/risk.ts'

/** What the machine would answer, handed in: rating itself touches nothing. */
export interface CommandContext {
  /** The home directory `~` stands for. */
  readonly home?: string
  /** Where the agent may work; writing there is ordinary. */
  readonly workspace?: string
  readonly cwd?: string
  /** The file a bare program name would run. */
  readonly resolve?: (name: string) => string | undefined
  /** The text of a script the command would run, or undefined when there is none to be read. */
  readonly readScript?: (path: string) => string | undefined
  /** The environment the command is started with, where it is not written in the command itself. */
  readonly environment?: Readonly<Record<string, string>>
}

/** One reason for a rating, with the place in the command it is about. */
export interface CommandReason {
  /** `exec.tar`, `flow.network-to-shell`; stable, listed in the documentation. */
  readonly rule: string
  readonly risk: RiskLevel
  readonly note: string
  /** Offsets into the rated text, the end exclusive. What stands in a decoded text is shown where that was written. */
  readonly start: number
  readonly end: number
}

/** A program the command would run, once wrappers and shells around it are taken off. */
export interface RatedProgram {
  readonly name: string
  readonly args: readonly string[]
  readonly risk: RiskLevel
  readonly start: number
  readonly end: number
}

export interface CommandRating {
  readonly risk: RiskLevel
  /** The gravest first. */
  readonly reasons: readonly CommandReason[]
  readonly programs: readonly RatedProgram[]
  /** Why it could not be read; then the risk is medium at least. */
  readonly unparsable?: string
}
