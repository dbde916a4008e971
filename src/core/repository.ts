/**
 * Whether git would take a directory for a repository: it needs no `.git` around it, and whoever enters it runs what
 * its configuration names.
 *
 * @param has whether there is something of this name, in small letters
 * @see git(1), setup.c, is_git_directory
 */
export function isRepositoryShaped(has: (name: string) => boolean): boolean {
  return has('head') && (has('commondir') || (has('objects') && has('refs')))
}
