import { SandboxError } from './errors.ts'
import type { DeviceLook, Lookup } from './lookup.ts'
import type { Profile } from './profile.ts'
import type { Mount } from './spec.ts'

/** The devices a profile names, as mounts, and what a person should know about them. */
export interface NamedDevices {
  readonly mounts: readonly Mount[]
  readonly notes: readonly string[]
}

/**
 * Gives each named device its own place, and nothing else of /dev. A link is not followed: what it leads to tomorrow is
 * not what was named today.
 *
 * @throws SandboxError `SANDBOX_PATH_INVALID` when one that is needed is not there; `SANDBOX_UNENFORCEABLE` when one
 * would give away the machine
 */
export function namedDevices({ name, devices }: Profile, lookup: Lookup): NamedDevices {
  const needed = devices?.needed ?? []
  const found = [...new Set([...needed, ...(devices?.if_present ?? [])])].map((path) => ({
    path,
    seen: lookup.device(path),
  }))
  const missing = found.filter(({ seen }) => seen === undefined).map(({ path }) => path)
  const lacking = missing.find((path) => needed.includes(path))
  if (lacking !== undefined) {
    throw new SandboxError(
      'SANDBOX_PATH_INVALID',
      `profile ${name} needs ${lacking}, and there is no such device`,
      'load its driver, or take it from the profile; a link to a device is not one',
    )
  }
  const given = found.flatMap(({ path, seen }) => (seen === undefined ? [] : [bindDevice(path, seen)]))
  const words = given.map(({ path }) => path).join(', ')
  return {
    mounts: given,
    notes: [
      ...(given.length === 0 ? [] : [`it is given ${words}: what these devices can do, it can do`]),
      ...(missing.length === 0 ? [] : [`not there, hence not given: ${missing.join(', ')}`]),
    ],
  }
}

function bindDevice(path: string, seen: DeviceLook): Mount {
  const why = whyNever(path, seen)
  if (why !== undefined) {
    throw new SandboxError(
      'SANDBOX_UNENFORCEABLE',
      `${path} is given to nobody: ${why}`,
      'name the device the work itself needs, such as a graphics processor',
    )
  }
  const { device, inode } = seen
  const identity = { device, inode, kind: 'device' } as const
  return { type: 'bind', source: path, path, access: 'write', identity, why: 'a named device' }
}

/** By number, since anybody with the right may give any number any name (Linux, admin-guide/devices.txt). */
const NEVER: readonly {
  readonly major: number
  readonly minors?: readonly number[]
  readonly why: string
}[] = [
  { major: 1, minors: [1, 2, 4], why: 'it is the memory and the ports of the machine' },
  { major: 1, minors: [11], why: 'it is the log of the kernel' },
  { major: 4, why: 'it is a terminal of the machine' },
  { major: 5, why: 'it is a terminal of the machine' },
  { major: 7, why: 'it shows a screen of the machine' },
  { major: 10, minors: [223], why: 'it types for the person at the machine' },
  { major: 10, minors: [200, 229, 234, 235, 236, 237], why: 'it makes file systems, disks or networks' },
  { major: 13, why: 'it is a keyboard, a mouse or another input' },
]
const PSEUDO_TERMINALS = { first: 136, last: 143 } as const

function whyNever(path: string, { isBlock, major, minor }: DeviceLook): string | undefined {
  if (isBlock) return 'it is a disk, below every file and every right'
  if (major >= PSEUDO_TERMINALS.first && major <= PSEUDO_TERMINALS.last) return 'it is somebody’s terminal'
  // its number differs from kernel to kernel
  if (path === '/dev/userfaultfd') return 'it holds the kernel up in the middle of its work'
  return NEVER.find((each) => each.major === major && (each.minors?.includes(minor) ?? true))?.why
}
