/** A path pattern, read: each component, with `*` for any one and `**` at the end for any that follow. */
export interface PathPattern {
  readonly components: readonly string[]
  readonly isOpen: boolean
}

const LONGEST_PATTERN = 1024

/** @returns undefined for a pattern that does not begin with `/`, has `**` before its end, a query, or dots to climb with */
export function pathPattern(text: string): PathPattern | undefined {
  if (!text.startsWith('/') || text.length > LONGEST_PATTERN || plainPath(text) !== text) return undefined
  const components = text.slice(1).split('/')
  const isOpen = components.at(-1) === '**'
  const rest = isOpen ? components.slice(0, -1) : components
  const isKnown = rest.every((component) => component === '*' || !component.includes('*'))
  return isKnown ? { components: rest, isOpen } : undefined
}

export function matchesPath({ components, isOpen }: PathPattern, path: string): boolean {
  const asked = path.slice(1).split('/')
  if (isOpen ? asked.length < components.length : asked.length !== components.length) return false
  return components.every((component, i) => (component === '*' ? asked[i] !== '' : component === asked[i]))
}

/**
 * A path as every server reads it, percent signs decoded; undefined when servers differ about it: encoded slashes and
 * dots, backslashes, empty components, dots to climb with, path parameters, control characters, half a character.
 *
 * @param raw the path of a request, without its query
 */
export function plainPath(raw: string): string | undefined {
  if (!raw.startsWith('/') || /%(?:2[ef]|5c|3b|0|1|7f|25)/i.test(raw) || /[\\;?#\x00-\x20\x7f]/.test(raw))
    return undefined
  const decoded = decode(raw)
  if (decoded === undefined || decoded.includes('//') || /[\\\x00-\x1f\x7f]/.test(decoded)) return undefined
  return decoded.split('/').some((component) => component === '.' || component === '..') ? undefined : decoded
}

function decode(raw: string): string | undefined {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined // no UTF-8: servers differ
  }
}
