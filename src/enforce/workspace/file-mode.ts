import { fchmodSync, fchownSync } from 'node:fs'
import { closeFile } from './bytes.ts'
import type { Directory } from './directory.ts'

/** Changes the permissions of a file or directory, never of what a link leads to. @returns false when there is neither */
export function changeFileMode(
  parent: Directory,
  name: string,
  mode: number,
  owner?: { readonly uid: number; readonly gid: number },
): boolean {
  const fd = parent.file(name) ?? parent.child(name)?.fd
  if (fd === undefined) return false
  try {
    // first the owner: a change of it takes bits of the mode away
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid)
    fchmodSync(fd, mode & 0o1777)
    return true
  } finally {
    closeFile(fd)
  }
}
