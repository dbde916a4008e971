import { join } from 'node:path'
import { isAlive, readProcess } from '../processes.ts'
import { syscallNumber } from '../syscalls.ts'
import { group, type Attempt, type Stage, type Target } from './attempt.ts'

/** Without Warder's own first process, which cannot be looked into, bubblewrap's stands there. */
const BUILDER_INSIDE = {
  program: 'bwrap',
  why: "the first process is bubblewrap's, under the same filter and in the same namespaces as the agent: there is nothing in it that the agent does not have; Warder's own closes it (npm run build, with a C compiler)",
}

const DESCRIPTORS = group(
  { group: 'descriptors', guarantee: 'no-leaked-descriptors', stoppedBy: 'descriptors' },
  [
    {
      name: 'leaked-descriptor',
      tries: 'looks for a descriptor that was left open for it',
      atEveryLevel: true,
      order: () => ['descriptors', 'any'],
    },
    {
      name: 'leaked-directory',
      tries: 'climbs out through a directory that was left open for it',
      atEveryLevel: true,
      order: () => ['descriptors', 'directory'],
    },
    {
      name: 'taken-descriptor',
      tries: 'asks a service of the host for an open descriptor of a secret',
      guarantee: 'namespaces',
      stoppedBy: 'mounts',
      order: (s) => ['take-descriptor', join(s.root, 'giver.sock'), s.token],
    },
    {
      name: 'descriptors-of-another',
      tries: 'opens the open files of the process above it',
      guarantee: 'namespaces',
      stoppedBy: 'namespaces',
      order: (s) => ['open-listed', `/proc/${above(s)}/fd`],
    },
    {
      name: 'descriptor-stolen',
      tries: 'takes a descriptor out of the process above it',
      guarantee: 'seccomp',
      stoppedBy: 'seccomp',
      atEveryLevel: true,
      order: (s) => ['getfd', `${above(s)}`],
    },
  ],
)

/** Outside, a process of ours that was made to be looked at; inside, process 1. */
function above({ side, bystander }: Stage): number {
  return side === 'outside' ? bystander : 1
}

const SERVICES = group({ group: 'network', guarantee: 'no-network', stoppedBy: 'namespaces' }, [
  {
    name: 'host-tcp',
    tries: 'connects to a service on the loopback address of the host',
    atEveryLevel: true,
    order: ({ ports, token }) =>
      ports.tcp === undefined ? undefined : ['net', 'tcp', '127.0.0.1', `${ports.tcp}`, token],
  },
  {
    name: 'host-tcp6',
    tries: 'the same over IPv6',
    isRequired: false,
    atEveryLevel: true,
    order: ({ ports, token }) =>
      ports.tcp6 === undefined ? undefined : ['net', 'tcp', '::1', `${ports.tcp6}`, token],
  },
  {
    name: 'host-udp',
    tries: 'asks a service of the host by datagram',
    atEveryLevel: true,
    order: ({ ports, token }) =>
      ports.udp === undefined ? undefined : ['net', 'udp', '127.0.0.1', `${ports.udp}`, token],
  },
  {
    name: 'host-address',
    tries: 'connects to the host by its address on the network',
    isRequired: false,
    atEveryLevel: true,
    order: ({ outward, token }) =>
      outward === undefined ? undefined : ['net', 'tcp', outward.address, `${outward.port}`, token],
  },
  {
    name: 'host-abstract-socket',
    tries: 'connects to an abstract socket of the host',
    order: (s) => ['unix', `@${s.abstract}`, s.token],
  },
  {
    name: 'host-socket',
    tries: 'connects to a socket of the host by its path',
    guarantee: 'namespaces',
    stoppedBy: 'mounts',
    order: (s) => ['unix', join(s.root, 'service.sock'), s.token],
  },
  {
    name: 'workspace-socket',
    tries: 'connects to a socket of the host that lies in the workspace',
    guarantee: 'namespaces',
    stoppedBy: 'mounts',
    order: (s) => ['unix', join(s.workspace, 'service.sock'), s.token],
  },
  {
    name: 'change-interface',
    tries: 'changes the network it is in',
    stoppedBy: 'capabilities',
    order: () => ['interface'],
  },
])

