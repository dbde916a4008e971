/**
 * What we foresaw. An error means Warder could not decide or could not act, and then nothing opens;
 * a "no" is not an error but a {@link Decision}. Anything that is not a KnownError is a bug and is shown as one.
 */

/** Why it failed, in the six kinds every edge knows. */
export type ErrorKind = 'invalid' | 'forbidden' | 'missing' | 'conflict' | 'stopped' | 'unavailable'

/** The one table that turns a kind into an HTTP status and a process exit code. */
export const KINDS: Readonly<Record<ErrorKind, { readonly http: number; readonly exit: number }>> = {
  invalid: { http: 400, exit: 2 },
  forbidden: { http: 403, exit: 3 },
  missing: { http: 404, exit: 4 },
  conflict: { http: 409, exit: 5 },
  stopped: { http: 503, exit: 6 },
  unavailable: { http: 503, exit: 7 },
}

/** Every code a room may raise, with its kind and what it means; a code never changes its meaning. */
export type ErrorCatalogue = Readonly<Record<string, { readonly kind: ErrorKind; readonly meaning: string }>>

export interface Problem {
  /** What happened, for a person; never a secret. */
  readonly what: string
  /** What to do about it: a command where there is one. */
  readonly fix: string
  /** Where: `file:line:column`, a field, an entry number. */
  readonly where?: string
  readonly cause?: unknown
}

/** An error we foresaw: a stable code, what happened, where, and what to do. Subclass it once per room. */
export class KnownError<C extends ErrorCatalogue = ErrorCatalogue> extends Error {
  override readonly name: string = 'KnownError'
  readonly code: keyof C & string
  readonly kind: ErrorKind
  readonly fix: string
  readonly where: string | undefined

  constructor(catalogue: C, code: keyof C & string, problem: Problem) {
    super(problem.what, problem.cause === undefined ? undefined : { cause: problem.cause })
    this.code = code
    this.kind = catalogue[code]?.kind ?? 'unavailable'
    this.fix = problem.fix
    this.where = problem.where
  }
}

/** What any thrown value says, in one line, for the `what` of a wrapping error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The system error code (`ENOENT`, `EACCES`, …) of a thrown value, if it has one. */
export function systemCode(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' ? code : undefined
}
