import { KnownError, type ErrorCatalogue, type ErrorKind, KINDS } from '../core/error.ts'
import type { Problem } from '../api/problem.ts'

export const CLIENT_ERRORS = {
  DAEMON_UNREACHABLE: { kind: 'unavailable', meaning: 'no daemon answers on the socket' },
  DAEMON_UNPROVED: {
    kind: 'forbidden',
    meaning: 'what answers on the socket did not prove that it is our daemon',
  },
  CLIENT_REFUSED: { kind: 'forbidden', meaning: 'the daemon did not accept the secret, or the user' },
  DAEMON_BUSY: { kind: 'unavailable', meaning: 'the daemon takes no further connection now' },
  FORWARD_PLACE_TAKEN: {
    kind: 'conflict',
    meaning: 'the port or socket a forward shall listen on out here cannot be had',
  },
  MEMBERSHIP_MISSING: {
    kind: 'missing',
    meaning: 'this user is no guest or device of that name, or several and none was named',
  },
  REPLY_INVALID: {
    kind: 'unavailable',
    meaning: "the daemon's reply was empty, cut, or not of the expected shape",
  },
} as const satisfies ErrorCatalogue

/** An error of the client, or of the daemon as it came over the wire, with the daemon's own code, kind and fix. */
export class ClientError extends KnownError {
  override readonly name = 'ClientError'
  /** The whole problem as the daemon sent it, with members beyond the usual ones; nothing in it was checked. */
  problem: Readonly<Record<string, unknown>> | undefined
}

/** A bug in the daemon, told apart from what was foreseen: shown as a bug. */
export class DaemonBug extends Error {
  override readonly name = 'DaemonBug'
}

export function clientError(
  code: keyof typeof CLIENT_ERRORS,
  problem: { what: string; fix: string; where?: string; cause?: unknown },
): ClientError {
  return new ClientError(CLIENT_ERRORS, code, problem)
}

/** The error a problem stands for, to be thrown at the caller as if it had happened here. */
export function errorOf(problem: Problem, whole?: object): ClientError | DaemonBug {
  const kind = problem.kind ?? kindOf(problem.status)
  if (kind === undefined) return new DaemonBug(problem.detail)
  const error = new ClientError({ [problem.code]: { kind, meaning: problem.title } }, problem.code, {
    what: problem.detail,
    fix: problem.fix ?? 'see warder help',
    ...(problem.where !== undefined && { where: problem.where }),
  })
  error.problem = Object.freeze({ ...whole })
  return error
}

function kindOf(status: number): ErrorKind | undefined {
  const kinds = Object.entries(KINDS) as [ErrorKind, { http: number }][]
  return status === 503 ? 'unavailable' : kinds.find(([, { http }]) => http === status)?.[0]
}