const FAMILIES = group(
  { group: 'network', guarantee: 'seccomp', stoppedBy: 'seccomp', isRequired: false, atEveryLevel: true },
  [
    socket('vsock', [40, 1, 0], 'opens the line to the machine that hosts this one'),
    socket('raw', [2, 3, 1], 'opens a raw socket'),
    socket('raw6', [10, 3, 58], 'opens a raw socket of IPv6'),
    socket('packet', [17, 3, 0x300], 'opens a packet socket, which hears everything'),
    socket('alg', [38, 5, 0], "opens the kernel's crypto"),
    socket('netlink-audit', [16, 3, 9], "opens the kernel's audit line"),
    socket('netlink-netfilter', [16, 3, 12], "opens the kernel's firewall line"),
    socket('netlink-generic', [16, 3, 16], "opens the kernel's generic line"),
    socket('netlink-events', [16, 3, 15], "opens the kernel's device event line"),
    socket('tipc', [30, 1, 0], 'opens a socket of a rarely used family'),
  ],
)

function socket(name: string, numbers: readonly [number, number, number], tries: string) {
  return { name: `socket-${name}`, tries, order: () => ['socket', ...numbers.map(String)] }
}

const PROCESSES = group({ group: 'processes', stoppedBy: 'namespaces' }, [
  {
    name: 'kill-outside',
    tries: 'kills a process of the host',
    guarantee: 'no-outside-signals',
    order: ({ victim }) => ['kill', `${victim}`],
    happened: ({ victim }) => {
      const entry = readProcess(victim)
      return entry === undefined || !isAlive(entry)
    },
  },
  {
    name: 'environment-outside',
    tries: 'reads the environment of a process of the host',
    order: (s) => ['read', `/proc/${s.bystander}/environ`, s.token],
  },
  {
    name: 'memory-of-above',
    tries: 'reads the memory of the process above it',
    guarantee: 'seccomp',
    stoppedBy: 'seccomp',
    atEveryLevel: true,
    order: (s) => ['vmread', `${above(s)}`],
  },
  {
    name: 'trace-above',
    tries: 'traces the process above it',
    guarantee: 'seccomp',
    stoppedBy: 'seccomp',
    atEveryLevel: true,
    order: (s) => ['ptrace', `${above(s)}`],
  },
  {
    name: 'memory-file-of-above',
    tries: 'opens the memory of the process above it for writing',
    openUnder: BUILDER_INSIDE,
    order: (s) => ['open', 'w', `/proc/${above(s)}/mem`],
  },
  {
    name: 'shared-memory',
    tries: 'attaches a shared memory segment of the host',
    order: (s) => ['shm', 'find', `${s.shmKey}`, s.token],
  },
  ...['/proc/sys/kernel/core_pattern', '/proc/sys/vm/drop_caches', '/proc/sysrq-trigger'].map((path) => ({
    name: `kernel-setting-${path.split(/[/_-]/).at(-2)}-${path.split(/[/_-]/).at(-1)}`,
    tries: `opens ${path} for writing`,
    stoppedBy: 'mounts' as const,
    isRequired: false,
    order: () => ['open', 'w', path],
  })),
  {
    name: 'kernel-memory',
    tries: "reads the kernel's memory",
    stoppedBy: 'mounts',
    isRequired: false,
    order: () => ['open', 'r', '/proc/kcore'],
  },
])

const KEYRINGS = group(
  { group: 'keyrings', guarantee: 'seccomp', stoppedBy: 'seccomp', atEveryLevel: true, isRequired: false },
  [
    key('add-key', 'adds a key', 'ok', 'add_key', ['s:user', 's:warder-canary', 's:x', '1', '-2']),
    key('request-key', 'asks for a key', 'reach', 'request_key', ['s:user', 's:warder-none', '0', '-2']),
    key('session-keyring', "looks up the session's keyring, which namespaces share", 'reach', 'keyctl', [
      '0',
      '-3',
      '0',
    ]),
    key('persistent-keyring', "takes the user's persistent keyring", 'ok', 'keyctl', ['22', '-1', '-2']),
  ],
)

function key(
  name: string,
  tries: string,
  wants: 'ok' | 'reach',
  call: 'add_key' | 'request_key' | 'keyctl',
  args: readonly string[],
) {
  return {
    name,
    tries,
    order: (_stage: Stage, { architecture }: Target) => [
      'call',
      wants,
      '0',
      `${syscallNumber(call, architecture)}`,
      ...args,
    ],
  }
}

export const REACH_ATTEMPTS: readonly Attempt[] = [
  ...DESCRIPTORS,
  ...SERVICES,
  ...FAMILIES,
  ...PROCESSES,
  ...KEYRINGS,
]
