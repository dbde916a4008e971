import { Readable } from 'node:stream'
import { drained } from '../api/frame.ts'
import {
  RUN_SIGNALS,
  type CommandExit,
  type PortForward,
  type RunningCommand,
  type RunSignal,
} from '../enforce/sandbox/index.ts'
import type { AttachedRun } from './attach.ts'

const UNRECORDED = 'how it ended is not on record yet, because the ledger cannot be written (warder status)'

/** What a command leaves in the background may keep its streams open for ever: they end when nothing waits this long. */
const SILENT_MS = 2000
const LOOK_EVERY_MS = 100

/** A command in a running sandbox as the relay sees it. When its client goes away it is ended, and the run goes on. */
export function attachedCommand(
  command: RunningCommand,
  { runId, agent }: Pick<AttachedRun, 'runId' | 'agent'>,
  stopReason: (agent: string) => string | undefined,
  recorded: () => Promise<boolean>,
): AttachedRun {
  const { stdin, stdout, stderr } = command
  stdin.on('error', () => undefined) // it closed its input: what comes now goes nowhere
  return {
    runId,
    agent,
    stdout,
    stderr,
    async write(bytes) {
      if (stdin.destroyed || !stdin.writable || stdin.write(bytes)) return
      await drained(stdin).catch(() => undefined)
    },
    endInput: () => void stdin.end(),
    resize: (columns, rows) => command.resize({ columns, rows }),
    signal: (name) => {
      if ((RUN_SIGNALS as readonly string[]).includes(name)) command.signal(name as RunSignal)
    },
    kill: (why) => command.kill(why),
    exit: command.exit.then(async (exit) => {
      letGoOnceSilent(command)
      return withRecord(toldAs(exit, stopReason(agent)), await recorded())
    }),
  }
}

/** An open forward: nothing flows here, it holds as long as this connection does. The end of its input closes it. */
export function attachedForward(
  forward: PortForward,
  stopReason: (agent: string) => string | undefined,
  recorded: () => Promise<boolean>,
): AttachedRun {
  const { runId, agent } = forward
  return {
    runId,
    agent,
    stdout: Readable.from([]),
    write: async () => undefined,
    endInput: () => forward.close('its owner closed it'),
    resize: () => undefined,
    signal: () => undefined,
    kill: (why) => forward.close(why),
    exit: forward.ended.then(async ({ reason, durationMs, note }) => {
      const exit: CommandExit =
        reason === 'closed' ? { code: 0, reason: 'exited', durationMs } : { reason, durationMs, note }
      return withRecord(toldAs(exit, stopReason(agent)), await recorded())
    }),
  }
}

/** That its sandbox ended under it is told like every other end from outside. */
function toldAs(exit: CommandExit, stop: string | undefined): CommandExit {
  const wasKilled = exit.reason === 'sandbox-ended' || exit.signal === 'SIGKILL'
  if (wasKilled && stop !== undefined) return { ...exit, reason: 'killed', note: stop }
  return exit.reason === 'sandbox-ended' ? { ...exit, reason: 'killed' } : exit
}

function withRecord(exit: CommandExit, isRecorded: boolean): Readonly<Record<string, unknown>> {
  if (isRecorded) return { ...exit }
  return { ...exit, note: exit.note === undefined ? UNRECORDED : `${exit.note}; ${UNRECORDED}` }
}

/** As long as something waits to be read it is relayed; what it left in the background goes on without us. */
function letGoOnceSilent(command: RunningCommand): void {
  const { stdout, stderr } = command
  let silentMs = 0
  const timer = setInterval(() => {
    const isOver = stdout.readableEnded && stderr.readableEnded
    const isWaiting = stdout.readableLength + stderr.readableLength > 0
    silentMs = isWaiting ? 0 : silentMs + LOOK_EVERY_MS
    if (!isOver && silentMs < SILENT_MS) return
    clearInterval(timer)
    if (!isOver) command.detach()
  }, LOOK_EVERY_MS)
}
