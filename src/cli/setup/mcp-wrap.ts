import { isDeepStrictEqual } from 'node:util'
import { memberOf, type JsonNode } from '../../core/json-text.ts'
import type { McpClient } from './mcp-clients.ts'
import { entriesIn, nodeAt, nodeOf, type McpEntry } from './mcp-entries.ts'

/** How our own program is called in front of a server's. */
export interface WrapProgram {
  /** Absolute: clients start with another PATH than a shell. */
  readonly path: string
  /** Settings it needs to find the same daemon, as `--set KEY=VALUE`. */
  readonly settings: readonly string[]
}

/** What becomes of a client's settings. */
export interface Wrapping {
  readonly text: string
  readonly wrapped: readonly string[]
  readonly already: readonly string[]
  /** Servers that stay as they are, and why. */
  readonly left: readonly { readonly name: string; readonly why: string }[]
  /** Lists that were made for it. */
  readonly made: readonly (readonly string[])[]
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

const VERB = ['mcp', 'wrap']

/** What policy calls a server: clients let names have blanks and capitals. Empty when nothing is left of it. */
export function policyName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .replace(/-+$/, '')
    .slice(0, LONGEST_NAME)
}

const LONGEST_NAME = 58

/** The words in front of a server's own command. */
export function wrapWords(name: string, { settings }: WrapProgram): readonly string[] {
  return [...VERB, '--name', policyName(name), ...settings.flatMap((each) => ['--set', each]), '--']
}

/** What stands behind our own words, if an entry is wrapped: the server's own command. */
export function ownCommand({ command }: McpEntry): readonly string[] | undefined {
  const [program = '', ...words] = command ?? []
  const separator = words.indexOf('--')
  const isOurs = /(?:^|\/)warder$/.test(program) && isDeepStrictEqual(words.slice(0, VERB.length), VERB)
  return isOurs && separator > 0 ? words.slice(separator + 1) : undefined
}

/**
 * The settings with every server of this machine started through Warder; not a character beside that changes.
 *
 * @throws Error when they cannot be read, or the change could not be taken back
 */
export function wrapAll(client: McpClient, text: string, program: WrapProgram): Wrapping {
  const entries = entriesIn({ client }, text)
  const root = nodeOf(client, text)
  const made: string[][] = []
  const left: { name: string; why: string }[] = []
  const [wrapped, already]: [string[], string[]] = [[], []]
  const edits = entries.flatMap((entry) => {
    if (ownCommand(entry) !== undefined) return (already.push(entry.name), [])
    const why = reasonToLeave(entry, entries)
    const node = nodeAt(root, entry.keys)
    if (why !== undefined || node === undefined)
      return (left.push({ name: entry.name, why: why ?? 'it is not there' }), [])
    wrapped.push(entry.name)
    return wrapEdits(client, node, entry, program, made)
  })
  const changed = applied(text, edits)
  checkChange(client, { entries, changed, made, wrapped })
  return { text: changed, wrapped, already, left, made }
}

/** Reads both ways again what was written: a change that says something else is none. */
function checkChange(
  client: McpClient,
  {
    entries,
    changed,
    made,
    wrapped,
  }: { entries: readonly McpEntry[]; changed: string; made: string[][]; wrapped: string[] },
): void {
  const now = entriesIn({ client }, changed)
  for (const [index, before] of entries.entries()) {
    const after = now[index]
    const command = after !== undefined && wrapped.includes(before.name) ? ownCommand(after) : after?.command
    const same = [before.name, before.command, before.environment, before.url, before.cwd]
    if (
      !isDeepStrictEqual([after?.name, command, after?.environment, after?.url, after?.cwd], same) &&
      ownCommand(before) === undefined
    )
      throw new Error(`${before.name} is written in a way that cannot be changed here`)
  }
  if (
    !isDeepStrictEqual(entriesIn({ client }, unwrapAll(client, changed, made)).map(bare), entries.map(bare))
  )
    throw new Error('the change could not be taken back')
}

/** Without our words, where they were there before. */
function bare(entry: McpEntry): McpEntry {
  const own = ownCommand(entry)
  return own === undefined ? entry : { ...entry, command: own }
}

