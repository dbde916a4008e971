import { readFileSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file system somebody else answers for: another program, or another machine. */
export interface ForeignMount {
  /** The kernel's number of it, so that another one at the same place is known as such. */
  readonly id: string
  readonly path: string
  /** The user a FUSE program runs as; only such mounts have one. */
  readonly user?: number
}

/** By type; a disk may be slow, these may never answer. */
const FOREIGN =
  /^(?:fuse(?:blk)?(?:\..*)?|nfs4?|cifs|smb\d?|smbfs|9p|ceph|afs|virtiofs|lustre|glusterfs|orangefs|coda|vboxsf|vmhgfs|prl_fs|drvfs|beegfs|gpfs|davfs)$/
const MOST_LINKS = 40

/** Reads the kernel's own list, for which no file system is asked. @returns by place; none where there is no such list */
export function foreignMounts(file = '/proc/self/mountinfo'): ReadonlyMap<string, ForeignMount> {
  const found = new Map<string, ForeignMount>()
  for (const line of textOf(file).split('\n')) {
    // proc_pid_mountinfo(5): id parent device root place options [more] - type source options
    const [, id, at] = /^(\d+) \d+ \S+ \S+ (\S+) /.exec(line) ?? []
    const [, type, options = ''] = / - (\S+) \S* ?(\S*)$/.exec(line) ?? []
    if (id === undefined || at === undefined || type === undefined) continue
    const path = at.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    found.delete(path) // what is mounted over it hides it
    if (!FOREIGN.test(type)) continue
    const user = type.startsWith('fuse') ? Number(/(?:^|,)user_id=(\d+)/.exec(options)?.[1] ?? 0) : undefined
    found.set(path, { id, path, ...(user === undefined ? {} : { user }) })
  }
  return found
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/**
 * Which of these mounts a path leads into, links followed. No further than to the border: nothing behind it is asked.
 *
 * @param path absolute
 */
export function leadsInto(path: string, mounts: ReadonlyMap<string, ForeignMount>): ForeignMount | undefined {
  const left = path.split('/').toReversed()
  let at = '/'
  let links = 0
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      at = dirname(at)
      continue
    }
    const here = join(at, part)
    const mount = mounts.get(here)
    if (mount !== undefined) return mount
    const target = linkAt(here)
    if (target === undefined) {
      at = here
      continue
    }
    if ((links += 1) > MOST_LINKS) return undefined // nobody can open that
    if (target.startsWith('/')) at = '/'
    left.push(...target.split('/').toReversed())
  }
  return undefined
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
