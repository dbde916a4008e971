import { z } from 'zod'
import type { ProblemAnswer, VerdictAnswer } from '../../api/words.ts'
import { actionName } from '../../core/action.ts'
import { KINDS, KnownError, type ErrorCatalogue } from '../../core/error.ts'
import { DeniedError, type Verdict } from '../../gate/index.ts'

export const HTTP_ERRORS = {
  BODY_INVALID: { kind: 'invalid', meaning: 'a request body is not a JSON object' },
  BODY_TOO_LARGE: { kind: 'invalid', meaning: 'a request body is larger than the daemon reads' },
  INPUT_INVALID: { kind: 'invalid', meaning: 'a field of a request is unknown, missing or not of its shape' },
  ROUTE_UNKNOWN: { kind: 'missing', meaning: 'the daemon has no such call' },
  NOT_FOR_AGENTS: { kind: 'forbidden', meaning: 'an agent called what only the owner may call' },
  SHUTTING_DOWN: { kind: 'unavailable', meaning: 'the daemon is stopping and takes no new work' },
} as const satisfies ErrorCatalogue

export class HttpError extends KnownError<typeof HTTP_ERRORS> {
  override readonly name = 'HttpError'
}

/** Any thrown value as RFC 9457 problem details. A bug says nothing of its inside. */
export function problemOf(error: unknown): ProblemAnswer {
  if (error instanceof z.ZodError) return problemOf(invalidInput(error))
  if (!(error instanceof KnownError)) {
    return {
      type: 'about:blank',
      title: 'a bug in Warder',
      status: 500,
      code: 'BUG',
      kind: 'bug',
      detail: 'something Warder did not foresee; nothing was opened',
      fix: 'the daemon log has the details: please report them',
    }
  }
  return {
    type: `urn:warder:error:${error.code}`,
    title: error.code.toLowerCase().replaceAll('_', ' '),
    status: KINDS[error.kind].http,
    code: error.code,
    kind: error.kind,
    detail: error.message,
    fix: error.fix,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...('problems' in error && Array.isArray(error.problems) ? { problems: error.problems } : {}),
    ...(error instanceof DeniedError ? { verdict: verdictAnswer(error.verdict) } : {}),
  }
}

export function verdictAnswer({ id, request, who, action, decision, entry }: Verdict): VerdictAnswer {
  return {
    id,
    request,
    principal: who.id,
    action: actionName(action),
    risk: action.risk,
    decision: { ...decision, capabilities: [...decision.capabilities], evidence: { ...decision.evidence } },
    ...(entry === undefined ? {} : { entry }),
  }
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
