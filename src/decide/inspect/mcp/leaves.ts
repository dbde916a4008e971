import type { Leaf, LeafRole } from './types.ts'

/** What is beyond these is not looked into, and therefore blocked. */
export const MOST_LEAVES = 10_000
export const MOST_CHARACTERS = 128 * 1024
export const MOST_DEPTH = 64

/** Why a definition was not looked into. */
export class TooMuch extends Error {}

/**
 * Every text of a definition, names of parameters among them. @throws TooMuch when it is too large, too deep, or no
 * data at all
 */
export function leavesOf(definition: unknown): readonly Leaf[] {
  const walk: Walk = { leaves: [], characters: 0 }
  if (typeof definition === 'string') add(walk, '', definition, 'instructions')
  else visit(walk, definition, [], 0)
  return walk.leaves
}

interface Walk {
  readonly leaves: Leaf[]
  characters: number
}

function visit(walk: Walk, value: unknown, path: readonly string[], depth: number): void {
  if (depth > MOST_DEPTH) throw new TooMuch(`it is nested deeper than ${MOST_DEPTH} levels`)
  if (typeof value === 'string') return add(walk, pointer(path), value, roleOf(path))
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    throw new TooMuch('it holds something that is not JSON')
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    const texts = value.filter((item) => typeof item === 'string')
    // an instruction cut into pieces: each choice of an enum a word
    if (texts.length > 1) add(walk, pointer(path), texts.join(' '), 'joined')
    for (const [index, item] of value.entries()) visit(walk, item, [...path, String(index)], depth + 1)
    return
  }
  for (const [key, item] of Object.entries(value)) {
    const inner = [...path, key]
    if (isOpenKey(path, key)) add(walk, pointer(inner), key, 'key')
    visit(walk, item, inner, depth + 1)
  }
}

/** A key the server chose: the name of a parameter, or a word that no MCP or JSON schema knows. */
function isOpenKey(path: readonly string[], key: string): boolean {
  return path.at(-1) === 'properties' || path.at(-1) === '$defs' || key.length > 24 || /[^\w$-]/.test(key)
}

function add(walk: Walk, field: string, text: string, role: LeafRole): void {
  walk.characters += text.length
  if (walk.characters > MOST_CHARACTERS) throw new TooMuch(`it holds more than ${MOST_CHARACTERS} characters`)
  if (walk.leaves.length >= MOST_LEAVES) throw new TooMuch(`it holds more than ${MOST_LEAVES} texts`)
  walk.leaves.push({ field, text, role })
}

function roleOf(path: readonly string[]): LeafRole {
  const [first, ...rest] = path
  if (rest.length === 0 && (first === 'name' || first === 'title' || first === 'description')) return first
  if (first === 'annotations' && path.at(-1) === 'title') return 'title'
  if (path.at(-1) === 'description' || path.at(-1) === 'title') return 'parameter'
  return 'value'
}

/** RFC 6901 */
export function pointer(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
