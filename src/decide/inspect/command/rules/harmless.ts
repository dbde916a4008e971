interface HarmlessRow {
  readonly of: string
  /** Arguments that make it do more than look. */
  readonly unless?: RegExp
}

/** Programs that only look, as long as no rule speaks of their arguments. */
export const HARMLESS: readonly HarmlessRow[] = [
  {
    of: 'ls dir vdir stat file pwd whoami id groups users who w uptime uname arch hostname hostid nproc free df du tree cal date sleep seq yes true false test [ expr basename dirname realpath readlink pathchk tty logname printenv locale getconf lscpu lsmem lsusb lspci lsblk lsmod lsof lsns lsipc lslocks lslogins blkid findmnt vmstat iostat mpstat pidstat sar numastat getent tput clear reset column cksum sum md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum md5 shasum crc32 wc cmp diff colordiff comm join paste nl tac rev fold fmt pr cut tr expand unexpand head tail cat bat more most zcat bzcat xzcat zstdcat strings od hexdump xxd base64 base32 basenc factor numfmt printf echo jq yq xq gron xmllint csvlook csvcut mlr grep rg ag ack pcregrep sort uniq shuf tsort look ldd nm objdump readelf size addr2line c++filt which whereis type whatis apropos man info tldr help locate plocate pgrep ps pstree top htop btop atop glances pmap pidof jobs getfacl lsattr getcap ss netstat ifconfig arp route iwconfig ip dmesg journalctl last lastlog lastb uptime timedatectl hostnamectl localectl loginctl sw_vers system_profiler vm_stat ioreg mdfind mdls sysctl fgrep egrep zgrep zdiff zless zmore less figlet cowsay fortune bc dc units dot ascii iconv dos2unix unix2dos gunzip exa eza lsd fd dust duf procs tokei scc cloc hyperfine watch tac md5deep sha256deep file-roller lsb_release acpi sensors inxi neofetch fastfetch screenfetch cpuid dmidecode tabs infocmp toe locale-check getopt mktemp-u clock gdate gstat ghead gtail exiftool identify mediainfo ffprobe soxi pdfinfo pdftotext djvused catdoc antiword units vulkaninfo glxinfo xdpyinfo xrandr xwininfo xprop wmctrl fc-list fc-match setxkbmap',
    unless:
      /(?:^| )(?:-o|--output|--config|-F|--compress-program|--set|-s \S|-w|--write|-exec|-D|-delete|flush|add|del|set|--vacuum|--rotate|-c|--clear|--kill|--console-off)\b|>/,
  },
  {
    of: 'ls stat file pwd whoami id du df cat head tail wc grep rg cut tr sort uniq date diff tree ps sleep seq jq sed',
  },
  {
    of: 'gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd lz4 pigz pbzip2 lzma lzop zopfli brotli 7zr',
    unless: /(?:^| )[^-\s]/,
  },
]

/** Programs whose subcommands differ: these only look. */
export const LOOKING_SUBCOMMANDS: Readonly<
  Record<string, { readonly sub: string; readonly unless?: RegExp }>
> = {
  git: {
    sub: 'status log diff show branch blame shortlog describe rev-parse rev-list ls-files ls-tree cat-file reflog tag whatchanged name-rev merge-base cherry count-objects diff-tree diff-index diff-files for-each-ref grep help version var show-ref show-branch check-ignore check-attr verify-commit verify-tag fsck config.get config.list remote.show remote.get-url stash.list stash.show worktree.list submodule.status notes.show range-diff annotate',
    unless:
      /(?:^| )(?:-[dDmMfcC]|--delete|--move|--force|--output|--ext-diff|--textconv|-O|--open-files-in-pager|--set-upstream\S*|-u|--edit-description|expire)\b/,
  },
  docker: {
    sub: 'ps images version info inspect logs stats top port diff history search events image.ls image.inspect container.ls container.inspect network.ls network.inspect volume.ls volume.inspect system.df system.info context.ls compose.ps compose.logs compose.config',
  },
  podman: { sub: 'ps images version info inspect logs stats top port diff history search events' },
  kubectl: {
    sub: 'get describe logs top explain version cluster-info api-resources api-versions auth config.view config.get-contexts config.current-context diff rollout.status rollout.history',
    unless: /secret/,
  },
  systemctl: {
    sub: 'status list-units list-unit-files list-timers list-sockets list-jobs list-dependencies is-active is-enabled is-failed show cat help get-default is-system-running',
  },
  service: { sub: '--status-all' },
  npm: {
    sub: 'ls list ll la view info show search outdated help version root prefix bin ping whoami config.get config.list doctor explain why fund',
  },
  yarn: { sub: 'list info why outdated versions licenses' },
  pnpm: { sub: 'list ls why outdated licenses root' },
  pip: { sub: 'list show freeze check help search debug index inspect' },
  cargo: { sub: 'tree metadata search version help locate-project pkgid read-manifest verify-project' },
  go: { sub: 'list version env doc vet help', unless: /-w|-vettool|-toolexec/ },
  apt: { sub: 'list show search policy depends rdepends' },
  'apt-cache': { sub: 'search show showpkg policy depends rdepends stats pkgnames madison unmet' },
  dpkg: { sub: '' },
  brew: { sub: 'list info search outdated deps uses config doctor home leaves' },
  dnf: { sub: 'list info search repolist provides history check-update' },
  yum: { sub: 'list info search repolist provides history check-update' },
  pacman: { sub: '' },
  rpm: { sub: '' },
  snap: { sub: 'list info find changes connections' },
  flatpak: { sub: 'list info search remotes history' },
  gh: {
    sub: 'pr.list pr.view pr.status pr.diff pr.checks issue.list issue.view issue.status repo.view repo.list run.list run.view release.list release.view status',
  },
  terraform: { sub: 'version validate show output providers graph fmt' },
  helm: { sub: 'list status history get search show version env' },
  aws: { sub: 'help' },
  tmux: {
    sub: 'ls list-sessions list-windows list-panes list-keys list-commands show-options display-message',
  },
  node: { sub: '' },
  make: { sub: '', unless: /./ },
  crontab: { sub: '' },
}
