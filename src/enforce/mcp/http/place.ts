import { fieldOf, type Fields } from './field.ts'
import { CODES, type Turned } from './refusal.ts'

/** Where this server is, and who may speak to it from a page. */
export interface Place {
  /** What `Host` may say, with the port: `127.0.0.1:8723`. */
  readonly hosts: readonly string[]
  /** Origins of pages beside our own, such as `http://127.0.0.1:3000`. */
  readonly origins: readonly string[]
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

export function loopbackPlace(port: number, origins: readonly string[] = []): Place {
  return { hosts: LOOPBACK.map((host) => `${host}:${port}`), origins }
}

/**
 * Whether a request was meant for this server and not for one of whose name a page made this address (DNS rebinding): the
 * browser sends the name it believes to be speaking to, and the page it speaks for.
 */
export function checkPlace(fields: Fields, { hosts, origins }: Place): Turned | undefined {
  const host = fieldOf(fields, 'host')
  if (typeof host !== 'string' || !hosts.includes(host.toLowerCase()))
    return refused(
      'host',
      'the request names another host than this server',
      `ask for ${hosts[0] ?? 'the address it listens on'}`,
    )
  const origin = fieldOf(fields, 'origin')
  if (origin === undefined) return undefined
  const isOurs = typeof origin === 'string' && hosts.some((own) => origin.toLowerCase() === `http://${own}`)
  if (isOurs || (typeof origin === 'string' && origins.includes(origin))) return undefined
  return refused(
    'origin',
    'the request comes from a page that may not speak to this server',
    'use a client that is no web page',
  )
}

/** Only plain JSON is read, and what compressed bytes would grow to nobody can foresee. */
export function checkContent(fields: Fields): Turned | undefined {
  const type = fieldOf(fields, 'content-type')
  const [essence = '', ...parameters] = typeof type === 'string' ? type.toLowerCase().split(';') : []
  const isJson =
    essence.trim() === 'application/json' &&
    parameters.every((each) => /^\s*charset="?utf-8"?\s*$/.test(each))
  if (!isJson)
    return refused(
      'content-type',
      'the body is not marked as JSON',
      'send content-type: application/json',
      415,
    )
  const encoding = fieldOf(fields, 'content-encoding')
  if (encoding === undefined || encoding === 'identity') return undefined
  return refused('content-encoding', 'the body is compressed', 'send it as it is', 415)
}

export interface Accepted {
  readonly json: boolean
  readonly stream: boolean
}

/** What the client can read; without a word about it, both. */
export function acceptedBy(fields: Fields): Accepted {
  const values = fields.get('accept')
  if (values === undefined) return { json: true, stream: true }
  const kinds = values
    .flatMap((value) => value.split(','))
    .filter((each) => !/;\s*q=0(?:\.0*)?\s*(?:;|$)/.test(each))
    .map((each) => (each.split(';')[0] ?? '').trim().toLowerCase())
  const takes = (...names: readonly string[]) => kinds.some((kind) => kind === '*/*' || names.includes(kind))
  return {
    json: takes('application/json', 'application/*'),
    stream: takes('text/event-stream', 'text/*'),
  }
}

export function checkAccepted({ json, stream }: Accepted): Turned | undefined {
  if (json || stream) return undefined
  return refused(
    'accept',
    'the client takes neither JSON nor an event stream',
    'send accept: application/json, text/event-stream',
    406,
  )
}

/** A field that must not come twice, for each of those that decide something. */
export function checkOnce(fields: Fields): Turned | undefined {
  for (const [name, values] of fields)
    if (values.length > 1 && isDecisive(name))
      return refused('field-twice', `the header field ${name} came twice`, 'send it once', 400)
  return undefined
}

const DECISIVE = [
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'last-event-id',
]

function isDecisive(name: string): boolean {
  return name.startsWith('mcp-') || DECISIVE.includes(name)
}

function refused(rule: string, reason: string, fix: string, status = 403): Turned {
  return { status, code: CODES.denied, rule: `http-${rule}`, reason, fix }
}
