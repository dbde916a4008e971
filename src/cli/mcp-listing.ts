import type { Readable, Writable } from 'node:stream'
import { plainOf, readJsonText } from '../core/json-text.ts'

/** Everything a server says of itself. */
export interface McpListing {
  readonly instructions?: string
  readonly tool: readonly unknown[]
  readonly prompt: readonly unknown[]
  readonly resource: readonly unknown[]
  readonly 'resource-template': readonly unknown[]
}

export interface ServerStreams {
  readonly toServer: Writable
  readonly fromServer: Readable
}

const REVISION = '2025-11-25'
const LISTS = [
  ['tool', 'tools', 'tools/list', 'tools'],
  ['prompt', 'prompts', 'prompts/list', 'prompts'],
  ['resource', 'resources', 'resources/list', 'resources'],
  ['resource-template', 'resources', 'resources/templates/list', 'resourceTemplates'],
] as const
const MOST_PAGES = 100
const MOST_BYTES = 16 * 1024 * 1024
const METHOD_NOT_FOUND = -32601

/**
 * Asks a server what it defines, and calls nothing.
 *
 * @throws Error when it does not answer, or not as the protocol wants it
 */
export async function listServer({ toServer, fromServer }: ServerStreams): Promise<McpListing> {
  const replies = messagesOf(fromServer)
  const state = { id: 0 }
  const ask = async (method: string, params: object): Promise<Record<string, unknown> | undefined> => {
    const id = ++state.id
    send(toServer, { jsonrpc: '2.0', id, method, params })
    for (;;) {
      const { value, done } = await replies.next()
      if (done === true) throw new Error(`it ended before it answered ${method}`)
      if (value['id'] !== id || 'method' in value) continue // a notification, or a question that nobody answers here
      return resultOf(method, value)
    }
  }
  const hello = await ask('initialize', {
    protocolVersion: REVISION,
    capabilities: {},
    clientInfo: { name: 'warder', version: '1' },
  })
  send(toServer, { jsonrpc: '2.0', method: 'notifications/initialized' })
  const capabilities = objectOr(hello?.['capabilities'])
  const found: Record<string, readonly unknown[]> = {}
  for (const [kind, capability, method, key] of LISTS)
    found[kind] = capability in capabilities ? await pages(ask, method, key) : []
  const { instructions } = hello ?? {}
  return {
    ...(found as unknown as Omit<McpListing, 'instructions'>),
    ...(typeof instructions === 'string' ? { instructions } : {}),
  }
}

/** An answer to tools/list and its likes, whole or its result, or a bare list of tools. @throws Error */
export function listingIn(value: unknown): McpListing {
  const { result, ...whole } = (Array.isArray(value) ? { tools: value } : value) as Record<string, unknown>
  const { tools, prompts, resources, resourceTemplates, instructions } = (result ?? whole) as Record<
    string,
    unknown
  >
  if (![tools, prompts, resources, resourceTemplates].some(Array.isArray) && typeof instructions !== 'string')
    throw new Error('it has no list of tools, prompts or resources')
  const list = (each: unknown): readonly unknown[] => (Array.isArray(each) ? each : [])
  return {
    ...{ tool: list(tools), prompt: list(prompts), resource: list(resources) },
    'resource-template': list(resourceTemplates),
    ...(typeof instructions === 'string' ? { instructions } : {}),
  }
}

type Ask = (method: string, params: object) => Promise<Record<string, unknown> | undefined>

async function pages(ask: Ask, method: string, key: string): Promise<readonly unknown[]> {
  const all: unknown[] = []
  let cursor: unknown
  for (let page = 0; page < MOST_PAGES; page++) {
    const result = await ask(method, cursor === undefined ? {} : { cursor })
    if (result === undefined) return all // it does not know the method
    const items = result[key]
    if (!Array.isArray(items)) throw new Error(`its answer to ${method} has no list ${key}`)
    all.push(...(items as unknown[]))
    cursor = result['nextCursor']
    if (typeof cursor !== 'string') return all
  }
  throw new Error(`it answers ${method} with more than ${MOST_PAGES} pages`)
}

function resultOf(method: string, message: Record<string, unknown>): Record<string, unknown> | undefined {
  const error = objectOr(message['error'])
  if ('code' in error) {
    if (error['code'] === METHOD_NOT_FOUND) return undefined
    throw new Error(`it answered ${method} with an error: ${String(error['message']).slice(0, 200)}`)
  }
  return objectOr(message['result'])
}

function send(to: Writable, message: object): void {
  to.write(`${JSON.stringify(message)}\n`)
}

/** One message a line, strictly read. */
async function* messagesOf(from: Readable): AsyncGenerator<Record<string, unknown>, undefined> {
  let rest = ''
  let sizeBytes = 0
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of from as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MOST_BYTES) throw new Error(`it says more than ${MOST_BYTES} bytes`)
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield objectOr(plainOf(readJsonText(line)))
  }
  return undefined
}

function objectOr(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}
