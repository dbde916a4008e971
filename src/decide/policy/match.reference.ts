/**
 * A second, slow matcher that shares nothing with the fast one, for tests and measurements to compare with. Takes plain
 * resources as valid; knows nothing of limits.
 */
export function referenceMatches(
  kind: 'path' | 'endpoint' | 'name',
  pattern: string | undefined,
  resource: string,
): boolean {
  if (pattern === undefined) return true
  if (kind === 'endpoint') return endpointMatches(pattern, resource)
  const cut = (text: string) => text.split('/').filter((component) => component !== '')
  if (resource === '') return pattern === '**' || pattern === '/**'
  return componentsMatch(cut(pattern), cut(resource))
}

function componentsMatch(pattern: readonly string[], resource: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return resource.length === 0
  if (first === '**') {
    return resource.some((_, i) => componentsMatch(rest, resource.slice(i))) || componentsMatch(rest, [])
  }
  const [name, ...others] = resource
  return name !== undefined && charactersMatch(first, name) && componentsMatch(rest, others)
}

function charactersMatch(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] === '*') {
    // a star alone is one whole component, and components are never empty
    return Array.from({ length: text.length + 1 }, (_, i) => i).some((i) =>
      charactersMatch(pattern.slice(1), text.slice(i)),
    )
  }
  return text !== '' && pattern[0] === text[0] && charactersMatch(pattern.slice(1), text.slice(1))
}

function endpointMatches(pattern: string, resource: string): boolean {
  const [host, port] = split(resource)
  const [hosts, ports] = split(pattern)
  return hostMatches(hosts, host) && portMatches(ports, port)
}

function split(text: string): [string, string | undefined] {
  const at = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':')
  if (at === -1 || at === text.length) return [fold(text), undefined]
  return [fold(text.slice(0, at)), text.slice(at + 1)]
}

function fold(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

function hostMatches(pattern: string, host: string): boolean {
  if (pattern === '**') return true
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : pattern === host
}

function portMatches(pattern: string | undefined, port: string | undefined): boolean {
  if (pattern === undefined || pattern === '*') return true
  if (port === undefined) return false
  return pattern.split(',').some((range) => {
    const [from, to = from] = range.split('-').map(Number)
    return Number(port) >= (from ?? 0) && Number(port) <= (to ?? 0)
  })
}
