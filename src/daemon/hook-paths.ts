import { globSync, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { systemCode } from '../core/error.ts'
import { foreignFiles } from '../platform/foreign-files.ts'

const MOST_LINKS = 40

/**
 * Every path `path` may mean to a tool: as it is written, and where its links lead. Policy is asked about each, so that
 * neither a link nor the name of one opens what the other would not.
 *
 * @throws when it cannot be known where it leads
 */
export function meanings(path: string, cwd: string, home: string): readonly string[] {
  const written = resolve(cwd, expanded(path, home))
  if (written.includes('\0')) return [written] // policy refuses it as it stands
  const real = realOf(written, MOST_LINKS)
  return real === written ? [written] : [written, real]
}

/** A tilde is the home directory to some tools, and a file URL a path. */
function expanded(path: string, home: string): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1))
  if (!/^file:\/\//i.test(path)) return path
  return decodeURIComponent(new URL(path).pathname)
}

/** Where a path leads; of one that is not there yet, where it would be made. */
function realOf(path: string, links: number): string {
  if (foreignFiles.isSilent(path)) throw new Error(`the file system of ${path} does not answer`)
  try {
    return realpathSync(path)
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
  }
  if (path === '/') return path
  const parent = realOf(dirname(path), links)
  const here = join(parent, basename(path))
  // a link that leads nowhere: what is written through it is made where it points
  if (lstatSync(here, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return here
  if (links === 0) throw new Error(`${path} is a chain of too many links`)
  return realOf(resolve(parent, readlinkSync(here)), links - 1)
}

/** The file a bare program name runs, as a shell with this PATH finds it. */
export function findProgram(name: string, path: string): string | undefined {
  for (const directory of path.split(':')) {
    if (!directory.startsWith('/')) continue
    const file = join(directory, name)
    if (foreignFiles.isSilent(file)) continue
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat?.isFile() === true && (stat.mode & 0o111) !== 0) return file
  }
  return undefined
}

/** The files a pattern of the shell stands for now, as absolute paths. */
export function globbed(pattern: string, cwd: string): readonly string[] {
  const [whole = ''] = pattern.split(/[^/]*[*?[{]/) // the part that is a plain path
  if (foreignFiles.isSilent(resolve(cwd, whole))) return []
  try {
    // to bash two stars are one
    return globSync(pattern.replaceAll(/\*+/g, '*'), { cwd }).map((path) => resolve(cwd, path))
  } catch {
    return [] // no pattern: the shell takes it as it stands
  }
}
