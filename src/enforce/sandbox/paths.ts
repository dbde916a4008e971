/** Whether `path` is `directory` or lies under it. By components, so that /srv/data2 is not under /srv/data. */
export function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`)
}

export function depth(path: string): number {
  return path === '/' ? 0 : path.split('/').length - 1
}

/** The directories from below `top` down to the one that holds `path`. */
export function between(top: string, path: string): string[] {
  const names = path.slice(top === '/' ? 1 : top.length + 1).split('/')
  return names.slice(0, -1).map((_, i) => `${top === '/' ? '' : top}/${names.slice(0, i + 1).join('/')}`)
}

/** A path pattern: `*` and `?` stay within a component, `**` as a whole component stands for any number of them. */
export interface PathPattern {
  readonly text: string
  /** The part before the first wildcard, as a directory or the whole path. */
  readonly base: string
  /** `exact`: no wildcard; `tree`: ends in `/**` and has no other; `loose`: anything else. */
  readonly shape: 'exact' | 'tree' | 'loose'
}

export function pathPattern(text: string): PathPattern {
  const names = text.split('/')
  const first = names.findIndex((name) => /[*?[\]{}]/.test(name))
  if (first === -1) return { text, base: text === '/' ? '/' : text.replace(/\/+$/, ''), shape: 'exact' }
  const base = names.slice(0, first).join('/') || '/'
  return { text, base, shape: first === names.length - 1 && names[first] === '**' ? 'tree' : 'loose' }
}

/** Whether a concrete path fits the pattern; a component may hold `*` and `?` and nothing else that is special. */
export function matchesPath(pattern: string, path: string): boolean {
  return matchNames(pattern.split('/'), path.split('/'))
}

function matchNames(pattern: readonly string[], names: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return names.length === 0
  if (first === '**') return names.some((_, i) => matchNames(rest, names.slice(i))) || matchNames(rest, [])
  return names[0] !== undefined && matchesName(first, names[0]) && matchNames(rest, names.slice(1))
}

function matchesName(pattern: string, name: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(name)
}
