import { syscallNumber, type SyscallName } from '../syscalls.ts'
import { group, type Attempt, type Stage, type Target } from './attempt.ts'
import { temporary } from './files.ts'

// <linux/sched.h>
const NEWNS = 0x20000
const NEWUTS = 0x4000000
const NEWUSER = 0x10000000
const NEWPID = 0x20000000
const NEWNET = 0x40000000

const hex = (flags: number) => `0x${flags.toString(16)}`

/**
 * One call as such. `ok` wants it to succeed; `reach` is content when the kernel looked at its arguments, which are
 * then such that nothing can come of it.
 *
 * @param first namespaces to make before, as far as that is allowed: they lend the power many calls ask for
 */
function call(
  name: string,
  tries: string,
  wants: 'ok' | 'reach',
  which: SyscallName,
  args: readonly (string | number)[],
  first = 0,
) {
  return {
    name,
    tries,
    order: (_stage: Stage, { architecture }: Target) => {
      const number = syscallNumber(which, architecture)
      return number === undefined ? undefined : ['call', wants, hex(first), `${number}`, ...args.map(String)]
    },
  }
}

const unshared = (name: string, what: string, flags: number) =>
  call(`unshare-${name}`, `makes ${what}`, 'ok', 'unshare', [hex(flags)])
const cloned = (by: '1' | '3', what: string, flags: number) => ({
  name: `clone${by === '3' ? '3' : ''}-${what}`,
  tries: `starts a process in a ${what} namespace of its own, by clone${by === '3' ? '3' : ''}`,
  order: () => ['clone', by, hex(flags)],
})

const NAMESPACES = group(
  { group: 'namespaces', guarantee: 'seccomp', stoppedBy: 'seccomp', atEveryLevel: true },
  [
    unshared('user', 'a user namespace, where it would be root', NEWUSER),
    unshared('mount', 'a mount namespace, where it could mount', NEWUSER | NEWNS),
    unshared('network', 'a network namespace', NEWUSER | NEWNET),
    unshared('pid', 'a process namespace', NEWUSER | NEWPID),
    cloned('1', 'user', NEWUSER),
    cloned('1', 'mount', NEWUSER | NEWNS),
    cloned('3', 'user', NEWUSER),
    cloned('3', 'network', NEWUSER | NEWNET),
    {
      name: 'setns',
      tries: 'enters a namespace through a file in /proc',
      order: () => ['setns', hex(NEWUSER | NEWNET), '/proc/self/ns/net'],
    },
    {
      name: 'nested-sandbox',
      tries: 'starts bubblewrap inside, to argue with a filter of its own',
      isRequired: false,
      order: () => ['exec', '/usr/bin/bwrap', '--unshare-user', '--ro-bind', '/', '/', '/usr/bin/true'],
    },
  ],
)

const MOUNTS = group({ group: 'kernel', guarantee: 'seccomp', stoppedBy: 'seccomp', atEveryLevel: true }, [
  {
    name: 'mount',
    tries: 'mounts an empty directory over its own',
    order: (_stage, { architecture }) => {
      const number = `${syscallNumber('mount', architecture)}`
      return ['call', 'ok', hex(NEWUSER | NEWNS), number, 's:none', 's:/tmp', 's:tmpfs', '0', '0']
    },
  },
  call('unmount', 'takes away a mount', 'reach', 'umount2', ['s:/proc', 2], NEWUSER | NEWNS),
  call('pivot-root', 'exchanges the root', 'reach', 'pivot_root', ['s:/usr', 's:/usr'], NEWUSER | NEWNS),
  call('chroot', 'changes the root, to climb out of it', 'ok', 'chroot', ['s:/usr'], NEWUSER),
  call('fsopen', 'opens a file system by the newer calls', 'ok', 'fsopen', ['s:tmpfs', 1], NEWUSER | NEWNS),
  call('open-tree', 'copies the tree of mounts', 'ok', 'open_tree', [-100, 's:/', '0x8001'], NEWUSER | NEWNS),
  call(
    'mount-setattr',
    'makes a read-only mount writable',
    'reach',
    'mount_setattr',
    [-100, 's:/', 0, 'buf', 32],
    NEWUSER | NEWNS,
  ),
  call('move-mount', 'moves a mount', 'reach', 'move_mount', [-1, 's:', -1, 's:', 0], NEWUSER | NEWNS),
])

