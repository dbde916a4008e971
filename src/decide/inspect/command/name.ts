/** Where the system keeps its programs: the same name there means the same program. */
const SYSTEM =
  /^(?:\/(?:usr\/(?:local\/)?|opt\/homebrew\/)?(?:s?bin|libexec)|\/System\/.*|\/usr\/lib(?:32|64|exec)?(?:\/.*)?|\/lib(?:32|64)?(?:\/.*)?|\/nix\/store\/[^/]+\/bin|\/snap\/bin)$/

/** The same program under other names. */
const SAME: Readonly<Record<string, string>> = {
  rbash: 'bash',
  rzsh: 'zsh',
  rksh: 'ksh',
  ksh93: 'ksh',
  mksh: 'ksh',
  pdksh: 'ksh',
  nvim: 'vim',
  vi: 'vim',
  vimdiff: 'vim',
  view: 'vim',
  rvim: 'vim',
  rview: 'vim',
  gvim: 'vim',
  ex: 'vim',
  nawk: 'awk',
  gawk: 'awk',
  mawk: 'awk',
  igawk: 'awk',
  goawk: 'awk',
  'original-awk': 'awk',
  gsed: 'sed',
  gtar: 'tar',
  gfind: 'find',
  ggrep: 'grep',
  nodejs: 'node',
  pypy: 'python',
  ipython: 'python',
  jython: 'python',
  bpython: 'python',
  luajit: 'lua',
  texlua: 'lua',
  ncat: 'nc',
  netcat: 'nc',
  'nc.openbsd': 'nc',
  'nc.traditional': 'nc',
  tclsh: 'tclsh',
  wish: 'tclsh',
  mariadb: 'mysql',
  sqlite: 'sqlite3',
  powershell: 'pwsh',
  'source-highlight': 'source-highlight',
  '.': 'source',
  batcat: 'bat',
  fdfind: 'fd',
  gpg2: 'gpg',
  podman: 'podman',
  pip3: 'pip',
  'docker-compose': 'docker-compose',
  emacsclient: 'emacs',
  xemacs: 'emacs',
  'g++': 'gcc',
  'c++': 'gcc',
  cc: 'gcc',
  c99: 'gcc',
  c89: 'gcc',
  clang: 'gcc',
  'clang++': 'gcc',
  cpp: 'gcc',
  gmake: 'make',
  bmake: 'make',
  egrep: 'grep',
  fgrep: 'grep',
  zgrep: 'grep',
  rgrep: 'grep',
  mawkinfo: 'awk',
  'bash-static': 'bash',
  'zsh-static': 'zsh',
  zsh5: 'zsh',
  'static-sh': 'sh',
  lksh: 'ksh',
  oksh: 'ksh',
  rnano: 'nano',
  'busybox-static': 'busybox',
  'php-cli': 'php',
  'python-dbg': 'python',
  micropython: 'python',
  'lua-static': 'lua',
  'byobu-tmux': 'tmux',
  'byobu-screen': 'screen',
  'weechat-curses': 'weechat',
  'mysql-client': 'mysql',
  'youtube-dl': 'yt-dlp',
}

/**
 * The plain name of a program: `/usr/bin/python3.11` is `python`.
 *
 * @returns the name as the tables know it, in lower case
 */
export function plainName(program: string): string {
  const last = program.slice(program.lastIndexOf('/') + 1)
  const lower = last.toLowerCase().replace(/\.exe$/, '')
  const same = own(lower)
  if (same !== undefined) return same
  // gcc-12, python3.11, lua5.4, vim.basic, ld-linux-x86-64.so.2
  const bare = lower
    .replace(/\.so(?:\.\d+)*$/, '')
    .replace(/\.(?:basic|tiny|nox|gtk3?|athena|openbsd|traditional)$/, '')
    .replace(VERSIONED, '$1')
  return own(bare) ?? bare
}

function own(name: string): string | undefined {
  return Object.hasOwn(SAME, name) ? SAME[name] : undefined
}

/** Programs that are installed under names with a version; with others the number is part of the name. */
const VERSIONED =
  /^(python|pypy|perl|ruby|jruby|lua|luajit|php|node|nodejs|gcc|g\+\+|cpp|clang|clang\+\+|gfortran|vim|nvim|emacs|tclsh|wish|expect|guile|pip|ipython|irb|gem|ghc|runghc|julia|scala|make|go|java|javac|gdb|lldb|psql|pg_dump|awk|gawk|mawk|bash|zsh|ksh|fish|openssl|ncat|swift|erl|octave|ansible)-?\d+(?:\.\d+)*$/

/** Whether a path with a slash is a place programs of the system stand in. */
export function isSystemProgram(program: string): boolean {
  const at = program.lastIndexOf('/')
  return at === -1 || SYSTEM.test(program.slice(0, at))
}
