import { readFileSync } from 'node:fs'
import { url } from 'node:inspector'
import { messageOf } from '../core/error.ts'
import { openMemoryCalls } from '../platform/locked-memory-native.ts'
import { protectProcess } from '../platform/locked-memory.ts'
import type { SecretKind } from '../platform/locked-memory-secret.ts'
import type { Log } from '../platform/log.ts'
import { teeReport, type TeeReport } from '../platform/memory-encryption.ts'

/** One thing that keeps what is in this process's memory from others. */
export interface MemoryGuard {
  readonly name:
    | 'no-core-dumps'
    | 'closed-to-own-user'
    | 'no-debugger'
    | 'locked-secrets'
    | 'no-swap'
    | 'encrypted-memory'
  readonly inForce: boolean
  readonly why: string
  readonly fix?: string
}

/** Node's flag that keeps a signal from opening its inspector, through which anybody could read every key. */
export const NO_DEBUGGER = '--disable-sigusr1'

/**
 * For the daemon, before it reads its first key: no dumps, nobody of the same user looks in, and no signal opens a
 * debugger. Where the system cannot, the daemon goes on, and `warder status` says what is not in force: an agent that
 * could not be stopped for want of a daemon would be worse.
 */
export function guardOwnMemory(log: Pick<Log, 'warn'>): void {
  // with a listener of ours Node's own never runs, whatever flags this was started with
  process.on('SIGUSR1', () => log.warn('somebody sent SIGUSR1: no debugger is opened here'))
  try {
    protectProcess()
  } catch (error) {
    log.warn(`this process can be looked into: ${messageOf(error)}`)
  }
}

/** What is in force right now: asked of the kernel, not remembered. */
export function memoryGuards(secrets: readonly SecretKind[]): MemoryGuard[] {
  return [
    coreDumps(),
    ownUser(),
    noDebugger(),
    lockedSecrets(secrets),
    swap(readText('/proc/swaps')),
    encryption(teeReport()),
  ]
}

function coreDumps(): MemoryGuard {
  const [, soft, hard] =
    /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readText('/proc/self/limits') ?? '') ?? []
  const inForce = hard === '0' && isDumpable() === false
  return {
    name: 'no-core-dumps',
    inForce,
    why: `core file limit ${soft ?? 'unknown'}, and the kernel ${isDumpable() === false ? 'writes none of this process' : 'may write one'}`,
    ...(inForce ? {} : { fix: NEEDS_LINUX }),
  }
}

function ownUser(): MemoryGuard {
  const dumpable = isDumpable()
  return dumpable === false
    ? {
        name: 'closed-to-own-user',
        inForce: true,
        why: 'no program of the same user can trace it or read its memory and environment; root can',
      }
    : {
        name: 'closed-to-own-user',
        inForce: false,
        why:
          dumpable === undefined ? 'it cannot be told here' : 'programs of the same user can read its memory',
        fix: NEEDS_LINUX,
      }
}

const NEEDS_LINUX = 'start it with warder daemon start, on Linux, with the package koffi installed'

function isDumpable(): boolean | undefined {
  const calls = openMemoryCalls()
  return 'missing' in calls ? undefined : calls.isDumpable()
}

function noDebugger(): MemoryGuard {
  const open = url()
  const isOff = process.execArgv.includes(NO_DEBUGGER)
  const why =
    open !== undefined
      ? 'a debugger is open: whoever reaches it reads and changes everything'
      : isOff
        ? 'none is open, and no signal opens one'
        : 'none is open, but this process was started so that a signal may open one'
  return {
    name: 'no-debugger',
    inForce: open === undefined && isOff,
    why,
    ...(open === undefined && isOff
      ? {}
      : { fix: 'start it with warder daemon start, and without NODE_OPTIONS' }),
  }
}

const KEPT: Readonly<Record<SecretKind, string>> = {
  secret: 'in memory that no other process can read, root’s included',
  locked: 'in memory that is never swapped out',
  unlocked: 'in memory that may be swapped out',
  heap: 'in ordinary memory',
}

function lockedSecrets(kinds: readonly SecretKind[]): MemoryGuard {
  const worst =
    (['heap', 'unlocked', 'locked', 'secret'] as const).find((kind) => kinds.includes(kind)) ?? 'heap'
  const inForce = worst === 'locked' || worst === 'secret'
  return {
    name: 'locked-secrets',
    inForce,
    // said, because it is so: Node's crypto keeps what it signs with in memory of its own
    why: `shared secrets are ${KEPT[worst]}; signing keys are where Node's crypto keeps them`,
    ...(inForce ? {} : { fix: 'raise RLIMIT_MEMLOCK (systemd: LimitMEMLOCK=)' }),
  }
}

/** Compressed memory is memory: only what is written to a disk outlives a power cut. */
function swap(table: string | undefined): MemoryGuard {
  const places = (table ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0] ?? '')
    .filter((place) => place !== '' && !place.startsWith('/dev/zram'))
  if (table === undefined)
    return { name: 'no-swap', inForce: false, why: 'whether memory is swapped out cannot be told here' }
  return places.length === 0
    ? { name: 'no-swap', inForce: true, why: 'no memory is written to a disk' }
    : {
        name: 'no-swap',
        inForce: false,
        why: `memory is swapped to ${places.join(', ')}; whether that is encrypted is not known`,
        fix: 'encrypt the swap, or turn it off: swapoff -a',
      }
}

function encryption({ tee, memory }: TeeReport): MemoryGuard {
  const inForce = tee.active === 'yes' || memory.active === 'yes'
  return { name: 'encrypted-memory', inForce, why: `${memory.detail}; ${tee.detail}` }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
