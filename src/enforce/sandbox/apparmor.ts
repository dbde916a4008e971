import { SandboxError } from './errors.ts'
import { isWithin } from './paths.ts'
import type { Mount, SandboxSpec } from './spec.ts'

/**
 * The same spec as an AppArmor profile, for hosts whose administrator loads one besides. A second wall and never the
 * only one: Warder cannot load it, and does not count it among the guarantees.
 */
export function apparmorProfile(spec: SandboxSpec, name: string): string {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name)) {
    throw new SandboxError(
      'SANDBOX_PROFILE_INVALID',
      `${JSON.stringify(name)} cannot name an AppArmor profile`,
      'use lower-case letters, digits and dashes',
    )
  }
  const binds = spec.mounts.filter((mount) => mount.type === 'bind')
  const writable = binds.filter(({ access, why }) => access === 'write' && !why.startsWith('pinned'))
  const lines = [
    ...binds.filter(({ access }) => access === 'read').flatMap((mount) => grant(mount, 'r', 'mrix')),
    ...writable.flatMap((mount) =>
      mount.identity?.kind === 'socket' ? [`${quoted(mount.path)} rw,`] : grant(mount, 'rw', 'mrwlkix'),
    ),
    ...spec.mounts.filter(({ type }) => type === 'memory').flatMap((mount) => grant(mount, 'rw', 'mrwlkix')),
    ...['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx'].map((device) => `/dev/${device} rw,`),
    '/dev/pts/[0-9]* rw,',
    'owner /dev/shm/** rwlk,',
    'owner @{PROC}/@{pid}/** r,',
    '@{PROC}/{cpuinfo,meminfo,stat,uptime,version,filesystems} r,',
    ...spec.mounts.flatMap((mount) => refusal(mount, writable)),
  ]
  return `${[
    '# Made by Warder from a sandbox profile. Load with: apparmor_parser -r FILE',
    'abi <abi/3.0>,',
    'include <tunables/global>',
    '',
    `profile ${name} flags=(attach_disconnected) {`,
    ...[...FIXED, ...signals(name), ...new Set(lines)].map((line) => `  ${line}`),
    '}',
  ].join('\n')}\n`
}

/** What no run gets, whatever its profile; no capability is granted because none is named. */
const FIXED = [
  'network unix stream,',
  'network unix seqpacket,',
  'network netlink dgram,',
  'network inet stream,',
  'network inet6 stream,',
  'deny network raw,',
  'deny network packet,',
  'deny network vsock,',
  'deny network bluetooth,',
  'deny mount,',
  'deny umount,',
  'deny remount,',
  'deny pivot_root,',
  'deny capability sys_module,',
  'deny capability sys_admin,',
  'deny capability sys_ptrace,',
  'deny @{PROC}/sys/** w,',
  'deny @{PROC}/sysrq-trigger rwx,',
  'deny @{PROC}/kcore rwx,',
  'deny /sys/** w,',
]

function signals(name: string): string[] {
  return [
    `signal (send, receive) peer=${name},`,
    'signal (receive) peer=unconfined,',
    `ptrace (read, readby) peer=${name},`,
    'deny ptrace (trace, tracedby),',
  ]
}

function grant(mount: Mount, top: string, below: string): string[] {
  const kind = mount.type === 'bind' ? mount.identity?.kind : 'directory'
  const file = [`${quoted(mount.path)} ${below},`]
  const directory = [`${quoted(`${mount.path}/`)} ${top},`, `${quoted(mount.path, '/**')} ${below},`]
  // parts of the system may be either
  return kind === 'file' ? file : kind === 'directory' ? directory : [...file, ...directory]
}

/** AppArmor can take back what it gave: a deny beats every grant. */
function refusal(mount: Mount, writable: readonly Mount[]): string[] {
  const isInside = writable.some((tree) => tree.path !== mount.path && isWithin(mount.path, tree.path))
  if (mount.type === 'mask' && !mount.absent) {
    return [`deny ${quoted(mount.path)} mrwklx,`, `deny ${quoted(mount.path, '/**')} mrwklx,`]
  }
  const isKept = isInside && (mount.type === 'mask' || (mount.type === 'bind' && mount.access === 'read'))
  return isKept ? [`deny ${quoted(mount.path)} wl,`, `deny ${quoted(mount.path, '/**')} wl,`] : []
}

/** A path as AppArmor reads it: quoted, and every character that means something to it escaped. */
function quoted(path: string, wildcard = ''): string {
  if (/["\u0000-\u001f\u007f]/.test(path)) {
    throw new SandboxError(
      'SANDBOX_PATH_INVALID',
      `${JSON.stringify(path)} cannot stand in an AppArmor profile`,
      'rename it',
    )
  }
  return `"${path.replaceAll(/[\\*?[\]{}^@$!,]/g, String.raw`\$&`)}${wildcard}"`
}
