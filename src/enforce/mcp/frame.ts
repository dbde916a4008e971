/** One JSON-RPC 2.0 message, read so strictly that no second reader can understand it in another way. */

export type MessageId = string | number
export type Members = Readonly<Record<string, unknown>>

export type Message =
  | { readonly kind: 'request'; readonly id: MessageId; readonly method: string; readonly params: Members }
  | { readonly kind: 'notification'; readonly method: string; readonly params: Members }
  | { readonly kind: 'result'; readonly id: MessageId; readonly result: Members }
  | {
      readonly kind: 'error'
      /** Absent: the other end could not read what it was sent. */
      readonly id?: MessageId
      readonly error: { readonly code: number; readonly message: string; readonly data?: unknown }
    }

export interface Unreadable {
  readonly kind: 'unreadable'
  /** -32700: no JSON; -32600: JSON, but no message. */
  readonly code: -32_700 | -32_600
  readonly rule: string
  readonly reason: string
  /** Where it could be told whose answer it would have been. */
  readonly id?: MessageId
}

/** A message with the very text it was read from, on one line: what need not be changed is handed on as it came. */
export type ReadMessage = Message & { readonly text: string }

export interface FrameLimits {
  readonly messageBytes: number
  readonly depth?: number
  /** Members and items in all. */
  readonly values?: number
}

const DEPTH = 64
const VALUES = 200_000
const LONGEST_ID = 256
const LONGEST_METHOD = 128

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Never throws. */
export function readMessage(input: Uint8Array | string, limits: FrameLimits): ReadMessage | Unreadable {
  const size = typeof input === 'string' ? input.length : input.byteLength
  if (size > limits.messageBytes) {
    return noJson('frame.size', `the message is larger than ${limits.messageBytes} bytes`)
  }
  let text: string
  try {
    text = typeof input === 'string' ? input : UTF8.decode(input)
  } catch {
    return noJson('frame.utf8', 'the message is not UTF-8')
  }
  const value = parseStrictly(text, limits)
  if (isUnreadable(value)) return value
  const message = messageIn(value.json)
  return message.kind === 'unreadable' ? message : { ...message, text: onOneLine(text) }
}

const BREAK = /[\r\n\u0085\u2028\u2029]/

/**
 * JSON that no reader of lines cuts in two: some end a line at a carriage return as well (Python, Java, C#), others at
 * U+2028, and what stands behind would be a message nobody has looked into. Its meaning stays the same.
 */
export function onOneLine(json: string): string {
  if (!BREAK.test(json)) return json
  // the first two stand between values only, the others only in strings
  return json
    .replaceAll(/[\r\n]/g, ' ')
    .replaceAll(/[\u0085\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function isUnreadable(value: Unreadable | { readonly json: unknown }): value is Unreadable {
  return 'kind' in value && value.kind === 'unreadable'
}

function parseStrictly(
  text: string,
  { depth = DEPTH, values = VALUES }: FrameLimits,
): { readonly json: unknown } | Unreadable {
  const shape = shapeOf(text)
  // before it is built: a deep or wide value costs memory only once it is
  if (shape.depth > depth) return noJson('frame.depth', `it is nested deeper than ${depth} levels`)
  if (shape.separators > values) return noJson('frame.values', `it has more than ${values} values`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return noJson('frame.json', 'the message is not JSON')
  }
  const built = count(json)
  if (built.keys !== shape.colons) {
    // one of two readers takes the first, the other the last: neither is handed to anybody
    return noJson('frame.duplicate-key', 'a key stands twice in one object')
  }
  if (built.isBroken) return noJson('frame.surrogate', 'a string holds half a character')
  return { json }
}

interface Shape {
  readonly depth: number
  readonly colons: number
  readonly separators: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN = 0x7b // { and, 0x20 below, [
const CLOSE = 0x7d // } and, 0x20 below, ]

/** Depth, and what separates values, outside of strings. Of text that is not JSON it says anything, for that is refused anyway. */
function shapeOf(text: string): Shape {
  let [depth, deepest, colons, commas] = [0, 0, 0, 0]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COLON) colons += 1
    else if (code === COMMA) commas += 1
    else if ((code | 0x20) === OPEN) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if ((code | 0x20) === CLOSE) depth -= 1
  }
  return { depth: deepest, colons, separators: colons + commas }
}

/** The place of the quote that ends the string which begins at `start`; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = text.indexOf('"', at)
    if (at === -1) return text.length
    let before = at - 1
    while (text.charCodeAt(before) === BACKSLASH) before -= 1
    if ((at - before) % 2 === 1) return at // an even number of backslashes: the quote is not escaped
  }
}

/** How many keys a value really has, and whether each string in it is whole. Deep values were refused before. */
function count(value: unknown): { readonly keys: number; readonly isBroken: boolean } {
  if (typeof value === 'string') return { keys: 0, isBroken: !value.isWellFormed() }
  if (typeof value !== 'object' || value === null) return { keys: 0, isBroken: false }
  let keys = 0
  let isBroken = false
  if (!Array.isArray(value)) {
    const names = Object.keys(value)
    keys = names.length
    isBroken = names.some((name) => !name.isWellFormed())
  }
  for (const each of Object.values(value)) {
    const inner = count(each)
    keys += inner.keys
    isBroken ||= inner.isBroken
  }
  return { keys, isBroken }
}

const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])

