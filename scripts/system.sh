#!/bin/sh
# Makes sure that the Debian packages named are there: sh scripts/system.sh [--wanted] [PACKAGE...]
#
# Silent when they are. As root, or where sudo asks no password, it installs what is missing; otherwise it prints the
# command for a person to run and exits with 7. With --wanted the exit code is 0 all the same: the caller can go on
# without them.
set -eu

refuse() {
  if [ -n "$wanted" ]; then exit 0; fi
  exit 7
}

wanted=''
if [ "${1:-}" = --wanted ]; then
  wanted=yes
  shift
fi

missing=''
for package in "$@"; do
  case $package in
    bubblewrap) program=bwrap ;;
    util-linux) program=prlimit ;;
    perl-base) program=perl ;;
    gnome-keyring) program=gnome-keyring-daemon ;;
    apparmor) program=/usr/sbin/apparmor_parser ;;
    libc6-dev)
      # headers and the static library have no program; whoever can compile has both
      for file in /usr/lib/libc.a /usr/lib/*/libc.a /usr/lib64/libc.a; do
        if [ -e "$file" ]; then continue 2; fi
      done
      program=libc6-dev
      ;;
    *) program=$package ;;
  esac
  command -v "$program" >/dev/null || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "These programs are missing, under their Debian names:$missing" >&2
  echo 'Install them with the package manager of this system, then run this again.' >&2
  refuse
fi
if [ "$(id -u)" = 0 ]; then
  as=''
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as='sudo -n'
else
  echo "These Debian packages are missing:$missing" >&2
  echo "Run: sudo apt-get install --no-install-recommends$missing" >&2
  refuse
fi

echo "installing Debian packages:$missing" >&2
options='-qq -o DPkg::Lock::Timeout=120'
# shellcheck disable=SC2086 # lists of words
$as env DEBIAN_FRONTEND=noninteractive apt-get $options update </dev/null >&2 || [ -n "$wanted" ]
# shellcheck disable=SC2086 # lists of words
$as env DEBIAN_FRONTEND=noninteractive apt-get $options install -y --no-install-recommends $missing </dev/null >&2 ||
  [ -n "$wanted" ]