function reasonToLeave({ name, command, url, keys }: McpEntry, all: readonly McpEntry[]): string | undefined {
  if (command === undefined || command.length === 0)
    return url === undefined ? 'it has no command' : 'it is reached by URL (see --remote)'
  const called = policyName(name)
  if (called === '') return 'nothing is left of its name that policy could call it by'
  const other = all.find(
    (each) => policyName(each.name) === called && each.keys !== keys && each.name !== name,
  )
  return other === undefined ? undefined : `policy could not tell it from ${other.name}: rename one of them`
}

/** The settings without our words, wherever they still stand. */
export function unwrapAll(client: McpClient, text: string, made: readonly (readonly string[])[]): string {
  const root = nodeOf(client, text)
  const edits = entriesIn({ client }, text).flatMap((entry) => {
    const own = ownCommand(entry)
    const node = nodeAt(root, entry.keys)
    if (own === undefined || node === undefined) return []
    return unwrapEdits(
      client,
      text,
      node,
      own,
      made.some((keys) => isDeepStrictEqual(keys, entry.keys)),
    )
  })
  return applied(text, edits)
}

function applied(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((each, { start, end, text: put }) => each.slice(0, start) + put + each.slice(end), text)
}

function wrapEdits(
  client: McpClient,
  node: JsonNode,
  entry: McpEntry,
  program: WrapProgram,
  made: string[][],
): Edit[] {
  const [own = '', ...words] = entry.command ?? []
  const command = commandNode(node)
  const front = wrapWords(entry.name, program)
  if (command.kind === 'array') return [inFront(command, [program.path, ...front])]
  const place = { start: command.start, end: command.end }
  const named = { ...place, text: quoted(program.path) }
  const args = argumentsNode(node)
  if (args?.kind === 'array') return [named, inFront(args, [...front, own])]
  if (words.length > 0) throw new Error(`the arguments of ${entry.name} are not a list`)
  made.push([...entry.keys])
  const list = `args${client.format === 'json' ? '"' : ''}${client.format === 'json' ? ': ' : ' = '}[${[...front, own].map(quoted).join(', ')}]`
  const joint = client.format === 'json' ? ', "' : isInline(node) ? ', ' : '\n'
  return [{ ...named, text: `${named.text}${joint}${list}` }]
}

/** The program, or the list that begins with it. */
function commandNode(node: JsonNode): JsonNode {
  const found = memberOf(node, 'command')?.value
  const inner = found?.kind === 'object' ? memberOf(found, 'path')?.value : found
  if (inner === undefined) throw new Error('the command is not where it was')
  return inner
}

function argumentsNode(node: JsonNode): JsonNode | undefined {
  const command = memberOf(node, 'command')?.value
  return memberOf(command?.kind === 'object' ? command : node, 'args')?.value
}

function isInline(node: JsonNode): boolean {
  const last = node.kind === 'object' ? node.members.at(-1)?.value : undefined
  return last !== undefined && last.end <= node.end
}

/** More words at the beginning of a list; those behind stay as they were written. */
function inFront(list: JsonNode, words: readonly string[]): Edit {
  const first = list.kind === 'array' ? list.items[0] : undefined
  const at = list.start + 1
  return { start: at, end: at, text: words.map(quoted).join(', ') + (first === undefined ? '' : ', ') }
}

function unwrapEdits(
  client: McpClient,
  text: string,
  node: JsonNode,
  own: readonly string[],
  isMade: boolean,
): Edit[] {
  const command = commandNode(node)
  if (command.kind === 'array') return [withoutFront(text, command, own.length)]
  const args = argumentsNode(node)
  const named = { start: command.start, end: command.end, text: quoted(own[0] ?? '') }
  if (args?.kind !== 'array') return [named]
  if (!isMade || own.length > 1) return [named, withoutFront(text, args, own.length - 1)]
  const before = text.slice(0, args.start)
  const start =
    client.format === 'json'
      ? before.lastIndexOf(',')
      : Math.max(before.lastIndexOf('\n'), before.lastIndexOf(','))
  return [named, { start, end: args.end, text: '' }]
}

/** The list with its last items only; what stood before the first of them still does. */
function withoutFront(text: string, list: JsonNode, count: number): Edit {
  const items = list.kind === 'array' ? list.items : []
  const last = items.at(items.length - count - 1)?.end ?? list.start + 1
  const joint = count > 0 && text.startsWith(', ', last) ? 2 : 0
  return { start: list.start + 1, end: last + joint, text: '' }
}

/** The same in JSON and in TOML (basic strings), also for what neither lets stand plain. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f')
}
