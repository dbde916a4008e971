import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { PEOPLE_CALLS, PROOF_HEADERS, type PeopleCall, type PeopleCallName } from '../../api/people-calls.ts'
import { BUG_CODE, PROBLEM_MEDIA_TYPE } from '../../api/problem.ts'
import { identityError, type Member, type SignedRequest } from '../../decide/identity/index.ts'
import type { Credential } from '../../gate/index.ts'
import { whileCallerWaits } from '../caller.ts'
import { RateLimit } from '../rate.ts'
import type { People } from '../people.ts'
import type { UidOf } from '../people-socket.ts'
import { HTTP_ERRORS, HttpError, problemOf } from './problem.ts'

/** Who sent a request on the socket for guests and devices. */
export interface PeopleCaller {
  readonly uid: number | undefined
  /** Only for a signed call that was proven. */
  readonly member?: Member
  readonly credential?: Credential
  /** Ends when the caller goes away. */
  readonly signal: AbortSignal
}

export type PeopleHandlers = {
  readonly [N in PeopleCallName]: (input: never, caller: PeopleCaller, signed: SignedRequest) => unknown
}

export interface PeopleAppOptions {
  readonly people: People
  readonly handlers: PeopleHandlers
  readonly uidOf: UidOf
  readonly monotonicMs: () => number
  readonly bug: (error: unknown) => void
}

const MAX_BODY_BYTES = 512 * 1024
/** Of one user of the machine, proven or not. */
const RATE = { perSecond: 10, atOnce: 40 } as const

const CALLS = new Map<string, readonly [PeopleCallName, PeopleCall]>(
  (Object.entries(PEOPLE_CALLS) as [PeopleCallName, PeopleCall][]).map((entry) => [entry[1].path, entry]),
)

/**
 * The face for guests and devices: its own small table of calls and nothing else. A signed call is proven over its very
 * bytes before they are parsed.
 */
export function createPeopleApp(options: PeopleAppOptions): RequestListener {
  const { uidOf, monotonicMs, bug } = options
  const limit = new RateLimit({ ...RATE, monotonicMs })
  return (request, response) => {
    const uid = uidOf(request.socket)
    answer(options, request, response, uid, limit).catch((error: unknown) => {
      const problem = problemOf(error)
      if (problem.code === BUG_CODE) bug(error)
      if (!response.headersSent) response.writeHead(problem.status, { 'content-type': PROBLEM_MEDIA_TYPE })
      response.end(JSON.stringify(problem))
    })
  }
}

async function answer(
  { people, handlers }: PeopleAppOptions,
  request: IncomingMessage,
  response: ServerResponse,
  uid: number | undefined,
  limit: RateLimit,
): Promise<void> {
  if (limit.take(`uid ${uid ?? 'unknown'}`) !== 'admitted') {
    throw new HttpError(HTTP_ERRORS, 'RATE_LIMITED', { what: 'too many requests', fix: 'ask less often' })
  }
  const found = request.method === 'POST' ? CALLS.get(request.url ?? '') : undefined
  if (found === undefined) {
    throw new HttpError(HTTP_ERRORS, 'ROUTE_UNKNOWN', {
      what: 'there is no such call on the socket for guests and devices',
      fix: 'the owner uses another socket: warder status',
    })
  }
  const [name, shape] = found
  const body = await bytesOf(request)
  const signed = signedOf(request, shape.path, body)
  people.onToken(signed.token, uid)
  const from = uid === undefined ? {} : { uid }
  const caller =
    shape.signed === false
      ? { uid, signal: goneSignal(response) }
      : await people.onRecord({ who: 'unknown', action: `people:${name}`, ...from }, 'refusals', () =>
          shape.signed === 'bridge'
            ? bridgeCaller(people, signed, uid, response)
            : provenCaller(people, signed, uid, response),
        )
  const input = shape.input.parse(jsonOf(body))
  const handle = handlers[name] as (input: unknown, caller: PeopleCaller, signed: SignedRequest) => unknown
  await whileCallerWaits(caller.signal, async () => {
    if (shape.stream === true) {
      return await sendLines(response, shape, handle(input, caller, signed) as AsyncIterable<unknown>)
    }
    const value = shape.output.parse(await handle(input, caller, signed))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  })
}

/** Line by line; what goes wrong before the first line is an answer like any other. */
async function sendLines(
  response: ServerResponse,
  { output }: PeopleCall,
  values: AsyncIterable<unknown>,
): Promise<void> {
  try {
    for await (const value of values) {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      const hasRoom = response.write(`${JSON.stringify(output.parse(value))}\n`)
      if (!hasRoom && !response.destroyed)
        await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    response.end()
  } catch (error) {
    if (!response.headersSent) throw error
    response.end(`${JSON.stringify({ problem: problemOf(error) })}\n`)
  }
}

function provenCaller(
  people: People,
  signed: SignedRequest,
  uid: number | undefined,
  response: ServerResponse,
): PeopleCaller {
  const signal = goneSignal(response)
  const member = people.rooms().members.authenticate(signed)
  return { uid, member, credential: people.authenticator.proven(member), signal }
}

function bridgeCaller(
  people: People,
  signed: SignedRequest,
  uid: number | undefined,
  response: ServerResponse,
): PeopleCaller {
  people.bridge().prove(signed)
  return { uid, signal: goneSignal(response) }
}

function signedOf({ headers, method = '' }: IncomingMessage, path: string, body: Buffer): SignedRequest {
  const said = (name: string): string => {
    const value = headers[name]
    return typeof value === 'string' ? value : ''
  }
  return {
    ...{ method, path, body, token: said(PROOF_HEADERS.token), nonce: said(PROOF_HEADERS.nonce) },
    ...{ time: Number(said(PROOF_HEADERS.time) || Number.NaN), signature: said(PROOF_HEADERS.signature) },
  }
}

function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return gone.signal
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BODY_BYTES) {
      throw new HttpError(HTTP_ERRORS, 'BODY_TOO_LARGE', {
        what: `the body is larger than ${MAX_BODY_BYTES} bytes`,
        fix: 'send less',
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new HttpError(HTTP_ERRORS, 'BODY_INVALID', {
      what: 'the body is not JSON',
      fix: 'send one object',
      cause,
    })
  }
}

/** The member a proven call comes from. */
export function memberOf({ member, credential }: PeopleCaller): { member: Member; credential: Credential } {
  if (member !== undefined && credential !== undefined) return { member, credential }
  throw identityError('PROOF_INVALID', 'the call was not proven', 'sign it with the paired key')
}
