/**
 * Events of the kernel's process connector (<linux/cn_proc.h>): after nlmsghdr (16 bytes) and cn_msg (20) stands
 * struct proc_event: what (4), cpu (4), timestamp (8), and the numbers that belong to it.
 */
export type ProcessEvent =
  | { readonly type: 'listening'; readonly error: number }
  | { readonly type: 'fork'; readonly parent: number; readonly child: number }
  | { readonly type: 'exec'; readonly pid: number }
  | { readonly type: 'exit'; readonly pid: number }

const WHAT = 36
const DATA = 52
const SHORTEST = DATA + 4

/** @returns undefined for what does not matter: other events, and those of single threads */
export function parseProcessEvent(bytes: Buffer): ProcessEvent | undefined {
  if (bytes.length < SHORTEST) return undefined
  const number = (at: number) => (bytes.length >= DATA + at + 4 ? bytes.readUInt32LE(DATA + at) : 0)
  switch (bytes.readUInt32LE(WHAT)) {
    case 0:
      return { type: 'listening', error: number(0) }
    case 1:
      // parent_pid, parent_tgid, child_pid, child_tgid: a new thread has its process's tgid
      return number(8) === number(12) ? { type: 'fork', parent: number(4), child: number(12) } : undefined
    case 2:
      return { type: 'exec', pid: number(4) }
    case 0x80000000:
      return number(0) === number(4) ? { type: 'exit', pid: number(4) } : undefined
    default:
      return undefined
  }
}

/** Which process belongs to which run, kept up by the events themselves: a process may be gone before we look. */
export class RunMembers {
  readonly #runs = new Map<number, string>()

  watch(init: number, runId: string): void {
    this.#runs.set(init, runId)
  }

  forget(runId: string): void {
    for (const [pid, of] of this.#runs) if (of === runId) this.#runs.delete(pid)
  }

  /** @returns the run an exec belongs to; undefined for every other event, and for processes of nobody's */
  take(event: ProcessEvent): { readonly runId: string; readonly pid: number } | undefined {
    if (event.type === 'fork') {
      const runId = this.#runs.get(event.parent)
      if (runId !== undefined) this.#runs.set(event.child, runId)
    }
    if (event.type === 'exit') this.#runs.delete(event.pid)
    const runId = event.type === 'exec' ? this.#runs.get(event.pid) : undefined
    return runId === undefined || event.type !== 'exec' ? undefined : { runId, pid: event.pid }
  }
}
