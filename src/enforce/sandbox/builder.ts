import type { ChildProcess } from 'node:child_process'

/** The process that builds one sandbox, and then waits for its end. */
export interface Builder {
  /** 0 until it has begun. */
  readonly pid: number
  readonly isOver: boolean
  /** Nobody can tell of it any more; it counts as over, and may go on. */
  readonly isLost: boolean
  /** Rejects when it could not be started. */
  readonly begun: Promise<void>
  /** Resolves when it is gone, and with it what it had not finished. Never rejects. */
  readonly over: Promise<void>
  kill(): void
}

/** One started by this process itself: where the launcher is not there to do it. */
export function ownBuilder(child: ChildProcess): Builder {
  const begun = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  child.once('spawn', () => begun.resolve())
  child.once('exit', () => over.resolve())
  child.once('error', (error) => {
    begun.reject(error)
    over.resolve()
  })
  begun.promise.catch(() => undefined)
  return {
    get pid() {
      return child.pid ?? 0
    },
    get isOver() {
      return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
    },
    isLost: false,
    begun: begun.promise,
    over: over.promise,
    kill: () => void child.kill('SIGKILL'),
  }
}
