import { drained } from '../api/frame.ts'
import { RUN_SIGNALS, type Running, type RunSignal } from '../enforce/sandbox/index.ts'
import type { AttachedRun } from './attach.ts'
import type { ToldExit } from './recycling.ts'

/**
 * A running sandbox as the relay sees it.
 *
 * @param ended how it ended, where more has to be known than that it did; absent: its own word
 */
export function attachedRun(
  running: Running,
  stopReason: (agent: string) => string | undefined,
  recorded: () => Promise<boolean>,
  ended: Promise<ToldExit> = running.exit,
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
    exit: ended.then(async (exit) => {
      // a stop from the command line kills without us: told as what it was, not as a crash
      const stopped = exit.signal === 'SIGKILL' || exit.code === 137 ? stopReason(running.agent) : undefined
      const told: ToldExit = stopped === undefined ? exit : { ...exit, reason: 'killed', note: stopped }
      // whoever hears that it ended will find it in the record
      return (await recorded()) ? { ...told } : { ...told, note: notes(told.note, UNRECORDED) }
    }),
  }
}

const UNRECORDED = 'how it ended is not on record yet, because the ledger cannot be written (warder status)'

function notes(...all: readonly (string | undefined)[]): string {
  return all.filter((note) => note !== undefined).join('; ')
}
