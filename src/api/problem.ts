import { KINDS, KnownError, type ErrorKind } from '../core/error.ts'

/** An error on the wire: problem details (RFC 9457) with Warder's code, kind and fix as extension members. */
export interface Problem {
  /** `urn:warder:error:CODE`, a name rather than an address (RFC 9457, section 3.1.1). */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  /** Absent for a bug, which no kind foresaw. */
  readonly kind?: ErrorKind
  readonly fix?: string
  readonly where?: string
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** The code of an error nobody foresaw. */
export const BUG_CODE = 'BUG'

const TITLES: Readonly<Record<ErrorKind, string>> = {
  invalid: 'The request is not valid',
  forbidden: 'The request is forbidden',
  missing: 'There is no such thing',
  conflict: 'The request conflicts with the present state',
  stopped: 'Warder is stopped',
  unavailable: 'Warder cannot do this now',
}

/** What a thrown value says to the other end. A bug says only that it is one: its message may hold anything. */
export function problemOf(thrown: unknown): Problem {
  if (!(thrown instanceof KnownError)) {
    const detail = 'Warder met an error it did not foresee; its log has the details'
    return {
      type: `urn:warder:error:${BUG_CODE}`,
      title: 'A bug in Warder',
      status: 500,
      detail,
      code: BUG_CODE,
    }
  }
  const { code, kind, message, fix, where } = thrown
  return {
    type: `urn:warder:error:${code}`,
    title: TITLES[kind],
    status: KINDS[kind].http,
    detail: message,
    code,
    kind,
    fix,
    ...(where !== undefined && { where }),
  }
}

/** Reads a problem back; undefined when the value is none. */
export function readProblem(value: unknown): Problem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { type, title, status, detail, code, kind, fix, where } = value as Readonly<Record<string, unknown>>
  if (typeof code !== 'string' || typeof detail !== 'string' || typeof status !== 'number') return undefined
  return {
    type: typeof type === 'string' ? type : 'about:blank',
    title: typeof title === 'string' ? title : '',
    status,
    detail,
    code,
    ...(isKind(kind) && { kind }),
    ...(typeof fix === 'string' && { fix }),
    ...(typeof where === 'string' && { where }),
  }
}

function isKind(value: unknown): value is ErrorKind {
  return typeof value === 'string' && Object.hasOwn(KINDS, value)
}
