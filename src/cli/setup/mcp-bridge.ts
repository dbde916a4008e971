import { plainOf, type JsonNode } from '../../core/json-text.ts'
import type { McpClient } from './mcp-clients.ts'
import { entriesIn, nodeAt, nodeOf, type McpEntry } from './mcp-entries.ts'

/**
 * Servers that are reached by URL, as commands of this machine: `warder mcp remote URL` speaks to them from inside a
 * sandbox, so that they can be led through Warder like any other. Only what has no other meaning for the client.
 */
export interface Bridging {
  readonly text: string
  readonly bridged: readonly string[]
}

const VERB = ['mcp', 'remote']
/** The transport with two addresses is not spoken. */
const TYPES = new Set([undefined, 'http', 'streamable-http', 'streamableHttp'])
const REPLACED = new Set(['url', 'httpUrl', 'serverUrl', 'headers', 'type', 'env'])

/** @param path of our own program */
export function bridgeAll(client: McpClient, text: string, path: string): Bridging {
  if (client.format !== 'json' || client.style !== 'plain') return { text, bridged: [] }
  const root = nodeOf(client, text)
  const remote = entriesIn({ client }, text).flatMap((entry) => {
    const node = nodeAt(root, entry.keys)
    return node !== undefined && isBridgeable(entry, node) ? [{ entry, node }] : []
  })
  return {
    text: replaced(
      text,
      remote.map(({ entry, node }) => ({ node, by: JSON.stringify(bridge(entry, node, path)) })),
    ),
    bridged: remote.map(({ entry }) => entry.name),
  }
}

/** Puts back what was reached by URL before, as it was written there. */
export function unbridgeAll(client: McpClient, text: string, before: string): string {
  const [root, old] = [nodeOf(client, text), nodeOf(client, before)]
  const was = new Map(entriesIn({ client }, before).map((entry) => [entry.keys.join('\n'), entry]))
  const edits = entriesIn({ client }, text).flatMap(({ keys, command = [] }) => {
    const { url } = was.get(keys.join('\n')) ?? {}
    const [node, original] = [nodeAt(root, keys), nodeAt(old, keys)]
    const [, ...words] = command
    const isOurs = words[0] === VERB[0] && words[1] === VERB[1] && words[2] === url && url !== undefined
    if (!isOurs || node === undefined || original === undefined) return []
    return [{ node, by: before.slice(original.start, original.end) }]
  })
  return replaced(text, edits)
}

function isBridgeable({ command, url }: McpEntry, node: JsonNode): boolean {
  if (command !== undefined || url === undefined || !URL.canParse(url)) return false
  const { type } = plainOf(node) as { type?: string }
  const { protocol, username, password, search } = new URL(url)
  // what stands in an address would stand in the arguments of a program, for everybody to see
  const isPlain = username === '' && password === '' && search === ''
  return isPlain && (protocol === 'https:' || protocol === 'http:') && TYPES.has(type)
}

/** The same server as a command. Values of header fields go by the environment, where the client had them in its file. */
function bridge({ url = '' }: McpEntry, node: JsonNode, path: string): object {
  const { type, env = {}, headers = {}, ...rest } = plainOf(node) as Record<string, unknown>
  const fields = Object.entries(headers as Record<string, unknown>)
  const names = fields.map((_, index) => `MCP_HEADER_${index + 1}`)
  const given = fields.flatMap(([field], index) => ['--header', `${field}: \${${names[index]}}`])
  const values = Object.fromEntries(fields.map(([, value], index) => [names[index] ?? '', String(value)]))
  return {
    ...(type === undefined ? {} : { type: 'stdio' }),
    command: path,
    args: [...VERB, url, ...given],
    env: { ...(env as object), ...values },
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => !REPLACED.has(key))),
  }
}

function replaced(text: string, edits: readonly { readonly node: JsonNode; readonly by: string }[]): string {
  return edits
    .toSorted((a, b) => b.node.start - a.node.start)
    .reduce((each, { node, by }) => each.slice(0, node.start) + by + each.slice(node.end), text)
}
