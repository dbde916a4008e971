import { chmodSync, existsSync, lstatSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { run } from '../../platform/command.ts'

/** Something about a path that lets others at what is kept there. */
export interface PathFinding {
  readonly path: string
  readonly why: string
  /** What `--fix` does; absent where a person has to look first. */
  readonly mode?: number
}

const GETFACL = '/usr/bin/getfacl'

/**
 * Looks at places of secrets and at everything above them, without following a link: owner, kind, mode, and access
 * lists where `getfacl` is on the machine. Directories and files must be closed to group and others; what is above them
 * must not be theirs to change.
 */
export async function checkPaths(
  paths: readonly string[],
  uid = process.getuid?.() ?? -1,
): Promise<PathFinding[]> {
  const found: PathFinding[] = []
  const parents = new Set<string>()
  for (const path of paths) {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    found.push(...ownFindings(path, stat, uid), ...(await aclFindings(path)))
    for (const parent of above(path)) parents.add(parent)
  }
  for (const parent of parents) found.push(...parentFindings(parent, lstatSync(parent), uid))
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function ownFindings(path: string, stat: Stats, uid: number): PathFinding[] {
  if (stat.isSymbolicLink()) return [{ path, why: 'it is a link: what it leads to can be swapped' }]
  if (!stat.isFile() && !stat.isDirectory()) return [{ path, why: 'it is neither a file nor a directory' }]
  if (stat.uid !== uid) return [{ path, why: `it belongs to uid ${stat.uid}` }]
  const open = stat.mode & 0o077
  if (open === 0) return []
  const mode = stat.mode & 0o700
  return [{ path, why: `group or others have rights on it (mode ${octal(stat.mode)})`, mode }]
}

function parentFindings(path: string, stat: Stats, uid: number): PathFinding[] {
  if (stat.isSymbolicLink()) return [] // its own parents are looked at where it leads; a link in root's hands is root's
  if (stat.uid !== uid && stat.uid !== 0)
    return [{ path, why: `it belongs to uid ${stat.uid}, who can swap what is below` }]
  const isSticky = (stat.mode & 0o1000) !== 0
  if ((stat.mode & 0o022) === 0 || isSticky) return []
  const why = `others can swap what is below it (mode ${octal(stat.mode)})`
  return [stat.uid === uid ? { path, why, mode: stat.mode & 0o755 } : { path, why }]
}

function above(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [] : [parent, ...above(parent)]
}

/** Entries for named users or groups, which the mode does not show. */
async function aclFindings(path: string): Promise<PathFinding[]> {
  if (!existsSync(GETFACL)) return []
  const { stdout, code } = await run(GETFACL, [
    '--omit-header',
    '--absolute-names',
    '--skip-base',
    '--physical',
    { words: [path] },
  ])
  const named = stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => /^(?:user|group):[^:]+:.*[rwx]/.test(line))
  return code === 0 && named.length > 0
    ? [{ path, why: `an access list gives rights to others: ${named.join(', ').slice(0, 200)}` }]
    : []
}

/** Takes rights away, never gives any. @returns those that were mended */
export function fixPaths(findings: readonly PathFinding[]): PathFinding[] {
  return findings.filter(({ path, mode }) => {
    if (mode === undefined) return false
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined || stat.isSymbolicLink() || stat.uid !== process.getuid?.()) return false
    chmodSync(path, stat.mode & mode & 0o7777)
    return true
  })
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8)
}
