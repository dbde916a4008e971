import { dirname, join } from 'node:path'
import type { Lookup } from './lookup.ts'

/** As many as the kernel follows before it takes them for a circle; see path_resolution(7). */
const MOST_LINKS = 40

/**
 * Every link that decides where `path` leads, each where it really lies. Whoever can replace one of them decides what
 * stands at `path` from then on.
 */
export function linksOn(path: string, lookup: Lookup): string[] {
  const links: string[] = []
  let names = path.split('/')
  let at = '/'
  while (names.length > 0 && links.length < MOST_LINKS) {
    const [name = '', ...rest] = names
    names = rest
    if (name === '..') at = dirname(at)
    if (name === '' || name === '.' || name === '..') continue
    const next = join(at, name)
    const target = lookup.look(next)?.kind === 'link' ? lookup.link(next) : undefined
    if (target === undefined) {
      at = next
      continue
    }
    links.push(next)
    if (target.startsWith('/')) at = '/'
    names = [...target.split('/'), ...names]
  }
  return links
}
