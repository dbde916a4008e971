import { join } from 'node:path'
import { group, type Attempt, type Stage } from './attempt.ts'
import { textAt } from './host.ts'

/** Whether a file outside now holds the token that only an attempt would have written there. */
export function planted(path: (stage: Stage) => string): (stage: Stage) => boolean {
  return (stage) => textAt(path(stage))?.includes(plantText(stage)) ?? false
}

/** What attempts write; another text than the canaries hold, so that an untouched canary is not taken for a success. */
export function plantText({ token }: Stage): string {
  return `planted-${token}`
}

const within = (stage: Stage, name: string) => join(stage.root, name)

const READS = group({ group: 'files', atEveryLevel: true }, [
  {
    name: 'read-secret',
    tries: 'reads a secret beside the workspace by its path',
    order: (s) => ['read', within(s, 'secret'), s.token],
  },
  {
    name: 'read-twin',
    tries: 'reads a directory whose name begins like that of the workspace',
    order: (s) => ['read', `${s.workspace}-twin/secret`, s.token],
  },
  {
    name: 'read-other-home',
    tries: 'reads the private key in the home of another',
    order: (s) => ['read', within(s, 'home-of-another/.ssh/id_ed25519'), s.token],
  },
  {
    name: 'read-home',
    tries: "reads a file in the user's own home directory",
    isRequired: false,
    order: (s) => ['read', join(s.home, `.warder-canary-${s.token}`), s.token],
  },
  {
    name: 'read-own',
    tries: "reads a file in Warder's own state",
    isRequired: false,
    order: (s) => ['read', s.own, s.token],
  },
  {
    name: 'read-shadow',
    tries: 'reads the password file of the machine',
    isRequired: false,
    order: () => ['read', '/etc/shadow', 'root:'],
  },
  {
    name: 'read-dot-dot',
    tries: 'climbs out of the workspace with ..',
    order: (s) => ['read', `${s.workspace}/../secret`, s.token],
  },
  {
    name: 'read-planted-link',
    tries: 'follows a link out that lay in the workspace',
    order: (s) => ['read', `${s.workspace}/to-secret`, s.token],
  },
  {
    name: 'read-own-link',
    tries: 'makes a link to a secret and follows it',
    order: (s) => ['symlink', within(s, 'secret'), temporary('link', s), s.token],
  },
  {
    name: 'list-outside',
    tries: 'lists the directory that holds the workspace for what else is there',
    order: (s) => ['list', within(s, 'home-of-another')],
  },
  {
    name: 'read-self-root',
    tries: 'goes through the root of its own process',
    order: (s) => ['read', `/proc/self/root${within(s, 'secret')}`, s.token],
  },
  {
    name: 'read-self-cwd',
    tries: 'climbs up from its own working directory through /proc',
    order: (s) => ['read', `/proc/self/cwd/../../../../../../../../..${within(s, 'secret')}`, s.token],
  },
  {
    name: 'read-other-root',
    tries: 'goes through the root of a process of the host',
    order: (s) => ['read', `/proc/${s.bystander}/root${within(s, 'secret')}`, s.token],
  },
  {
    name: 'read-shared-memory-file',
    tries: 'reads a file in the shared memory of the host',
    order: (s) => ['read', `/dev/shm/warder-canary-${s.token}`, s.token],
  },
])

/** A file where this side may write, wherever that is: the prober knows its own directory for temporary files. */
export function temporary(name: string, { token }: Stage): string {
  return `tmp:${name}-${token}`
}

const WRITES = group({ group: 'files', atEveryLevel: true }, [
  {
    name: 'write-outside',
    tries: 'appends to a file beside the workspace',
    order: (s) => ['plant', within(s, 'writable'), plantText(s)],
    happened: planted((s) => within(s, 'writable')),
  },
  {
    name: 'write-through-link',
    tries: 'appends to a file outside through a link it made',
    order: (s) => ['symlink-write', within(s, 'write-through'), temporary('write-link', s), plantText(s)],
    happened: planted((s) => within(s, 'write-through')),
  },
  {
    name: 'hard-link-outside',
    tries: 'makes a hard link to a file outside and writes through it',
    order: (s) => ['hardlink', within(s, 'link-me'), join(s.workspace, 'hard-link'), plantText(s)],
    happened: planted((s) => within(s, 'link-me')),
  },
  {
    name: 'hard-link-protected',
    guarantee: 'protected-names',
    atEveryLevel: false,
    tries: 'makes a second name for a protected file and writes through that',
    order: (s) => [
      'hardlink',
      `${s.workspace}/.git/description`,
      join(s.workspace, 'second-name'),
      plantText(s),
    ],
    happened: planted((s) => `${s.workspace}/.git/description`),
  },
])

const SYSTEM = group(
  { group: 'files', guarantee: 'read-only-system', isRequired: false, atEveryLevel: true },
  [
    ...['/usr', '/usr/bin', '/etc'].map((path) => ({
      name: `write-${path.slice(1).replaceAll('/', '-')}`,
      tries: `makes a file in ${path}`,
      order: () => ['open', 'tmp', path],
    })),
    {
      name: 'write-program',
      tries: 'opens a program of the system for writing',
      order: () => ['open', 'w', '/usr/bin/env', '/usr/bin/true'],
    },
    {
      name: 'write-passwd',
      tries: 'opens the list of users for writing',
      order: () => ['open', 'w', '/etc/passwd'],
    },
    {
      name: 'list-sys',
      tries: 'looks around in /sys',
      guarantee: 'namespaces',
      isRequired: true,
      order: () => ['list', '/sys/devices'],
    },
  ],
)

const DEVICES = group({ group: 'files', isRequired: false }, [
  {
    name: 'open-devices',
    tries: 'opens a device that reaches the machine: memory, disks, virtual machines, tunnels',
    order: () => [
      ...['open', 'r', '/dev/mem', '/dev/kvm', '/dev/fuse', '/dev/net/tun', '/dev/vsock', '/dev/kmsg'],
      ...['/dev/sda', '/dev/vda', '/dev/nvme0', '/dev/input/event0', '/dev/loop-control'],
    ],
  },
])

export const FILE_ATTEMPTS: readonly Attempt[] = [...READS, ...WRITES, ...SYSTEM, ...DEVICES]
