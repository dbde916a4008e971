import { hasControl, hasInvisible, refuse, type Checked } from './form.ts'

/** One component a file may be called by, on any file system and in any terminal. */
export type SafeFileName = Checked<string, 'SafeFileName'>
/** A path that leads downwards from somewhere and nowhere else: no root, no `..`, no `.`, no empty component. */
export type RelativePath = Checked<string, 'RelativePath'>
/** A path git may store, and that no checkout turns into something else. */
export type GitPath = Checked<string, 'GitPath'>

const LONGEST_NAME_BYTES = 255
const LONGEST_PATH_BYTES = 4095

/** Whether `value` may be a component of a path: not empty, not a step, at most 255 bytes, no control character. */
function isComponent(value: string): boolean {
  const isStep = value === '' || value === '.' || value === '..'
  return (
    !isStep && !value.includes('/') && !hasControl(value) && Buffer.byteLength(value) <= LONGEST_NAME_BYTES
  )
}

/** Nothing that is an option (leading hyphen), invisible, a separator elsewhere, or dropped at the end elsewhere. */
export function isSafeFileName(value: unknown): value is SafeFileName {
  return (
    typeof value === 'string' &&
    isComponent(value) &&
    !hasInvisible(value) &&
    !/^[-\s]|[\\:*?"<>|]|[.\s]$/u.test(value)
  )
}

/** @throws FormError `FORM_INVALID` */
export function parseSafeFileName(text: string): SafeFileName {
  return isSafeFileName(text)
    ? text
    : refuse(
        'a safe file name',
        text,
        'use one name without / \\ : * ? " < > |, no hyphen first, no dot or space last',
      )
}

export function isRelativePath(value: unknown): value is RelativePath {
  return (
    typeof value === 'string' &&
    Buffer.byteLength(value) <= LONGEST_PATH_BYTES &&
    value.split('/').every(isComponent)
  )
}

/** @throws FormError `FORM_INVALID` */
export function parseRelativePath(text: string): RelativePath {
  return isRelativePath(text)
    ? text
    : refuse(
        'a path below a folder',
        text,
        'write names joined by /, with no / first or last, no . or .. and no control characters',
      )
}

/**
 * What a checkout could write elsewhere is refused: `.git` in any spelling a file system folds into it (case, NTFS
 * short names, streams, trailing dots and spaces, characters HFS+ ignores), backslashes, and what git takes for an
 * option or for pathspec magic.
 */
export function isGitPath(value: unknown): value is GitPath {
  return (
    isRelativePath(value) && !/^[-:]/.test(value) && !value.includes('\\') && !value.split('/').some(meansGit)
  )
}

/** @throws FormError `FORM_INVALID` */
export function parseGitPath(text: string): GitPath {
  return isGitPath(text)
    ? text
    : refuse('a path in a repository', text, 'write a path below the top of the repository, outside .git')
}

function meansGit(component: string): boolean {
  const folded = component
    .normalize('NFC')
    .replaceAll(/\p{Cf}/gu, '')
    .toLowerCase()
    .replace(/:.*$/s, '')
    .replace(/[. ]+$/, '')
  return folded === '.git' || /^git~\d+$/.test(folded)
}

/**
 * Whether an absolute path is `base` or lies below it, by components: /srv/data2 is not in /srv/data. It reads the
 * text alone: links are not followed, so open what it allows through a `SafeRoot`. A path with `.`, `..` or an empty
 * component is inside nothing.
 */
export function isInside(base: string, path: string): boolean {
  const [outer, inner] = [componentsOf(base), componentsOf(path)]
  return outer !== undefined && inner !== undefined && outer.every((name, index) => name === inner[index])
}

function componentsOf(path: string): string[] | undefined {
  if (!path.startsWith('/')) return undefined
  if (path === '/') return []
  const names = path.slice(1).split('/')
  return names.every((name) => name !== '' && name !== '.' && name !== '..' && !name.includes('\0'))
    ? names
    : undefined
}
