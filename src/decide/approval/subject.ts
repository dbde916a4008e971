/** A file as it was when a question was asked: the program, its interpreter, or the script it was given. */
export interface Seal {
  readonly path: string
  /** SHA-256 hex of its content. */
  readonly sha256: string
}

/** One part of a command line: a program and what it is given. */
export interface Segment {
  /** First the program, then its interpreter and script where it has them; empty when it could not be read. */
  readonly seals: readonly Seal[]
  /** The program as it was resolved. */
  readonly program: string
  readonly args: readonly string[]
  /** Positions of arguments that lead out of the workspace once links are followed: no hole covers them. */
  readonly leaving: readonly number[]
}

/** The command behind a question, exactly as it will run. */
export interface Subject {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly workspace: string
  readonly profile: string
  /** Every program of it, in order: one for a plain command; for a shell's text the shell, then each of its commands. */
  readonly segments: readonly Segment[]
  /** What stands between the commands of a shell's text: `|`, `&&`, `;`. */
  readonly glue: readonly string[]
  /** Why no standing allowance can be made of it; absent when one can. */
  readonly notStanding?: string
  /** What it could change or reach, in words. */
  readonly touches: readonly string[]
  /** What a person should know about it. */
  readonly notes: readonly string[]
}
