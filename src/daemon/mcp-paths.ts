import { lstatSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { foreignFiles } from '../platform/foreign-files.ts'
import { meanings } from './hook-paths.ts'

/** Where a call is made from. */
export interface PathPlace {
  readonly cwd: string
  readonly workspace: string
  readonly home: string
}

/** Whether a path, and where its links lead, lies in one of the folders a rule names. */
export function isBelow(
  path: string,
  folders: readonly string[],
  { cwd, workspace, home }: PathPlace,
): boolean {
  const whole = folders.flatMap((folder) => {
    const named = isAbsolute(folder) ? folder : join(workspace, folder)
    return meanings(named, cwd, home).slice(-1)
  })
  return meanings(path, cwd, home)
    .slice(-1)
    .every((real) =>
      whole.some((folder) => real === folder || real.startsWith(folder === '/' ? '/' : `${folder}/`)),
    )
}

/**
 * Whether a path goes up behind a link: `link/../x` is one file to who reads it as text and another to the system, which
 * follows the link first. What was decided on would not be what is opened.
 *
 * @throws when the path is a file URL that is none
 */
export function isTwisted(path: string, { cwd, home }: PathPlace): boolean {
  // as it stands behind the host: some take `%2e%2e` for a name until they have decoded it
  const [, inUrl] = /^file:\/\/[^/]*([^]*)$/i.exec(path) ?? []
  const text = inUrl === undefined ? path : decodeURIComponent(inUrl)
  if (!/(?:^|\/)\.\.(?:\/|$)/.test(text)) return false
  const [base, rest] = text.startsWith('~/') ? [home, text.slice(2)] : [cwd, text]
  let at = isAbsolute(rest) ? '/' : resolve(base)
  for (const part of rest.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') at = join(at, part)
    else if (foreignFiles.isSilent(at)) return true
    else if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true) return true
    else at = dirname(at)
  }
  return false
}
