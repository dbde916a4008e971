import { digestOf, sha256, type Json } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import type { Outcome, Permit, PermitDesk } from '../../core/permit.ts'
import type { Clock } from '../../platform/clock.ts'
import { SandboxError } from './errors.ts'
import type { CommandExit, Running, RunningCommand, TerminalSize } from './driver.ts'

/** Exactly what is done when a command enters a sandbox that runs. */
export interface InsideCommand {
  readonly runId: string
  /** The program as it is called inside, absolute, and its arguments. */
  readonly argv: readonly string[]
  /** Besides the sandbox's own. Values may be secret. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly umask: number
  readonly terminal?: TerminalSize
  readonly limits: { readonly wallMs?: number; readonly outputBytes?: number }
}

/** What doors share who let something into a sandbox that runs. */
export interface InsideDesk {
  readonly desk: PermitDesk
  readonly clock: Clock
}

/** SHA-256 over everything that makes a difference: the bytes a permit for it is for. */
export function insideDigest(command: InsideCommand): string {
  const env = Object.fromEntries(Object.entries(command.env).map(([name, value]) => [name, sha256(value)]))
  // through JSON text, so that a member that is undefined and one that is absent are the same
  return digestOf(JSON.parse(JSON.stringify({ act: 'inside', ...command, env })) as Json)
}

/** Runs a command whose permit is spent, and settles it with how that ended. @throws SandboxError; then nothing ran */
export async function enterSandbox(
  { desk, clock }: InsideDesk,
  permit: Permit,
  command: InsideCommand,
  run: Running | undefined,
): Promise<RunningCommand> {
  const began = clock.monotonicMs()
  try {
    const { argv, env, cwd, umask, terminal, limits } = command
    const { wallMs, outputBytes } = limits
    const running = await execIn(run, {
      ...{ argv, env, cwd, umask },
      ...(terminal === undefined ? {} : { terminal }),
      ...(wallMs === undefined ? {} : { wallMs }),
      ...(outputBytes === undefined ? {} : { maxOutputBytes: outputBytes }),
    })
    // an outcome that could not be written is kept by the desk
    void running.exit.then((exit) => desk.settle(permit, outcomeOf(exit))).catch(() => undefined)
    return running
  } catch (error) {
    await desk.settle(permit, {
      result: 'error',
      durationMs: clock.monotonicMs() - began,
      note: error instanceof SandboxError ? `${error.code}: ${messageOf(error)}` : messageOf(error),
    })
    throw error
  }
}

/** @throws SandboxError when the run has ended, or its driver has no way in */
export async function execIn(
  run: Running | undefined,
  request: Parameters<NonNullable<Running['exec']>>[0],
): Promise<RunningCommand> {
  if (run?.exec === undefined) throw noWayIn(run)
  return await run.exec(request)
}

export function noWayIn(run: Running | undefined): SandboxError {
  if (run === undefined) {
    return new SandboxError('SANDBOX_RUN_MISSING', 'the run has ended', 'see what runs: warder status')
  }
  return new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    'the driver of this run has no way into a running sandbox',
    'start it in a sandbox of level full (warder sandbox probe), or run the command beside it: warder exec',
  )
}

function outcomeOf(exit: CommandExit): Outcome {
  const result = {
    exited: exit.code === 0 ? 'success' : 'failure',
    timeout: 'timeout',
    output: 'violation',
    killed: 'cancelled',
    failed: 'error',
    'sandbox-ended': 'cancelled',
  } as const
  return {
    result: result[exit.reason],
    durationMs: exit.durationMs,
    ...(exit.code === undefined ? {} : { exitCode: exit.code }),
    ...(exit.note === undefined ? {} : { note: exit.note }),
  }
}
