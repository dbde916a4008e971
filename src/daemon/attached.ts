import { drained } from '../api/frame.ts'
import { RUN_SIGNALS, type Running, type RunSignal } from '../enforce/sandbox/index.ts'
import type { AttachedRun } from './attach.ts'

/** A running sandbox as the relay sees it. */
export function attachedRun(
  running: Running,
  stopReason: (agent: string) => string | undefined,
): AttachedRun {
  const { stdin } = running
  stdin.on('error', () => undefined) // the agent closed its input: what comes now goes nowhere
  return {
    runId: running.runId,
    agent: running.agent,
    stdout: running.stdout,
    stderr: running.stderr,
    async write(bytes) {
      if (stdin.destroyed || !stdin.writable || stdin.write(bytes)) return
      await drained(stdin).catch(() => undefined)
    },
    endInput: () => void stdin.end(),
    resize: (columns, rows) => running.resize({ columns, rows }),
    signal: (name) => {
      if ((RUN_SIGNALS as readonly string[]).includes(name)) running.signal(name as RunSignal)
    },
    kill: (why) => void running.kill(why).catch(() => undefined), // the receipt says what is left
    exit: running.exit.then((exit) => {
      // a stop from the command line kills without us: told as what it was, not as a crash
      const note = exit.signal === 'SIGKILL' || exit.code === 137 ? stopReason(running.agent) : undefined
      return note === undefined ? { ...exit } : { ...exit, reason: 'killed', note }
    }),
  }
}
