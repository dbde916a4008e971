/**
 * Whether `host` is what the pattern names: `*.x` is every name below x, not x itself; anything else is one name, or an
 * address with or without its brackets. Both in the form names have after `parseHost`: lower case, no dot at the end.
 */
export function isHostNamed(host: string, pattern: string): boolean {
  if (pattern.startsWith('*.')) return host.length >= pattern.length && host.endsWith(pattern.slice(1))
  return withoutBrackets(host) === withoutBrackets(pattern)
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
