import { callTool } from './calls.ts'
import { maskedParams } from './content.ts'
import type { Desk, OpenRequest } from './desk.ts'
import { isMembers, requestText, type Members, type MessageId, type ReadMessage } from './frame.ts'
import { CLIENT_REQUESTS } from './methods.ts'
import { misspelled, spellingsOf, twice } from './names.ts'
import { OwnRequests } from './own-requests.ts'
import type { ServerPolicy } from './policy.ts'
import type { Route } from './ports.ts'
import { readNamed } from './reads.ts'
import { badRequest, noMethod } from './reasons.ts'
import type { Refusal } from './refusal.ts'

type Request = Extract<ReadMessage, { kind: 'request' }>

/** How long a plain request may take; a call takes as long as its tier says. */
const PLAIN_MS = 60_000

/** Why a request is not even looked into: its id, its method, or too many before it. */
export function refusedEarly(
  { id, method, params }: Request,
  open: ReadonlyMap<MessageId, OpenRequest>,
  policy: ServerPolicy,
): Refusal | undefined {
  if (open.has(id)) return badRequest('frame.id-reuse', 'a request with this id still waits for its answer')
  if (OwnRequests.isOwn(id)) return badRequest('frame.id-ours', 'ids that begin like this are Warder’s own')
  const most = policy.limits.openRequests
  if (open.size >= most) {
    return { ...badRequest('limit.open', `more than ${most} requests wait for an answer`), kind: 'limit' }
  }
  const treatment = Object.hasOwn(CLIENT_REQUESTS, method) ? CLIENT_REQUESTS[method] : undefined
  if (treatment === undefined || treatment === 'task') return noMethod(method, policy.name, false)
  const isClosed = treatment === 'named' && !policy.methods.includes(method)
  if (isClosed) return noMethod(method, policy.name, true)
  const name = twice(params) ?? misspelled(params, PARAMS)
  if (name === undefined) return undefined
  return badRequest(
    'frame.name',
    `${JSON.stringify(name.slice(0, 80))} differs from another name in capitals alone`,
  )
}

/** What requests say of themselves, in every revision. */
const PARAMS = spellingsOf([
  ...[
    'name',
    'arguments',
    'uri',
    'cursor',
    '_meta',
    'inputResponses',
    'requestState',
    'level',
    'ref',
    'argument',
  ],
  ...['context', 'protocolVersion', 'capabilities', 'clientInfo', 'notifications'],
])

/** What becomes of a request that was let in. */
export function treat(desk: Desk, request: OpenRequest, asked: Request, params: Members): void {
  const isSame = params === asked.params
  const message = isSame ? asked : { ...asked, params, text: requestText(asked, params) }
  const { treatment } = request
  if (treatment === 'tool') return callTool(desk, request, message)
  if (treatment === 'resource' || treatment === 'prompt') return readNamed(desk, request, message, treatment)
  if (treatment !== 'named') return desk.forward(request, message.text)
  const masked = maskedParams(desk, message.params, Object.keys(message.params))
  if ('refusal' in masked) return desk.refuse(request, masked.refusal)
  const isPlain = masked.params === message.params
  desk.forward(request, isPlain ? message.text : requestText(message, masked.params))
}

/** A request that {@link refusedEarly} let in. */
export function openedBy(
  { id, method, params }: Request,
  route: Route | undefined,
  nowMs: number,
): OpenRequest {
  const meta = params['_meta']
  const token = isMembers(meta) ? meta['progressToken'] : undefined
  return {
    ...{ id, route, method, treatment: CLIENT_REQUESTS[method]!, name: nameOf(params), sinceMs: nowMs },
    untilMs: nowMs + PLAIN_MS,
    isSent: false,
    isFirstPage: params['cursor'] === undefined,
    progressToken: typeof token === 'string' || typeof token === 'number' ? token : undefined,
  }
}

function nameOf({ name, uri }: Members): string {
  const named = typeof name === 'string' ? name : uri
  return typeof named === 'string' ? named.slice(0, 200) : ''
}

/** What requests of the 2026 revision carry each, without what belongs to one of them. */
export function ownMetaOf(meta: unknown): Members | undefined {
  if (!isMembers(meta)) return undefined
  const kept = Object.entries(meta).filter(([name]) => name.startsWith('io.modelcontextprotocol/'))
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}
