import { KINDS } from '../core/error.ts'

/** The first line of every unit Warder writes; a file without it is somebody else's, and stays. */
export const UNIT_MARK = '# Made by: warder service install'

export interface UnitOptions {
  readonly scope: 'user' | 'system'
  /** The program and its arguments, absolute. */
  readonly command: readonly string[]
  readonly drainTimeoutMs: number
  /** Whom a machine's unit runs as; absent means root. */
  readonly runAs?: string
}

/**
 * The systemd unit of the daemon, as tight as a program may be that builds sandboxes. What is missing is missing for a
 * reason: bubblewrap needs user, mount, pid, net, uts and ipc namespaces, the mount calls, and a /proc nobody has
 * mounted over (so no RestrictNamespaces=, ProtectKernelTunables=, ProtectProc= or ProtectControlGroups=, and no
 * filter on @mount); agents work in projects anywhere in a home (so no ProtectHome=); V8 makes code (so no
 * MemoryDenyWriteExecute=).
 */
export function serviceUnit({ scope, command, drainTimeoutMs, runAs }: UnitOptions): string {
  return [
    UNIT_MARK,
    '[Unit]',
    'Description=Warder, the guard between AI agents and this machine',
    'Documentation=man:warder(1)',
    ...(scope === 'system' ? ['After=local-fs.target'] : []),
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map(unitWord).join(' ')}`,
    ...(runAs !== undefined ? [`User=${runAs}`] : []),
    '# the main process is the supervisor: it starts the daemon, notices when that hangs, and ends its agents',
    'Restart=on-failure',
    'RestartSec=1',
    '# it gave up on a daemon that fails again and again, and every agent is stopped: somebody has to look',
    `RestartPreventExitStatus=${KINDS.stopped.exit}`,
    'ExecReload=kill -HUP $MAINPID',
    '# work under way gets its time; then everything that is left is killed',
    `TimeoutStopSec=${Math.ceil(drainTimeoutMs / 1000) + 5}`,
    'KillMode=mixed',
    '# a group of its own for every agent, with limits',
    'Delegate=cpu memory pids',
    'UMask=0077',
    'LimitCORE=0',
    'KeyringMode=private',
    ...HARDENING,
    ...(scope === 'system' ? SYSTEM_HARDENING : []),
    '',
    '[Install]',
    `WantedBy=${scope === 'system' ? 'multi-user.target' : 'default.target'}`,
    '',
  ].join('\n')
}

/** Enforced without privilege, hence in a user's unit too: seccomp and no_new_privs. */
const HARDENING = [
  'NoNewPrivileges=yes',
  'LockPersonality=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  'SystemCallArchitectures=native',
  'SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap',
  'SystemCallErrorNumber=EPERM',
]

/** Mounts and capabilities, which only the machine's manager can take away. */
const SYSTEM_HARDENING = [
  'ProtectSystem=full',
  'PrivateTmp=yes',
  'ProtectKernelModules=yes',
  'RestrictFileSystems=~debugfs tracefs bpf',
  'CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_TIME CAP_SYS_BOOT CAP_SYS_PTRACE CAP_SYS_PACCT ' +
    'CAP_SYS_TTY_CONFIG CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_LEASE CAP_MAC_ADMIN CAP_MAC_OVERRIDE ' +
    'CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_AUDIT_WRITE CAP_IPC_LOCK CAP_LINUX_IMMUTABLE CAP_MKNOD CAP_NET_BROADCAST ' +
    'CAP_NET_RAW CAP_BPF CAP_PERFMON CAP_CHECKPOINT_RESTORE',
  'AmbientCapabilities=',
  'RuntimeDirectory=warder',
  'RuntimeDirectoryMode=0700',
  'StateDirectory=warder warder/state warder/keys',
  'StateDirectoryMode=0700',
  'CacheDirectory=warder',
  'CacheDirectoryMode=0700',
]

/** One word of ExecStart, so that no path can become two words, a variable or a specifier (systemd.service(5)). */
export function unitWord(word: string): string {
  if (/[\u0000-\u001f\u007f]/.test(word)) throw new Error('a control character cannot stand in a unit')
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w/.,:=@+%$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll(/["\\]/g, '\\$&')}"`
}
