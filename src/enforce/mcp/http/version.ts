import { isMembers, type Members, type Message } from '../frame.ts'
import { fieldOf, TWICE, type Fields } from './field.ts'
import { CODES, type Turned } from './refusal.ts'

/** Handshake and session, or every request for itself. */
export type Era = 'sessions' | 'stateless'

/** The revision from which every request stands for itself. */
export const STATELESS = '2026-07-28'

/** Revisions Warder speaks over HTTP. Those before have another transport, which is not served. */
export const VERSIONS = ['2025-03-26', '2025-06-18', '2025-11-25', STATELESS] as const

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities'
const VERSION_FIELD = 'mcp-protocol-version'

export interface Spoken {
  readonly era: Era
  /** As the request names it; absent: it names none, which means what its session agreed on. */
  readonly version: string | undefined
}

/**
 * Which revision a message is of. Its body tells, and the header field may only say the same: what is decided on, and what
 * another on the way decided on, must be one thing.
 *
 * @param supported what this server is known to speak among the stateless revisions
 */
export function spokenIn(
  message: Message,
  fields: Fields,
  supported: readonly string[] = [STATELESS],
): Spoken | Turned {
  const field = fieldOf(fields, VERSION_FIELD)
  if (field === TWICE) return mismatch('the header field mcp-protocol-version came twice')
  const meta = metaOf(message)
  const claimed = meta?.[VERSION_KEY]
  if (meta !== undefined && Object.hasOwn(meta, VERSION_KEY))
    return stateless(message, field, claimed, supported)
  if (field === undefined || !isStateless(field)) return withSession(message, field)
  // a notification has no envelope to tell it by, so there the header field does
  if (message.kind === 'notification') return { era: 'stateless', version: field }
  if (isAsking(message) && message.method === 'initialize')
    return mismatch(`a handshake cannot begin in ${field}, which has none`)
  const missing = meta === undefined ? ['_meta'] : [VERSION_KEY]
  return envelope(`the request is of ${field} and has not what it needs: ${missing.join(', ')}`, { missing })
}

function stateless(
  message: Message,
  field: string | undefined,
  claimed: unknown,
  supported: readonly string[],
): Spoken | Turned {
  if (typeof claimed !== 'string')
    return envelope(`${VERSION_KEY} must be a text`, { key: VERSION_KEY, problem: 'not a text' })
  if (message.kind === 'request') {
    if (field === undefined) return mismatch('the header field mcp-protocol-version is missing')
    if (!isMembers(metaOf(message)?.[CAPABILITIES_KEY]))
      return envelope(`${CAPABILITIES_KEY} must be an object`, {
        key: CAPABILITIES_KEY,
        problem: 'not an object',
      })
  }
  if (field !== undefined && field !== claimed)
    return mismatch(`the body names ${shown(claimed)}, the header field ${shown(field)}`)
  if (claimed === STATELESS) return { era: 'stateless', version: claimed }
  return unsupported(claimed, supported)
}

function withSession(message: Message, field: string | undefined): Spoken | Turned {
  if (message.kind === 'request' && message.method === 'initialize') {
    const asked = message.params['protocolVersion']
    if (typeof asked !== 'string') return invalid('params.protocolVersion must be a text')
    if (asked < VERSIONS[0]) return unsupported(asked, VERSIONS)
    return { era: 'sessions', version: asked }
  }
  const isKnown = field === undefined || VERSIONS.some((known) => known === field)
  return isKnown ? { era: 'sessions', version: field } : unsupported(field, VERSIONS)
}

export function isAsking(message: Message): message is Extract<Message, { method: string }> {
  return message.kind === 'request' || message.kind === 'notification'
}

/** What a message says beside what it is about. */
export function metaOf(message: Message): Members | undefined {
  const meta = isAsking(message) ? message.params['_meta'] : undefined
  return isMembers(meta) ? meta : undefined
}

/** Whether a server may agree on this: a version it makes up, or one before this transport, is a step back. */
export function isAgreeable(version: unknown): boolean {
  return VERSIONS.some((known) => known === version && known !== STATELESS)
}

export function isStateless(version: string): boolean {
  return version >= STATELESS
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}

export function mismatch(reason: string): Turned {
  return {
    ...{ status: 400, code: CODES.headers, rule: 'http-headers' },
    reason: `the header fields and the body disagree: ${reason}`,
    fix: 'send header fields that say what the body says',
  }
}

function unsupported(requested: string, supported: readonly string[]): Turned {
  return {
    ...{ status: 400, code: CODES.version, rule: 'http-version' },
    reason: `protocol version ${shown(requested)} is not served`,
    fix: `use one of ${supported.join(', ')}`,
    data: { supported, requested: requested.slice(0, 64) },
  }
}

function envelope(reason: string, data: Readonly<Record<string, unknown>>): Turned {
  return { ...invalid(reason), data: { envelope: data } }
}

function invalid(reason: string): Turned {
  return {
    status: 400,
    code: CODES.params,
    rule: 'http-envelope',
    reason,
    fix: `send it as ${STATELESS} asks for it`,
  }
}
