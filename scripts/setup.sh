#!/bin/sh
# Runs one task of the project: sh scripts/setup.sh build|test|demo|bench|check|docs [arguments]
#
# From a fresh clone nothing else is needed: packages are installed as locked, Debian packages the task needs are
# looked for (and installed where we may), and the task runs on the Node version the lockfile pins.
set -eu
cd "$(dirname "$0")/.."

# What only some guarantees need: where it cannot be installed, the task goes on, and says what is lost.
wanted='gcc libc6-dev'

task=${1:-}
case $task in
  build) packages='' ;;
  check | docs) packages='' wanted='' ;;
  demo | bench) packages='bubblewrap util-linux' ;;
  test)
    packages='bubblewrap util-linux perl-base age'
    # tests that need one of these and do not find it say so, and count as skipped
    wanted="$wanted chromium gnome-keyring dbus-daemon apparmor zsh fish"
    ;;
  *)
    echo "usage: sh scripts/setup.sh build|test|demo|bench|check|docs [arguments]" >&2
    exit 2
    ;;
esac
shift

# Installing takes half a minute and takes the packages away from whoever is using them meanwhile, so it is done only
# when what is installed differs from what is locked. The stamp, a copy of the lockfile, saves asking.
is_installed() {
  [ -e node_modules/.package-lock.json ] && command -v node >/dev/null && node -e '
    const { readFileSync } = require("node:fs")
    const packages = (path) => JSON.parse(readFileSync(path, "utf8")).packages
    const locked = packages("package-lock.json")
    const found = packages("node_modules/.package-lock.json")
    const names = new Set([...Object.keys(locked), ...Object.keys(found)].filter((name) => name !== ""))
    for (const name of names) {
      // the build of an optional package for another platform is rightly absent
      if (found[name] === undefined && locked[name].optional) continue
      if (locked[name]?.version !== found[name]?.version) process.exit(1)
      if (locked[name].integrity !== found[name].integrity) process.exit(1)
    }'
}

stamp=node_modules/.warder-lock
if ! cmp -s package-lock.json "$stamp"; then
  if ! is_installed; then
    if ! command -v npm >/dev/null; then
      echo 'npm is missing. Install Node.js with npm (Debian: apt-get install nodejs npm), then run this again.' >&2
      exit 7
    fi
    echo 'installing packages (npm ci)' >&2
    if [ -w "${HOME:-/nonexistent}" ]; then
      npm ci --no-audit --no-fund --loglevel=error >&2
    else
      # npm needs a cache it can write; a build account may have no home
      cache=$(mktemp -d)
      npm ci --no-audit --no-fund --loglevel=error --cache "$cache" >&2
      rm -rf "$cache"
    fi
  fi
  cp package-lock.json "$stamp"
fi

# shellcheck disable=SC2086 # a list of names
sh scripts/system.sh $packages
# shellcheck disable=SC2086 # a list of names
sh scripts/system.sh --wanted $wanted

node=node_modules/.bin/node
if ! [ -x "$node" ]; then
  # the pinned Node has no build for this machine
  node=$(command -v node || true)
  if [ -z "$node" ] || ! "$node" -e '
    const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit(major > 24 || (major === 24 && minor >= 15) ? 0 : 1)'; then
    echo "There is no packaged Node.js for $(uname -s) $(uname -m), and the one in PATH is ${node:-missing}${node:+ ($("$node" --version))}." >&2
    echo 'Install Node.js 24.15 or newer, put it first in PATH, then run this again.' >&2
    exit 7
  fi
fi

if ! [ -f "scripts/$task.ts" ]; then
  echo "scripts/$task.ts is missing: this clone is incomplete" >&2
  exit 7
fi
exec "$node" "scripts/$task.ts" "$@"
