import { isSecretVariable } from '../core/secret-variable.ts'
import { ambient } from '../platform/config.ts'
import { MOST_HANDED_BYTES, openHandover, readHandover } from '../platform/handover.ts'
import { SecretValue } from '../platform/secret-value.ts'

/** Variables that were taken out of the environment, by name. */
export type Taken = ReadonlyMap<string, SecretValue>

/** The descriptor on which a daemon is told what its supervisor took, and the argument that says there is one. */
export const TAKEN_FD = 4
export const TAKEN = '--taken'

const TAKEN_FROM = /^--taken-fd=(\d{1,4}|none)$/
const OWN_PREFIX = 'WARDER_'

const NOT_HANDED =
  'what holds secrets was taken out of the environment and could not be kept: the store environment has nothing'

function isTaken(name: string): boolean {
  return isSecretVariable(name) && !name.startsWith(OWN_PREFIX) // ours name files, and hold no secret themselves
}

/**
 * Takes what holds secrets out of the environment of this process, before anything is started or loaded. Removing a
 * variable is not enough: the kernel goes on showing what a process was started with. So the process starts its own
 * program once more in place, with a clean environment, and hands itself the values through a pipe.
 *
 * @param args the process's own; those of the hand-over are taken away
 * @returns the arguments and values, in the process that was started clean; in another one it does not return
 */
export function startClean(args: readonly string[]): {
  readonly args: readonly string[]
  readonly taken: Taken
  /** What went wrong, in words. */
  readonly problem?: string
} {
  const [first = '', ...rest] = args
  const fd = TAKEN_FROM.exec(first)?.[1]
  const { env } = ambient()
  if (fd === 'none') return { args: rest, taken: new Map(), problem: NOT_HANDED }
  if (fd !== undefined) return { args: rest, taken: parsed(readHandover(Number(fd))) }
  const secret = Object.entries(env).filter(([name]) => isTaken(name))
  if (secret.length === 0) return { args, taken: new Map() }
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => !isTaken(name)))
  const handed = openHandover(written(secret))
  // nothing was started yet, so there is no child that could inherit the descriptor
  process.execve?.(
    process.execPath,
    [process.execPath, ...process.execArgv, program(), `--taken-fd=${handed ?? 'none'}`, ...args],
    present(clean),
  )
  throw new Error('this Node cannot start itself again, so secrets cannot be taken out of its environment')
}

/** What a daemon reads that its supervisor told so. */
export function takenBySupervisor(args: readonly string[]): {
  readonly args: readonly string[]
  readonly taken: Taken
} {
  if (args[0] !== TAKEN) return { args, taken: new Map() }
  return { args: args.slice(1), taken: parsed(readHandover(TAKEN_FD)) }
}

/** The values as they are handed on; whoever has written them wipes them. */
export function handedOn(taken: Taken): Buffer {
  const copies = [...taken].map(([name, value]): [string, Uint8Array] => [name, value.copy()])
  const bytes = joined(copies)
  for (const [, copy] of copies) copy.fill(0)
  return bytes
}

function program(): string {
  const path = process.argv[1]
  if (path === undefined) throw new Error('this process does not know its own program')
  return path
}

function present(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
}

/** Those that fit; one that does not is missing afterwards, and said to be. */
function written(secret: readonly (readonly [string, string | undefined])[]): Buffer {
  const pairs: [string, Uint8Array][] = []
  let size = 0
  for (const [name, value = ''] of secret) {
    const bytes = Buffer.from(value)
    if (value === '' || size + name.length + bytes.length + 2 > MOST_HANDED_BYTES) continue
    size += name.length + bytes.length + 2
    pairs.push([name, bytes])
  }
  return joined(pairs)
}

function joined(pairs: readonly (readonly [string, Uint8Array])[]): Buffer {
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from(`${name}=`), value, Buffer.from([0])]))
}

function parsed(bytes: Buffer): Taken {
  const taken = new Map<string, SecretValue>()
  try {
    for (let at = 0; at < bytes.length;) {
      const [equals, end] = [bytes.indexOf('=', at), bytes.indexOf(0, at)]
      if (equals === -1 || end === -1 || equals > end) break
      taken.set(
        bytes.toString('utf8', at, equals),
        SecretValue.take(Uint8Array.from(bytes.subarray(equals + 1, end))),
      )
      at = end + 1
    }
    return taken
  } finally {
    bytes.fill(0)
  }
}
