/**
 * Names that make a tool of the host run something when it merely looks at the tree. A change set is compared with
 * them in every directory and under every name a file system or git takes for the same one.
 */
export function protectedMatcher(names: readonly string[]): (path: string) => boolean {
  const patterns = [...names, ...ALSO].map((name) => name.replace(/\/$/, '').split('/').map(foldedName))
  return (path) => {
    const components = path.split('/').map(foldedName)
    return patterns.some((pattern) =>
      components.some((_, at) => pattern.every((part, index) => isSame(components[at + index], part))),
    )
  }
}

/** What a sandbox leaves alone because the agent alone would read it, and a host must not take unseen. */
const ALSO = [
  '.gitmodules',
  '.gitconfig',
  '.bashrc',
  '.bash_profile',
  '.bash_login',
  '.profile',
  '.zshrc',
  '.zshenv',
]

/** Windows' short name for `.git`, which a shared disk would take for it. */
const SHORT_GIT = /^git~\d+$/

/**
 * One form for all the names that some file system takes for the same: case, compatibility forms, letters that are not
 * seen, and dots, spaces and streams at the end (as git's own check of `.git` has them).
 */
export function foldedName(name: string): string {
  const plain = name
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Mn}\p{Variation_Selector}]/gu, '')
    .toLowerCase()
    .replace(/:.*$/, '')
    .replace(/[. ]+$/, '')
  return SHORT_GIT.test(plain) ? '.git' : plain
}

function isSame(component: string | undefined, part: string): boolean {
  return component === part
}
