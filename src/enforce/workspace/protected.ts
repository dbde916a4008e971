/**
 * Names that make a tool of the host run something when it merely looks at the tree. A change set is compared with
 * them in every directory and under every name a file system or git takes for the same one.
 */
export function protectedMatcher(names: readonly string[]): (path: string) => boolean {
  const patterns = [...names, ...ALSO].map((name) => name.replace(/\/$/, '').split('/').map(foldedName))
  const single = new Set(patterns.flatMap(([first = '', ...rest]) => (rest.length === 0 ? [first] : [])))
  const several = patterns.filter(({ length }) => length > 1)
  return (path) => {
    const components = path.split('/').map(foldedName)
    return (
      components.some((component) => single.has(component)) ||
      several.some((pattern) =>
        components.some((_, at) => pattern.every((part, index) => components[at + index] === part)),
      )
    )
  }
}

/** What a sandbox leaves alone because the agent alone would read it, and a host must not take unseen. */
const ALSO = [
  ...['.gitmodules', '.gitconfig', '.githooks', '.jj', 'lefthook.yml', '.lefthook.yml', '.overcommit.yml'],
  ...['.bashrc', '.bash_profile', '.bash_login', '.profile', '.zshrc', '.zshenv', '.zprofile'],
  // editors and debuggers, which read them from where they are opened
  ...['.devcontainer', '.devcontainer.json', '.fleet', '.vs', '.vimrc', '.exrc', '.nvimrc', '.nvim.lua'],
  ...['.lvimrc', '.dir-locals.el', '.gdbinit', '.lldbinit', '.mise.toml', 'mise.toml'],
  // other coding agents: servers and hooks they start with the project
  ...['.opencode', 'opencode.json', 'opencode.jsonc', '.windsurf', '.kiro', '.roo', '.qwen', '.continue'],
  ...['.amazonq', '.crush.json', 'crush.json', '.aider.conf.yml', '.junie', '.factory', '.augment'],
  // a package manager that is told to be another program
  ...['.yarnrc', '.yarnrc.yml', '.pnpmfile.cjs', '.cargo/config', '.cargo/config.toml', '.bundle/config'],
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
