import { KnownError, type ErrorCatalogue } from '../../core/error.ts'
import { EGRESS_ERRORS, EgressError, type Answer } from '../../enforce/egress/index.ts'
import type { FromEgress, ToEgress } from './words.ts'

/** How the gate's answers cross to the egress process, and how its failures come back. */
export function answerWords(answer: Answer): Extract<ToEgress, { say: 'answer' }>['answer'] {
  if (answer.effect === 'deny') return answer
  const { shapes, ...rest } = answer
  if (shapes === undefined) return rest
  const list = (texts: readonly string[] | undefined) => (texts === undefined ? undefined : [...texts])
  return {
    ...rest,
    shapes: shapes.map(({ id, methods, paths, addresses, opaque }) => ({
      ...(id === undefined ? {} : { id }),
      ...(methods === undefined ? {} : { methods: list(methods) }),
      ...(paths === undefined ? {} : { paths: list(paths) }),
      ...(addresses === undefined ? {} : { addresses: list(addresses) }),
      ...(opaque === undefined ? {} : { opaque }),
    })),
  }
}

/** What failed over there, as the error it was. */
export function failure({ code, what, fix }: Extract<FromEgress, { say: 'failed' }>): Error {
  if (code === undefined) return new Error(what)
  if (isOurs(code)) return new EgressError(code, what, fix)
  const catalogue: ErrorCatalogue = { [code]: { kind: 'unavailable', meaning: what } }
  return new KnownError(catalogue, code, { what, fix })
}

function isOurs(code: string): code is keyof typeof EGRESS_ERRORS {
  return Object.hasOwn(EGRESS_ERRORS, code)
}

export function unavailable(why: string): EgressError {
  return new EgressError(
    'EGRESS_UNAVAILABLE',
    `nothing gets out: the egress process cannot be used (${why})`,
    'see the log of the daemon: warder doctor',
  )
}

export function confused(): EgressError {
  return unavailable('it answered something else than it was asked')
}
