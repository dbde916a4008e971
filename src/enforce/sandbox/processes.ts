import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KillReceipt, ProcessIdentity } from './driver.ts'

/** Processes as /proc tells them. Reading it needs no privilege; what is gone meanwhile is left out. */
export interface ProcessEntry extends ProcessIdentity {
  readonly parent: number
  /** As `ps` shows it; `Z` only when no thread of it is left. */
  readonly state: string
}

/** One process, or undefined when it is gone. A zombie is not gone: its number is still taken. */
export function readProcess(pid: number): ProcessEntry | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // the name stands in brackets and may hold anything, brackets too: count from the last one
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  const [threads, startTime] = [Number(fields[17]), fields[19]]
  if (state === undefined || parent === undefined || startTime === undefined) return undefined
  // one whose first thread has ended looks dead, and goes on with the others
  const real = state === 'Z' && threads > 1 ? stateOfThreads(pid) : state
  return { pid, state: real, parent: Number(parent), startTime }
}

/** `T` when all that are left stand still, `Z` when none is left. */
function stateOfThreads(pid: number): string {
  const states = threadsOf(pid).flatMap((thread) => {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')
      return text.slice(text.lastIndexOf(')') + 2)[0] ?? []
    } catch {
      return []
    }
  })
  const left = states.filter((state) => state !== 'Z' && state !== 'X')
  if (left.length === 0) return 'Z'
  return left.every((state) => state === 'T' || state === 't') ? 'T' : 'R'
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Whether the very process is still there (a zombie counts as gone). */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  const entry = readProcess(pid)
  return entry !== undefined && entry.startTime === startTime && entry.state !== 'Z'
}

/**
 * Everything alive in the sandbox whose process 1 this is, itself last. Whatever is orphaned inside becomes a child of
 * process 1, so the tree below it is the whole namespace, and nobody inside can leave it.
 */
export function membersOf(init: ProcessIdentity, children = childrenByParent()): ProcessEntry[] {
  const root = readProcess(init.pid)
  if (root === undefined || root.startTime !== init.startTime) return []
  const members: ProcessEntry[] = []
  const visit = (entry: ProcessEntry) => {
    for (const child of children.get(entry.pid) ?? []) visit(child)
    if (entry.state !== 'Z') members.push(entry)
  }
  visit(root)
  return members
}

/** One look at everybody, for who asks about many sandboxes at once. */
export function childrenByParent(): ReadonlyMap<number, readonly ProcessEntry[]> {
  return Map.groupBy(allProcesses(), (entry) => entry.parent)
}

function allProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? [])
}

/** The inode of a process's pid namespace, or undefined when it is gone or not ours to look at. */
export function pidNamespaceOf(pid: number): string | undefined {
  try {
    return /\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/pid`))?.[1]
  } catch {
    return undefined
  }
}

/**
 * Signals one process unless its number means another one by now.
 *
 * @returns whether it was there
 */
export function signalProcess(process_: ProcessIdentity, signal: keyof typeof constants.signals): boolean {
  if (readProcess(process_.pid)?.startTime !== process_.startTime) return false
  try {
    process.kill(process_.pid, signal)
    return true
  } catch {
    return false // it ended in between, or it is not ours: either way it was not signalled
  }
}

/** Signals every process of a sandbox; process 1 last, so that it cannot act on what befalls the others. */
export function signalMembers(init: ProcessIdentity, signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): number {
  return membersOf(init).filter((member) => signalProcess(member, signal)).length
}

function signalOthers(init: ProcessIdentity, signal: 'SIGKILL'): void {
  for (const member of membersOf(init)) if (member.pid !== init.pid) signalProcess(member, signal)
}

const KILL_DEADLINE_MS = 5000

/**
 * Ends a sandbox known only by its process 1, from any process of the same user. Killing process 1 alone lets the
 * kernel end the rest, but only once it is scheduled; so each is killed, until none is left.
 *
 * @param namespace when given, must be the pid namespace of that process, or nothing is touched
 */
export async function killPidNamespace(init: ProcessIdentity, namespace?: string): Promise<KillReceipt> {
  const began = performance.now()
  const first = membersOf(init)
  const seen = first.length === 0 ? undefined : pidNamespaceOf(init.pid)
  if (namespace !== undefined && seen !== undefined && seen !== namespace) {
    return { processesBefore: 0, processesAfter: 0, ms: performance.now() - began }
  }
  // stopped first, so that none can start others while they are ended one by one
  if (first.length > 0) signalMembers(init, 'SIGSTOP')
  let left = first.length
  for (let round = 0; left > 0 && performance.now() - began < KILL_DEADLINE_MS; round += 1) {
    // who keeps the others together goes last: without a pid namespace its orphans would be nobody's
    if (left > 1) signalOthers(init, 'SIGKILL')
    else signalMembers(init, 'SIGKILL')
    if (round > 0) await sleep(Math.min(round, 10))
    left = membersOf(init).length
  }
  // what would not go, goes with its namespace where there is one
  if (left > 0) signalMembers(init, 'SIGKILL')
  return { processesBefore: first.length, processesAfter: left, ms: performance.now() - began }
}

/**
 * Kernel settings under /proc belong to root of the host, capability or not: an agent that keeps host uid 0 could name
 * a program for the kernel to run outside. bubblewrap closes only what is a writable directory; this closes the rest.
 */
const PROC_READ_ONLY = ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus', '/proc/fs']
const PROC_CLOSED = [
  'kcore',
  'keys',
  'key-users',
  'kpagecount',
  'kpageflags',
  'kpagecgroup',
  'kmsg',
  'timer_list',
  'latency_stats',
  'sched_debug',
  'slabinfo',
  'vmallocinfo',
  'acpi',
  'scsi',
  'mtrr',
]

export function closedProc(hostUid: number): string[] {
  if (hostUid !== 0) return []
  return [
    ...PROC_READ_ONLY.flatMap((path) => ['--ro-bind-try', path, path]),
    ...PROC_CLOSED.map((name) => `/proc/${name}`)
      .filter((path) => existsSync(path) && !statSync(path).isDirectory())
      .flatMap((path) => ['--ro-bind', '/dev/null', path]),
  ]
}
