import { hasHalfCharacter, plainOf, readJsonText, JsonTextError } from '../../core/json-text.ts'
import { EVENTS, type Harness, type HookCall } from './call.ts'
import { badPayload } from './errors.ts'

/** The largest payload that is read; a larger one is refused. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads what a harness wrote to its hook, and tells by its shape which harness it was. Strict: a text two readers
 * could understand differently (a key twice, bytes that are no text) is no payload.
 *
 * @throws HookError `HOOK_PAYLOAD`
 */
export function readPayload(bytes: Uint8Array): HookCall {
  if (bytes.length > MAX_PAYLOAD_BYTES) throw badPayload(`it is larger than ${MAX_PAYLOAD_BYTES} bytes`)
  const fields = fieldsOf(bytes)
  const harness = harnessOf(fields)
  const event = text(fields, 'hook_event_name', 'hookEventName')
  const moment = Object.hasOwn(EVENTS[harness], event) ? EVENTS[harness][event] : undefined
  if (moment === undefined) throw badPayload(`${harness} has no event ${quoted(event)} that Warder answers`)
  const call = {
    harness,
    event,
    moment,
    session: sessionOf(fields),
    cwd: cwdOf(fields),
    mode: text(fields, 'permission_mode'),
    toolUse: text(fields, 'tool_use_id', 'toolUseId'),
  }
  return moment === 'start' || moment === 'end'
    ? { ...call, tool: '', input: {} }
    : { ...call, ...toolOf(event, fields) }
}

function fieldsOf(bytes: Uint8Array): Fields {
  let value: unknown
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = plainOf(readJsonText(decoded))
  } catch (cause) {
    throw badPayload(cause instanceof JsonTextError ? cause.message : 'it is not UTF-8', cause)
  }
  if (!isFields(value)) throw badPayload('it is not an object')
  if (hasHalfCharacter(value, new TextDecoder().decode(bytes)))
    throw badPayload('it holds half a character (a lone surrogate)')
  return value
}

function harnessOf(fields: Fields): Harness {
  if (Object.hasOwn(fields, 'conversation_id') && Object.hasOwn(fields, 'hook_event_name')) return 'cursor'
  const isNamed = Object.hasOwn(fields, 'hook_event_name') || Object.hasOwn(fields, 'hookEventName')
  if (isNamed && Object.hasOwn(fields, 'timestamp')) return 'vscode'
  const isGrouped = Object.hasOwn(fields, 'hook_event_name') && Object.hasOwn(fields, 'session_id')
  // both write the same shape; only Codex names the turn, and the model together with the mode
  if (isGrouped && (Object.hasOwn(fields, 'turn_id') || has(fields, 'model', 'permission_mode')))
    return 'codex'
  if (isGrouped) return 'claude-code'
  throw badPayload('no harness Warder knows writes it in this shape')
}

/** Letters that are safe in a record and in a message, whatever a harness may think of. */
const SESSION = /^[\w.:-]{1,128}$/

function sessionOf(fields: Fields): string {
  const session = text(fields, 'session_id', 'conversation_id', 'sessionId')
  if (!SESSION.test(session)) throw badPayload(`its session id ${quoted(session)} is missing or is none`)
  return session
}

function cwdOf(fields: Fields): string {
  const [root] = Array.isArray(fields['workspace_roots']) ? (fields['workspace_roots'] as unknown[]) : []
  const cwd = text(fields, 'cwd') || (typeof root === 'string' ? root : '')
  if (cwd !== '' && (!cwd.startsWith('/') || hasControl(cwd)))
    throw badPayload(`its directory ${quoted(cwd)} is no absolute path`)
  return cwd
}

/** Cursor's older events say what they are about by their name, and carry no tool. */
const TOOL_OF_EVENT: Readonly<Record<string, string>> = {
  beforeShellExecution: 'Shell',
  afterShellExecution: 'Shell',
  beforeReadFile: 'Read',
}

function toolOf(event: string, fields: Fields): Pick<HookCall, 'tool' | 'input'> {
  const implied = TOOL_OF_EVENT[event]
  if (implied !== undefined) return { tool: implied, input: fields }
  const tool = text(fields, 'tool_name', 'toolName')
  if (!/^[\w.:/@ -]{1,200}$/.test(tool)) throw badPayload(`its tool ${quoted(tool)} is missing or is no name`)
  const isMcp = event.endsWith('MCPExecution') && !/^MCP:/i.test(tool)
  return { tool: isMcp ? `MCP:${tool}` : tool, input: inputOf(fields) }
}

/** An object, or its JSON as Cursor sends it. */
function inputOf(fields: Fields): Fields {
  const input = fields['tool_input'] ?? fields['toolInput'] ?? {}
  if (isFields(input)) return input
  if (typeof input === 'string') return fieldsOf(Buffer.from(input))
  throw badPayload('its tool input is not an object')
}

/** The first of these members that is there; '' when none is. */
function text(fields: Fields, ...keys: readonly string[]): string {
  for (const key of keys) {
    const value = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (typeof value === 'string') return value
    if (value !== undefined && value !== null) throw badPayload(`its ${key} is not a text`)
  }
  return ''
}

function has(fields: Fields, ...keys: readonly string[]): boolean {
  return keys.every((key) => Object.hasOwn(fields, key))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function hasControl(value: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(value)
}

function quoted(value: string): string {
  return JSON.stringify(value.slice(0, 80))
}
