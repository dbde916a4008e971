import { z } from 'zod'
import { problemOf as plainProblem, type Problem } from '../../api/problem.ts'
import type { VerdictAnswer } from '../../api/words.ts'
import { actionName } from '../../core/action.ts'
import { KnownError, type ErrorCatalogue } from '../../core/error.ts'
import { DeniedError, type Verdict } from '../../gate/index.ts'

export const HTTP_ERRORS = {
  BODY_INVALID: { kind: 'invalid', meaning: 'a request body is not a JSON object' },
  BODY_TOO_LARGE: { kind: 'invalid', meaning: 'a request body is larger than the daemon reads' },
  INPUT_INVALID: { kind: 'invalid', meaning: 'a field of a request is unknown, missing or not of its shape' },
  ROUTE_UNKNOWN: { kind: 'missing', meaning: 'the daemon has no such call' },
  NOT_FOR_AGENTS: { kind: 'forbidden', meaning: 'an agent called what only the owner may call' },
  CALLER_UNKNOWN: { kind: 'forbidden', meaning: 'a request came over a connection nobody vouched for' },
  RATE_LIMITED: { kind: 'unavailable', meaning: 'an agent asked more often than it may (HTTP status 429)' },
  SHUTTING_DOWN: { kind: 'unavailable', meaning: 'the daemon is stopping and takes no new work' },
} as const satisfies ErrorCatalogue

export class HttpError extends KnownError<typeof HTTP_ERRORS> {
  override readonly name = 'HttpError'
}

/** What a refusal adds to the problem details every error has. */
export interface FullProblem extends Problem {
  readonly verdict?: VerdictAnswer
  /** All problems of a refused file, not only the first. */
  readonly problems?: readonly unknown[]
}

export function problemOf(error: unknown): FullProblem {
  if (error instanceof z.ZodError) return plainProblem(invalidInput(error))
  const problem = { ...plainProblem(error), ...statusOf(error) }
  if (error instanceof DeniedError) return { ...problem, verdict: verdictAnswer(error.verdict) }
  if (error instanceof KnownError && 'problems' in error && Array.isArray(error.problems)) {
    return { ...problem, problems: error.problems }
  }
  return problem
}

/** The one status that comes from no kind: 429 (RFC 6585, section 4) tells a client to wait, not that Warder is down. */
function statusOf(error: unknown): { readonly status?: number } {
  return error instanceof HttpError && error.code === 'RATE_LIMITED' ? { status: 429 } : {}
}

export function verdictAnswer({ id, request, who, action, decision, entry }: Verdict): VerdictAnswer {
  return {
    id,
    request,
    principal: who.id,
    action: actionName(action),
    risk: action.risk,
    decision: { ...decision, capabilities: [...decision.capabilities], evidence: plain(decision.evidence) },
    ...(entry === undefined ? {} : { entry }),
  }
}

/** Evidence as data: a member that is computed when asked for is asked for now. */
export function plain<E extends object>(evidence: E): E {
  return JSON.parse(JSON.stringify(evidence)) as E
}

function invalidInput(error: z.ZodError): HttpError {
  const [issue] = error.issues
  const where = issue === undefined || issue.path.length === 0 ? 'the request' : issue.path.join('.')
  return new HttpError(HTTP_ERRORS, 'INPUT_INVALID', {
    what: issue?.message ?? 'the request is not of its shape',
    where,
    fix: `correct ${where}; the shapes are in GET /v1/openapi.json`,
  })
}
