import { canonicalJson, sha256, type Json } from '../../../core/canonical.ts'
import { beyond } from './errors.ts'

export const PIN_KINDS = ['tool', 'prompt', 'resource', 'resource-template', 'instructions'] as const
export type PinKind = (typeof PIN_KINDS)[number]

export const MOST_DEFINITIONS = 2000
export const MOST_BYTES = 512 * 1024
export const MOST_DEPTH = 64

/** A definition in its one canonical form (RFC 8785), so that the order of keys is none of it. */
export interface Pinnable {
  readonly kind: PinKind
  readonly name: string
  readonly definition: Json
  /** SHA-256 of the whole, hex. */
  readonly digest: string
}

/** @throws McpPinError `MCP_PINS_LIMIT` for what is too large, too deep, or not JSON */
export function pinnable(kind: PinKind, name: string, definition: unknown): Pinnable {
  const what = `${kind} ${name.slice(0, 80)}`
  if (depthOf(definition) > MOST_DEPTH) throw beyond(`${what} is nested deeper than ${MOST_DEPTH} levels`)
  try {
    const text = canonicalJson(definition as Json)
    if (Buffer.byteLength(text) <= MOST_BYTES)
      return { kind, name, definition: JSON.parse(text) as Json, digest: sha256(text) }
  } catch {
    throw beyond(`${what} is not JSON that has one meaning`)
  }
  throw beyond(`${what} has more than ${MOST_BYTES} bytes`)
}

/** SHA-256 of each member of a definition, so that a change names its field. */
export function fieldDigests(definition: Json): Readonly<Record<string, string>> {
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    return { '': sha256(canonicalJson(definition)) }
  }
  return Object.fromEntries(
    Object.entries(definition).map(([key, value]) => [
      `/${escaped(key)}`,
      sha256(canonicalJson(value as Json)),
    ]),
  )
}

/** RFC 6901, section 3 */
export function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** How deep a value is nested; stops where it is too deep anyway, so that no stack runs out. */
function depthOf(value: unknown, depth = 0): number {
  if (depth > MOST_DEPTH || typeof value !== 'object' || value === null) return depth
  return Object.values(value).reduce<number>((most, each) => Math.max(most, depthOf(each, depth + 1)), depth)
}
