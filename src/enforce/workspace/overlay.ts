import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'

/** What the kernel's overlay wrote about one file or directory of an upper layer. */
export interface OverlayMarks {
  /** Nothing of the lower directory shows through. */
  readonly isOpaque: boolean
  /** Marks that change the meaning of an entry in a way this version cannot follow: redirects, data kept elsewhere. */
  readonly notUnderstood: readonly string[]
}

/** Bookkeeping of the kernel that does not change what an entry means. */
const HARMLESS = new Set(['origin', 'impure', 'nlink', 'upper', 'uuid'])
const PREFIX = /^(?:user|trusted)\.overlay\./

/** @see Linux, Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories", "metacopy", "redirect_dir" */
export function marksOf(attributes: ExtendedAttributes, fd: number): OverlayMarks {
  const own = attributes.list(fd).filter((name) => PREFIX.test(name))
  const unknown = own.filter((name) => !isUnderstood(attributes, fd, name))
  return { isOpaque: own.includes('user.overlay.opaque'), notUnderstood: unknown }
}

function isUnderstood(attributes: ExtendedAttributes, fd: number, name: string): boolean {
  // our overlays are mounted with `userxattr`: what only root could have written came another way
  if (!name.startsWith('user.')) return false
  const mark = name.slice('user.overlay.'.length)
  if (mark === 'opaque') return attributes.get(fd, name)?.toString('latin1') === 'y'
  return HARMLESS.has(mark)
}

/** The attributes that belong to a file, and not to the overlay it was written through. */
export function ownAttributes(attributes: ExtendedAttributes, fd: number): [string, Buffer][] {
  return attributes
    .list(fd)
    .filter((name) => name.startsWith('user.') && !PREFIX.test(name))
    .flatMap((name): [string, Buffer][] => {
      const value = attributes.get(fd, name)
      return value === undefined ? [] : [[name, value]]
    })
}