const CALLS = group(
  { group: 'kernel', guarantee: 'seccomp', stoppedBy: 'seccomp', atEveryLevel: true, isRequired: false },
  [
    call('io-uring', 'sets up a ring whose work no filter sees', 'ok', 'io_uring_setup', [8, 'buf']),
    call('bpf', 'speaks to the kernel about programs of its own', 'reach', 'bpf', [9999, 'buf', 8]),
    call('perf-event', 'opens a performance counter', 'reach', 'perf_event_open', ['buf', 0, -1, -1, 8]),
    call('userfaultfd', 'handles page faults itself', 'ok', 'userfaultfd', [1]),
    call('fanotify', 'watches the whole file system', 'ok', 'fanotify_init', ['0x200', 0]),
    call('kcmp', 'compares the insides of processes', 'ok', 'kcmp', ['self', 'self', 1, 0, 0]),
    call('move-pages', "moves another process's memory", 'ok', 'move_pages', [0, 0, 0, 0, 0, 0]),
    call('personality', 'switches off the randomness of addresses', 'ok', 'personality', ['0x40000']),
    call('kernel-log', "asks for the kernel's log", 'reach', 'syslog', [10, 0, 0]),
    call('swap-on', 'adds swap space', 'reach', 'swapon', ['s:/warder-none', '0x7fffffff']),
    call('set-time', 'sets the clock', 'reach', 'settimeofday', [1, 0]),
    call('set-clock', 'sets the clock by the newer call', 'reach', 'clock_settime', [0, 1]),
    call('quota', 'changes disk quotas', 'reach', 'quotactl', ['0xffffffff', 0, 0, 0]),
    call('reboot', 'restarts the machine (with numbers that do nothing)', 'reach', 'reboot', [1, 2, 3, 0]),
    call('kexec', 'loads another kernel (one that cannot be)', 'reach', 'kexec_load', [0, 99, 0, '0x8000']),
    call('load-module', 'loads a kernel module (an empty one)', 'reach', 'init_module', [0, 0, 's:']),
    call('unload-module', 'unloads a kernel module (one nobody has)', 'reach', 'delete_module', [
      's:warder_none',
      0,
    ]),
    call('port-access', "asks for the processor's ports", 'reach', 'iopl', [4]),
    call('descriptor-table', 'reads its segment descriptor table', 'ok', 'modify_ldt', [0, 'buf', 16]),
    call('host-name', 'renames the machine', 'ok', 'sethostname', ['s:canary', 6], NEWUSER | NEWUTS),
    {
      name: 'type-ahead',
      tries: 'types into the terminal it was given',
      order: () => ['type-ahead', '0x5412'],
    },
    {
      name: 'type-ahead-hidden',
      tries: 'the same, with the request hidden by its high bits',
      order: () => ['type-ahead', '0x100005412'],
    },
    {
      name: 'set-user-id',
      tries: 'makes a file that runs as its owner for whoever starts it',
      isRequired: true,
      order: (stage) => ['setid', 'chmod', temporary('setid', stage)],
    },
    {
      name: 'set-user-id-openat2',
      tries: 'the same by openat2, whose arguments a filter cannot read',
      order: (stage) => ['setid', 'openat2', temporary('setid2', stage)],
    },
    {
      name: 'device-node',
      tries: 'makes a device node',
      order: (stage) => ['mknod', temporary('node', stage)],
    },
    {
      name: 'other-door',
      tries: 'makes a call by the 32-bit door, whose numbers are others',
      order: (_stage, { architecture }) => (architecture === 'x86_64' ? ['int80'] : undefined),
    },
    {
      name: 'other-numbers',
      tries: 'makes a call by the numbers of the x32 interface',
      order: (_stage, { architecture }) =>
        architecture === 'x86_64' ? ['call', 'ok', '0', '0x40000027'] : undefined,
    },
  ],
)

const POWERS = group({ group: 'kernel', stoppedBy: 'capabilities', atEveryLevel: true }, [
  {
    name: 'capability',
    tries: 'takes every capability it can get, in a new user namespace if need be',
    order: () => ['capabilities'],
  },
  {
    name: 'new-privileges',
    tries: 'would get the power of a set-user-ID program it starts',
    order: () => ['privileges'],
  },
])

export const KERNEL_ATTEMPTS: readonly Attempt[] = [...NAMESPACES, ...MOUNTS, ...CALLS, ...POWERS]
