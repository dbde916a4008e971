import type { SyscallName } from './syscalls.ts'

/** Error numbers a refused call returns (<asm-generic/errno.h>). */
export const ERRNO = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const
export type Errno = keyof typeof ERRNO

/** Tests the low 32 bits of an argument (or, with `mask`, some of them); the high bits never matter. */
export interface ArgumentTest {
  readonly argument: 0 | 1 | 2 | 3 | 4 | 5
  /** Absent: all bits. */
  readonly mask?: number
  readonly is: 'equal' | 'not-equal'
  readonly value: number
}

/** Refuses a call when all tests hold (no tests: always). Rules of one call are tried in order; none holds: allowed. */
export interface FilterRule {
  readonly call: SyscallName
  readonly tests: readonly ArgumentTest[]
  readonly errno: Errno
}

const SETUID_SETGID = 0o6000
const O_CREAT = 0o100
const O_TMPFILE_BIT = 0o20000000
const S_IFMT = 0o170000
const S_IFCHR = 0o020000
const S_IFBLK = 0o060000
const CLONE_THREAD = 0x10000
// NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
const CLONE_NAMESPACES = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const SOCK_TYPE = 0xf
const SOCK_RAW = 3
const SOCK_PACKET = 10
const PERSONALITY_QUERY = 0xffffffff
// typing into a terminal, the console's paste buffer, taking over console output, exchanging the line discipline
const TERMINAL_REQUESTS = [0x5412, 0x541c, 0x541d, 0x5423]

/** Calls no agent needs and each of which has opened a way out of a sandbox somewhere. */
const REFUSED: readonly SyscallName[] = [
  'ptrace',
  'process_vm_readv',
  'process_vm_writev',
  'process_madvise',
  'process_mrelease',
  'pidfd_getfd',
  'kcmp',
  'bpf',
  'perf_event_open',
  'userfaultfd',
  'add_key',
  'request_key',
  'keyctl',
  'unshare',
  'setns',
  'mount',
  'umount2',
  'pivot_root',
  'chroot',
  'open_tree',
  'open_tree_attr',
  'move_mount',
  'fsopen',
  'fsconfig',
  'fsmount',
  'fspick',
  'mount_setattr',
  'open_by_handle_at',
  'fanotify_init',
  'kexec_load',
  'kexec_file_load',
  'init_module',
  'finit_module',
  'delete_module',
  'create_module',
  'query_module',
  'get_kernel_syms',
  'swapon',
  'swapoff',
  'reboot',
  'iopl',
  'ioperm',
  'modify_ldt',
  'acct',
  'quotactl',
  'quotactl_fd',
  'nfsservctl',
  'lookup_dcookie',
  'syslog',
  '_sysctl',
  'uselib',
  'ustat',
  'sysfs',
  'vhangup',
  'settimeofday',
  'clock_settime',
  'sethostname',
  'setdomainname',
  'move_pages',
  'migrate_pages',
]

/**
 * Calls whose arguments lie in memory a filter cannot read, so "not there" is the one safe answer; libraries then take
 * the older call. openat2 could create a set-uid file, clone3 a namespace, and a ring would act without any filter.
 */
const ABSENT: readonly SyscallName[] = [
  'clone3',
  'openat2',
  'io_uring_setup',
  'io_uring_enter',
  'io_uring_register',
]

export interface FilterOptions {
  /** Refuses every way to start a process; threads stay possible. */
  readonly noFork: boolean
}

/** The whole filter as data: what is refused, and with which answer. Everything not named is allowed. */
export function filterRules({ noFork }: FilterOptions): readonly FilterRule[] {
  return [
    ...REFUSED.map((call) => ({ call, tests: [], errno: 'EPERM' }) as const),
    ...ABSENT.map((call) => ({ call, tests: [], errno: 'ENOSYS' }) as const),
    ...socketRules(),
    ...modeRules(),
    ...processRules(noFork),
    { call: 'personality', tests: [not(0, 0), not(0, PERSONALITY_QUERY)], errno: 'EPERM' },
    ...TERMINAL_REQUESTS.map((request) => refuse('ioctl', equal(1, request))),
  ]
}

function socketRules(): FilterRule[] {
  const family = [not(0, AF_UNIX), not(0, AF_INET), not(0, AF_INET6), not(0, AF_NETLINK)]
  const raw = [SOCK_RAW, SOCK_PACKET].flatMap((type) =>
    [AF_INET, AF_INET6].map((ip) => refuse('socket', equal(0, ip), bits(1, SOCK_TYPE, type))),
  )
  return [
    { call: 'socket', tests: family, errno: 'EAFNOSUPPORT' },
    // netlink: routing only; the rest reaches the kernel's firewall, audit and crypto
    { call: 'socket', tests: [equal(0, AF_NETLINK), not(2, 0)], errno: 'EAFNOSUPPORT' },
    ...raw,
    { call: 'socketpair', tests: [not(0, AF_UNIX)], errno: 'EAFNOSUPPORT' },
  ]
}

/** So that no file in a shared tree runs as its owner for whoever starts it, and no device node opens the disk. */
function modeRules(): FilterRule[] {
  const chmods = [
    ['chmod', 1],
    ['fchmod', 1],
    ['fchmodat', 2],
    ['fchmodat2', 2],
    ['creat', 1],
    ['mknod', 1],
    ['mknodat', 2],
  ] as const
  const opens = [
    ['open', 1],
    ['openat', 2],
  ] as const
  const devices = [
    ['mknod', 1],
    ['mknodat', 2],
  ] as const
  return [
    ...chmods.map(([call, at]) => refuse(call, someBits(at, SETUID_SETGID))),
    ...opens.flatMap(([call, at]) =>
      [O_CREAT, O_TMPFILE_BIT].map((flag) =>
        refuse(call, someBits(at, flag), someBits((at + 1) as ArgumentTest['argument'], SETUID_SETGID)),
      ),
    ),
    ...devices.flatMap(([call, at]) =>
      [S_IFCHR, S_IFBLK].map((kind) => refuse(call, bits(at, S_IFMT, kind))),
    ),
  ]
}

function processRules(noFork: boolean): FilterRule[] {
  const namespaces = CLONE_NAMESPACES.map((flag) => refuse('clone', someBits(0, flag)))
  if (!noFork) return namespaces
  return [...namespaces, refuse('clone', bits(0, CLONE_THREAD, 0)), refuse('fork'), refuse('vfork')]
}

type At = ArgumentTest['argument']
const refuse = (call: SyscallName, ...tests: readonly ArgumentTest[]): FilterRule => ({
  call,
  tests,
  errno: 'EPERM',
})
const equal = (argument: At, value: number): ArgumentTest => ({ argument, is: 'equal', value })
const not = (argument: At, value: number): ArgumentTest => ({ argument, is: 'not-equal', value })
const bits = (argument: At, mask: number, value: number): ArgumentTest => ({
  argument,
  mask,
  is: 'equal',
  value,
})
const someBits = (argument: At, mask: number): ArgumentTest => ({ argument, mask, is: 'not-equal', value: 0 })
