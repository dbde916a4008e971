import { messageOf } from '../../core/error.ts'
import { lookInto } from './content.ts'
import type { Desk, OpenRequest } from './desk.ts'
import { isMembers, type Members, type ReadMessage } from './frame.ts'
import { readHello } from './hello.ts'
import { misfit } from './json-schema.ts'
import { filterNamed, filterTools } from './lists.ts'
import { readEmbedded } from './questions.ts'
import { errorMessage, REFUSAL_CODES, resultMessage, type Refusal } from './refusal.ts'
import { bindingOf } from './state-binding.ts'

type Result = Extract<ReadMessage, { kind: 'result' }>
type ErrorAnswer = Extract<ReadMessage, { kind: 'error' }>

/** Hands the answer to a request on, when what is in it may be. What need not be asked about goes on at once. */
export function takeResult(desk: Desk, open: OpenRequest, message: Result): void {
  const { result } = message
  if (result['resultType'] === 'input_required') {
    // a list or a handshake in that form would be looked into by nobody who knows what it is
    if (open.call === undefined) return desk.refuse(open, unreadable('it asks back where nothing was called'))
    return later(desk, open, readEmbedded(desk, result), (read) => finish(desk, open, message, read))
  }
  switch (open.treatment) {
    case 'list-tools':
      return later(desk, open, filterTools(desk, result, open.isFirstPage), (listed) =>
        pass(desk, open, message, listed),
      )
    case 'list-resources':
    case 'list-prompts':
      return later(desk, open, filterNamed(desk, open.method, result), (listed) =>
        pass(desk, open, message, listed),
      )
    case 'hello':
      return later(desk, open, readHello(desk, result), (read) =>
        'refusal' in read ? desk.refuse(open, read.refusal) : pass(desk, open, message, read.result),
      )
    default:
      return finish(desk, open, message, { result })
  }
}

function later<T>(desk: Desk, open: OpenRequest, work: Promise<T>, then: (value: T) => void): void {
  work
    .then((value) => {
      if (desk.isOpen(open)) then(value)
    })
    .catch((error: unknown) => desk.refuse(open, unreadable(messageOf(error))))
}

/** Definitions were looked into one by one; nothing of them is masked or put into envelopes. */
function pass(desk: Desk, open: OpenRequest, message: Result, result: Members): void {
  desk.answer(open, result === message.result ? message.text : resultMessage(open.id, result), 'success')
}

function finish(
  desk: Desk,
  open: OpenRequest,
  message: Result,
  read: { readonly result: Members } | { readonly refusal: Refusal },
): void {
  if ('refusal' in read) return desk.refuse(open, read.refusal)
  const { ports, policy } = desk
  const unfit = misfitOf(open, read.result)
  if (unfit !== undefined) return desk.refuse(open, unfit)
  const labels = open.call?.labels ?? []
  const source = open.name === '' ? policy.name : `${policy.name}/${open.name}`
  const looked = lookInto(read.result, { secrets: policy.secrets, inspect: ports.inspect, source, labels })
  if (looked.found !== undefined) {
    const verdict = 'refusal' in looked ? 'blocked' : 'marked'
    ports.record({ kind: 'found', method: open.method, name: open.name, ...looked.found, verdict })
  }
  if ('refusal' in looked) return desk.refuse(open, looked.refusal)
  const sealed = withSealedState(desk, open, looked.value)
  if ('refusal' in sealed) return desk.refuse(open, sealed.refusal)
  // before it is handed on: whoever reads it is tainted from then on
  const tainting = looked.isMarked ? [...labels, 'suspicious'] : labels
  if (tainting.length > 0) ports.taint.add(tainting, { server: policy.name, name: open.name })
  if (open.call !== undefined) open.call = { ...open.call, redacted: open.call.redacted + looked.redacted }
  const isSame = sealed.result === message.result
  const outcome = message.result['isError'] === true ? 'tool-error' : 'success'
  desk.answer(open, isSame ? message.text : resultMessage(open.id, sealed.result), outcome)
}

/** A tool that advertises what it gives is held to it; errors of the tool are as they are. */
function misfitOf({ call }: OpenRequest, result: Members): Refusal | undefined {
  if (call?.tool === undefined) return undefined
  if (!Array.isArray(result['content']) && result['resultType'] !== 'input_required') {
    if (result['structuredContent'] === undefined) return unreadable('the result of a tool holds no content')
  }
  const schema = call.tool.definition['outputSchema']
  const structured = result['structuredContent']
  if (schema === undefined || result['isError'] === true || structured === undefined) return undefined
  const wrong = misfit(schema, structured)
  if (wrong === undefined) return undefined
  const at = wrong.at === '' ? 'its structured content' : wrong.at
  return { ...unreadable(`${at}: ${wrong.what}`), kind: 'content', rule: 'schema.output' }
}

/** Request state is the server's, but who holds it is the client: it comes back only from there, once, and as it was. */
function withSealedState(
  desk: Desk,
  open: OpenRequest,
  result: Members,
): { readonly result: Members } | { readonly refusal: Refusal } {
  const { requestState } = result
  const { state } = desk.ports
  if (requestState === undefined || state === undefined) return { result }
  if (typeof requestState !== 'string' || open.call === undefined) {
    return { refusal: unreadable('its request state is no text, or belongs to no call') }
  }
  try {
    const sealed = state.seal(requestState, bindingOf(desk, open.call.requestDigest()))
    return { result: { ...result, requestState: sealed } }
  } catch (error) {
    return { refusal: unreadable(messageOf(error)) }
  }
}

function unreadable(reason: string): Refusal {
  return {
    ...{ kind: 'server', layer: 'inspection', rule: 'server.answer', reason },
    fix: 'the server answers something else than it should; look at the server itself',
  }
}

const { method: _general, ...OWN } = REFUSAL_CODES
const OURS: ReadonlySet<number> = new Set(Object.values(OWN))
/** What a server says that has no code of its own (JSON-RPC 2.0, section 5.1). */
const OTHER = -32_000

/** An error of the server's is handed on with its own code, when what it says may be. */
export function takeError(desk: Desk, open: OpenRequest, { error }: ErrorAnswer): void {
  const { inspect } = desk.ports
  const source = `${desk.policy.name}/${open.name}`
  const value: Members = { message: error.message, ...(error.data === undefined ? {} : { data: error.data }) }
  const looked = lookInto(value, { secrets: desk.policy.secrets, inspect, source, labels: [] })
  if ('refusal' in looked) {
    desk.ports.record({
      kind: 'found',
      method: open.method,
      name: open.name,
      ...looked.found,
      verdict: 'blocked',
    })
    return desk.refuse(open, looked.refusal)
  }
  if (looked.isMarked) {
    const { rule, reason } = looked.found ?? { rule: 'content', reason: 'it may be an attack' }
    desk.ports.record({
      kind: 'found',
      method: open.method,
      name: open.name,
      rule,
      reason,
      verdict: 'marked',
    })
    desk.ports.taint.add(['suspicious'], { server: desk.policy.name, name: open.name })
  }
  const { message, data } = looked.value
  const told = looked.isMarked ? inspect.wrap(String(message), { source, labels: [] }) : String(message)
  const shown = isMembers(data) ? data : data === undefined ? undefined : { data }
  // so that no server speaks in Warder's name, fix and all
  const isOurs = OURS.has(error.code)
  desk.answer(
    open,
    errorMessage(open.id, isOurs ? OTHER : error.code, told, isOurs ? undefined : shown),
    'failed',
  )
}
