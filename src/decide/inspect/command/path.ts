import { globPattern } from './glob.ts'
import type { Frame } from './frame.ts'
import { directoryOf } from './place.ts'
import { PATHS, WELL_KNOWN, type PathClass, type PathRule } from './rules/paths.ts'

/** A path in one spelling: absolute where that can be told, every home as `~`, no `.`, `..` or `//`. */
export function plainPath(text: string, frame: Pick<Frame, 'context' | 'variables'>): string {
  const { home } = frame.context
  const cwd = directoryOf(frame)
  let path = text.replace(/^file:\/\//, '').replace(/^["']|["']$/g, '')
  const isRelative = !/^[/~$]/.test(path)
  if (isRelative && cwd !== undefined && path !== '') path = `${cwd}/${path}`
  if (home !== undefined) path = path.replace(/^~(?=\/|$)/, home)
  path = plain(path)
  if (home !== undefined && (path === home || path.startsWith(`${home}/`)))
    return `~${path.slice(home.length)}`
  return path
    .replace(/^(?:\$\{?HOME\}?|\/root|\/(?:home|Users)\/[^/]+|\/var\/root|~[\w-]+)(?=\/|$)/, '~')
    .replace(/^\/private(?=\/(?:etc|var|tmp)\b)/, '')
}

function plain(path: string): string {
  const isAbsolute = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..' && parts.at(-1) !== '~') parts.pop()
    else if (part !== '..' || !isAbsolute) parts.push(part)
  }
  return (isAbsolute ? '/' : '') + parts.join('/')
}

/** What kind of place a path is, the first that fits; undefined for an ordinary one. */
export function classOf(text: string, frame: Frame, classes?: readonly PathClass[]): PathRule | undefined {
  // a quick no for what cannot be a place of note: most arguments are short words and options
  if (text.length < 2 && text !== '/' && text !== '~') return undefined
  const path = plainPath(text, frame)
  const fits = (rule: PathRule) => classes === undefined || classes.includes(rule.class)
  const hidden = /[*?[]/.test(path) ? globbed(path, fits) : undefined
  return hidden ?? PATHS.find((rule) => fits(rule) && rule.match.test(path))
}

/** A wildcard is as grave as the gravest place it fits: `/etc/sh?dow`. One that fits everything tells nothing. */
function globbed(path: string, fits: (rule: PathRule) => boolean): PathRule | undefined {
  const last = path.slice(path.lastIndexOf('/') + 1)
  if (/^[*?]*$/.test(last.replace(/\.\*$|^\*\.\w+$/, '*'))) return undefined
  const pattern = globPattern(path, '', '=')
  if (pattern === undefined) return undefined
  const known = WELL_KNOWN.find((place) => pattern.test(place))
  return known === undefined ? undefined : PATHS.find((rule) => fits(rule) && rule.match.test(known))
}

export function isInWorkspace(text: string, frame: Frame): boolean {
  const { workspace, home } = frame.context
  if (workspace === undefined) return false
  const path = plainPath(text, frame)
  const whole = home !== undefined && path.startsWith('~') ? home + path.slice(1) : path
  return whole === workspace || whole.startsWith(`${workspace}/`)
}
