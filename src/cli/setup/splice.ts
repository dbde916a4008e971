import { memberOf, plainOf, readJsonText, type JsonNode } from '../../core/json-text.ts'

/** Settings as people write them: comments and trailing commas stay where they are. */
const LENIENT = { isLenient: true } as const

/** The value of a settings file. @throws JsonTextError */
export function settingsIn(text: string): unknown {
  return plainOf(readJsonText(text, LENIENT))
}

/**
 * The text with one more item at the end of the list at `keys`; lists and objects on the way are made. Nothing else
 * changes by a character.
 *
 * @throws JsonTextError; Error when something else stands on the way
 */
export function withItem(text: string, keys: readonly string[], value: unknown): string {
  let node = readJsonText(text, LENIENT)
  for (const [depth, key] of keys.entries()) {
    const member = memberOf(node, key)
    if (member === undefined) {
      const inner = keys.slice(depth + 1).reduceRight<unknown>((each, name) => ({ [name]: each }), [value])
      return withChild(text, node, `${JSON.stringify(key)}: `, inner, depth + 1)
    }
    node = member.value
  }
  if (node.kind !== 'array') throw new Error(`${keys.join('.')} is not a list`)
  return withChild(text, node, '', value, keys.length + 1)
}

/** The text with one more member of its outermost object, unless it has it. */
export function withMember(text: string, key: string, value: unknown): string {
  const root = readJsonText(text, LENIENT)
  return memberOf(root, key) === undefined
    ? withChild(text, root, `${JSON.stringify(key)}: `, value, 1)
    : text
}

/** The text without the items at `keys` that `isMeant` knows. */
export function withoutItems(
  text: string,
  keys: readonly string[],
  isMeant: (value: unknown) => boolean,
): string {
  const list = nodeAt(readJsonText(text, LENIENT), keys)
  if (list?.kind !== 'array') return text
  const at = list.items.findIndex((item) => isMeant(plainOf(item)))
  if (at === -1) return text
  return withoutItems(cut(text, list, list.items, at), keys, isMeant)
}

/** The text without the member at `keys`, if nothing is in it. */
export function withoutEmpty(text: string, keys: readonly string[]): string {
  const parent = nodeAt(readJsonText(text, LENIENT), keys.slice(0, -1))
  if (parent?.kind !== 'object') return text
  const at = parent.members.findIndex(({ key }) => key === keys.at(-1))
  const value = parent.members[at]?.value
  if (value === undefined || !isEmpty(value)) return text
  const children = parent.members.map(({ start, value: { end } }) => ({ start, end }))
  return cut(text, parent, children, at)
}

function isEmpty(node: JsonNode): boolean {
  if (node.kind === 'scalar') return false
  return (node.kind === 'object' ? node.members : node.items).length === 0
}

/** Whether something stands at `keys`. */
export function isThere(text: string, keys: readonly string[]): boolean {
  return nodeAt(readJsonText(text, LENIENT), keys) !== undefined
}

function nodeAt(root: JsonNode, keys: readonly string[]): JsonNode | undefined {
  return keys.reduce<JsonNode | undefined>((node, key) => memberOf(node, key)?.value, root)
}

interface Place {
  readonly start: number
  readonly end: number
}

function withChild(text: string, node: JsonNode, before: string, value: unknown, depth: number): string {
  if (node.kind === 'scalar') throw new Error('a plain value stands where settings should be')
  const [newline, unit] = styleOf(text)
  const lines = JSON.stringify(value, undefined, unit).split('\n')
  const piece = `${newline}${unit.repeat(depth)}${before}${lines.join(`${newline}${unit.repeat(depth)}`)}`
  const close = node.end - 1
  const last = node.kind === 'object' ? node.members.at(-1)?.value : node.items.at(-1)
  const from = last?.end ?? node.start + 1
  const rest = text.slice(from, close)
  const comma = last === undefined || withoutComments(rest).includes(',') ? '' : ','
  return `${text.slice(0, from)}${comma}${rest.trimEnd()}${piece}${newline}${unit.repeat(depth - 1)}${text.slice(close)}`
}

function cut(text: string, container: JsonNode, children: readonly Place[], at: number): string {
  const child = children[at]
  if (child === undefined) return text
  const next = children[at + 1]
  const previous = children[at - 1]
  if (next !== undefined) return text.slice(0, child.start) + text.slice(next.start)
  if (previous !== undefined) return text.slice(0, previous.end) + text.slice(child.end)
  const inside = text.slice(container.start + 1, child.start) + text.slice(child.end, container.end - 1)
  const left = inside.trim() === '' || inside.trim() === ',' ? '' : inside
  return text.slice(0, container.start + 1) + left + text.slice(container.end - 1)
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\/[^\n]*|\/\*[^]*?\*\//g, '')
}

/** How the file breaks and indents its lines. */
function styleOf(text: string): [newline: string, unit: string] {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  return [newline, /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ']
}
