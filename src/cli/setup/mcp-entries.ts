import { memberOf, plainOf, readJsonText, type JsonNode } from '../../core/json-text.ts'
import { readYamlText } from '../../platform/yaml-text.ts'
import type { ClientFile, EntryStyle, McpClient } from './mcp-clients.ts'
import { readTomlText } from './mcp-toml.ts'

/** One server as a client's settings name it. */
export interface McpEntry {
  readonly name: string
  /** Where it stands, below the outermost object. */
  readonly keys: readonly string[]
  readonly command?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly url?: string
  readonly cwd?: string
  readonly isOff: boolean
}

/** The settings with the places of everything in them. @throws JsonTextError, TomlError; Error for YAML */
export function nodeOf({ format }: McpClient, text: string): JsonNode {
  if (format === 'toml') return readTomlText(text)
  return readJsonText(text.trim() === '' ? '{}' : text, { isLenient: true })
}

/** Every server in a client's settings. @throws Error when they cannot be read: what was not read is not clean */
export function entriesIn({ client }: Pick<ClientFile, 'client'>, text: string): readonly McpEntry[] {
  if (client.format === 'yaml') return entriesOf(client, readYamlText(text), client.keys)
  const value = plainOf(nodeOf(client, text))
  const own = entriesOf(client, value, client.keys)
  return client.name === 'claude-code' ? [...own, ...ofProjects(client, value)] : own
}

/** Claude Code keeps servers of single projects in the user's file. */
function ofProjects(client: McpClient, value: unknown): readonly McpEntry[] {
  const projects = at(value, ['projects'])
  return Object.keys(objectOr(projects)).flatMap((project) =>
    entriesOf(client, value, ['projects', project, ...client.keys]),
  )
}

function entriesOf({ style }: McpClient, value: unknown, keys: readonly string[]): readonly McpEntry[] {
  const servers = at(value, keys)
  if (servers === undefined || servers === null) return []
  if (style === 'named') {
    if (!Array.isArray(servers)) throw new Error(`${keys.join('.')} is not a list`)
    return servers.map((each, index) =>
      entryOf(textOr(at(each, ['name']), String(index)), each, style, [...keys, String(index)]),
    )
  }
  if (typeof servers !== 'object' || Array.isArray(servers))
    throw new Error(`${keys.join('.')} is not an object`)
  return Object.entries(servers).map(([name, each]) => entryOf(name, each, style, [...keys, name]))
}

function entryOf(name: string, value: unknown, style: EntryStyle, keys: readonly string[]): McpEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${keys.join('.')} is not an object`)
  const entry = value as Record<string, unknown>
  const url = [entry['url'], entry['httpUrl'], entry['serverUrl'], entry['uri']].find(
    (each) => typeof each === 'string',
  )
  const environment = objectOr(entry['env'] ?? entry['environment'] ?? entry['envs'])
  const command = commandOf(entry, style)
  return {
    ...{ name, keys },
    ...(command === undefined ? {} : { command }),
    environment: Object.fromEntries(Object.entries(environment).map(([key, each]) => [key, String(each)])),
    ...(typeof url === 'string' ? { url } : {}),
    ...(typeof entry['cwd'] === 'string' ? { cwd: entry['cwd'] } : {}),
    isOff: entry['disabled'] === true || entry['enabled'] === false,
  }
}

function commandOf(
  entry: Readonly<Record<string, unknown>>,
  style: EntryStyle,
): readonly string[] | undefined {
  const { command, args, cmd } = entry
  if (style === 'list' && Array.isArray(command)) return command.map(String)
  const program = style === 'goose' ? cmd : command
  // Zed once had an object here
  if (typeof program === 'object' && program !== null && !Array.isArray(program)) {
    const { path, args: words } = program as Record<string, unknown>
    return typeof path === 'string' ? [path, ...listOr(words)] : undefined
  }
  return typeof program === 'string' ? [program, ...listOr(args)] : undefined
}

function listOr(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function objectOr(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback
}

function at(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((each, key) => {
    const inner = Array.isArray(each) ? (each as unknown as Record<string, unknown>) : objectOr(each)
    return Object.hasOwn(inner, key) ? inner[key] : undefined
  }, value)
}

/** The entry itself, with its places. */
export function nodeAt(root: JsonNode, keys: readonly string[]): JsonNode | undefined {
  return keys.reduce<JsonNode | undefined>((node, key) => memberOf(node, key)?.value, root)
}