/** JSON-RPC 2.0, sections 4 and 5, as MCP narrows them: an id is never null, params are an object. */
function messageIn(json: unknown): Message | Unreadable {
  if (Array.isArray(json))
    return noMessage('frame.batch', 'batches are not taken: send one message at a time')
  if (!isMembers(json)) return noMessage('frame.shape', 'a message is an object')
  const id = isId(json['id']) ? json['id'] : undefined
  const bad = (reason: string): Unreadable => noMessage('frame.shape', reason, id)
  if (json['jsonrpc'] !== '2.0') return bad('jsonrpc is not "2.0"')
  const strange = Object.keys(json).find((name) => !MEMBERS.has(name))
  if (strange !== undefined) return bad(`a message has no member ${JSON.stringify(strange.slice(0, 80))}`)
  const hasId = Object.hasOwn(json, 'id')
  if (Object.hasOwn(json, 'method')) return askingIn(json, hasId, id, bad)
  return answerIn(json, hasId, id, bad)
}

function askingIn(
  json: Members,
  hasId: boolean,
  id: MessageId | undefined,
  bad: (reason: string) => Unreadable,
): Message | Unreadable {
  const { method, params = {} } = json
  if (typeof method !== 'string' || method === '' || method.length > LONGEST_METHOD)
    return bad('method is no name')
  if (!isMembers(params)) return bad('params is not an object')
  if (Object.hasOwn(json, 'result') || Object.hasOwn(json, 'error')) return bad('it asks and answers at once')
  if (!hasId) return { kind: 'notification', method, params }
  if (id === undefined) return bad(`an id is a whole number or a text of at most ${LONGEST_ID} characters`)
  return { kind: 'request', id, method, params }
}

function answerIn(
  json: Members,
  hasId: boolean,
  id: MessageId | undefined,
  bad: (reason: string) => Unreadable,
): Message | Unreadable {
  const { result, error } = json
  if (Object.hasOwn(json, 'params')) return bad('an answer has no params')
  if ((result === undefined) === (error === undefined)) return bad('it is neither a request nor one answer')
  if (result !== undefined) {
    if (id === undefined) return bad('an answer without the id of its request')
    return isMembers(result) ? { kind: 'result', id, result } : bad('a result is an object')
  }
  if (!isMembers(error) || !Number.isSafeInteger(error['code']) || typeof error['message'] !== 'string')
    return bad('an error has a code and a message')
  const { code, message, data } = error
  const told = { code: code as number, message, ...(data === undefined ? {} : { data }) }
  if (id !== undefined) return { kind: 'error', id, error: told }
  return !hasId || json['id'] === null ? { kind: 'error', error: told } : bad('the id of an error is no id')
}

function isId(value: unknown): value is MessageId {
  return typeof value === 'string' ? value.length <= LONGEST_ID : Number.isSafeInteger(value)
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function noJson(rule: string, reason: string): Unreadable {
  return { kind: 'unreadable', code: -32_700, rule, reason }
}

function noMessage(rule: string, reason: string, id?: MessageId): Unreadable {
  return { kind: 'unreadable', code: -32_600, rule, reason, ...(id === undefined ? {} : { id }) }
}

/** A request as text again, with other params. */
export function requestText(
  { id, method }: { readonly id: MessageId; readonly method: string },
  params: Members,
): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

/** Not everything on the stream of a careless server is meant for a client; what is none is passed over. */
export function looksLikeMessage(input: Uint8Array | string): boolean {
  const start =
    typeof input === 'string' ? input.slice(0, 64) : Buffer.from(input.subarray(0, 64)).toString('latin1')
  return /^\s*[[{]/.test(start)
}
