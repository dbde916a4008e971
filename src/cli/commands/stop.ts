import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { calls } from '../../client/calls.ts'
import type { OutputOf } from '../../api/endpoints.ts'
import {
  createStopStore,
  haltRuns,
  STOP_ERRORS,
  StopError,
  type HaltedRun,
  type Hold,
  type Stop,
  type StopStore,
} from '../../contain/stop/index.ts'
import { messageOf } from '../../core/error.ts'
import { freezeAll, killPidNamespace, readRunRecords, type RunRecord } from '../../enforce/sandbox/index.ts'
import { ensurePrivateDirectory } from '../../platform/files.ts'
import { command, type Context } from '../command.ts'
import { counted } from '../counted.ts'
import { flag, optionalArgument, option } from '../param.ts'
import { oneTarget } from '../target.ts'

/** A daemon that does not answer within this time is told of the stop by the file it reads before every decision. */
const DAEMON_ANSWERS_MS = 2000

export const stop = command({
  name: 'stop',
  about: 'freeze and kill agents, and keep them stopped',
  details: [
    'Freezes every process of the agents, writes the stop, kills what was frozen, and then tells the daemon; it needs no daemon and no log-in, and waits for neither. The stop holds across restarts until the owner resumes. --all is manual mode: no agent may do or start anything.',
    'It is done when no process is left. Exit 7 when one is: a stop that was only announced is not a stop.',
  ],
  examples: [
    { run: 'warder stop builder --reason "writes to the wrong place"', does: 'one agent' },
    { run: 'warder stop --all', does: 'every agent, at once' },
  ],
  args: { agent: optionalArgument('the agent', { completes: 'agent' }) },
  options: { all: flag('every agent'), reason: option('why; kept in the record') },
  exits: ['unavailable'],
  async run({ agent, all, reason = 'stopped by hand' }, context) {
    const target = oneTarget(agent, all, 'stop')
    goFirst()
    const { values } = context.config
    ensurePrivateDirectory(values['paths.state'])
    const store = createStopStore(values['paths.state'])
    const asked = { since: new Date(context.clock.now()).toISOString(), by: 'owner', reason }
    const first: { problem?: unknown } = {}
    const halted = await haltRuns({
      list: () => recordedRuns(values['paths.runtime']),
      agent: target,
      hold: HOLD,
      monotonicMs: () => context.clock.monotonicMs(),
      whenFrozen: () => (first.problem = writeStop(context, store, target, asked)),
    })
    // what stood in the way may be gone with what was killed
    const unwritten = first.problem === undefined ? undefined : writeStop(context, store, target, asked)
    const told = await tellDaemon(context, store, target, reason, halted)
    const ended = merged(halted, told.answer?.halted ?? [])
    confirmDead(ended)
    if (unwritten !== undefined && told.answer === undefined) throw notKept(unwritten, ended.length)
    report(context, target, ended, told)
    if (target !== undefined && ended.length === 0) warnOfNobody(context, target)
  },
})

/**
 * A stop file that cannot be understood becomes one that stops all. What goes wrong is returned, not thrown: on a disk
 * that the agent filled it still has to be killed.
 */
function writeStop({ out }: Context, store: StopStore, target: string | undefined, stopped: Stop): unknown {
  try {
    store.stop(target, stopped)
  } catch (error) {
    if (!(error instanceof StopError)) return error
    try {
      store.stopAll(stopped)
      if (target !== undefined) out.warn(`all agents are stopped, not ${target} alone: ${error.message}`)
    } catch (second) {
      return second
    }
  }
  return undefined
}

function notKept(cause: unknown, runs: number): StopError {
  return new StopError(STOP_ERRORS, 'STOP_UNWRITTEN', {
    what: `${runs} runs were killed, but the stop was not written and does not hold for a daemon that is started later: ${messageOf(cause)}`,
    fix: 'free disk space, then warder stop again',
    cause,
  })
}

/** A name that was misspelt must not look like an agent that was stopped. */
export function warnOfNobody({ config, out }: Context, agent: string): void {
  const running = [...new Set(recordedRuns(config.values['paths.runtime']).map((run) => run.agent))]
  if (running.length > 0 && !running.includes(agent))
    out.warn(`nothing of ${agent} ran; what runs here: ${running.join(', ')}`)
}

/** Agents that use every processor would make us wait for our turn. Needs privilege; without it we wait. */
function goFirst(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST)
  } catch {
    // not root: the stop is the same, and takes a moment longer on a busy machine
  }
}

export interface KnownRun extends RunRecord {
  readonly init: NonNullable<RunRecord['init']>
}

export function recordedRuns(runtimeDirectory: string): KnownRun[] {
  return readRunRecords(join(runtimeDirectory, 'runs')).filter(
    (run): run is KnownRun => run.init !== undefined,
  )
}

export const HOLD: Hold<KnownRun> = {
  async freeze(runs) {
    const areStill = await freezeAll(runs.map(({ init }) => init))
    return new Set(runs.filter((_, i) => areStill[i]))
  },
  async kill({ init, pidNamespace }) {
    const { processesBefore, processesAfter } = await killPidNamespace(init, pidNamespace)
    return { before: processesBefore, after: processesAfter }
  },
}

interface Told {
  readonly answer?: OutputOf<'stop'>
  /** Why the daemon was not told; the ledger learns of the stop when it next runs. */
  readonly why?: string
}

async function tellDaemon(
  context: Context,
  store: StopStore,
  agent: string | undefined,
  reason: string,
  receipts: readonly HaltedRun[],
): Promise<Told> {
  const note = (told: boolean): void => {
    try {
      store.note({ agent, reason, at: new Date(context.clock.now()).toISOString(), receipts, told })
    } catch (error) {
      context.out.warn(`this stop will be missing in the record: ${messageOf(error)}`)
    }
  }
  try {
    const client = await context.client({ start: false })
    const signal = AbortSignal.timeout(DAEMON_ANSWERS_MS)
    const answer = await calls(client).call(
      'stop',
      agent === undefined ? { reason } : { agent, reason },
      signal,
    )
    if (receipts.length > 0) note(true) // the daemon found nothing left to kill: what was killed here goes on record too
    return { answer }
  } catch (error) {
    note(false)
    return { why: messageOf(error) }
  }
}

/** One line for each run, whoever ended it. */
function merged(here: readonly HaltedRun[], there: OutputOf<'stop'>['halted']): HaltedRun[] {
  const more = there.filter(({ runId }) => !here.some((run) => run.runId === runId))
  return [
    ...here,
    ...more.map(({ error, frozenMs, ...run }) => ({
      ...run,
      ...(error === undefined ? {} : { error }),
      ...(frozenMs === undefined ? {} : { frozenMs }),
    })),
  ]
}

function confirmDead(halted: readonly HaltedRun[]): void {
  const left = halted.filter(({ processesAfter }) => processesAfter !== 0)
  if (left.length > 0) {
    const [run] = left
    throw new StopError(STOP_ERRORS, 'STOP_UNVERIFIED', {
      what: `${left.length} of ${halted.length} runs are not confirmed dead: ${run?.agent}, ${run?.processesAfter} processes left`,
      fix: 'warder stop again; if they stay, end them as root by their pid (warder status)',
    })
  }
}

function report(
  { out }: Context,
  target: string | undefined,
  halted: readonly HaltedRun[],
  { answer, why }: Told,
): void {
  const whom = target ?? 'every agent'
  const lines = [
    `stopped ${whom}; nothing of ${target === undefined ? 'them' : 'it'} runs, and nothing may start until: warder resume ${target ?? '--all'} --reason '…'`,
    ...halted.map(
      (run) =>
        `  ${run.agent}: ${counted(run.processesBefore, 'process', 'processes')}, ${frozen(run)}none left after ${run.ms.toFixed(1)} ms`,
    ),
    ...(why === undefined
      ? []
      : [`  no daemon was told (${why}); the stop holds all the same, and is recorded when one runs`]),
  ]
  out.result(
    {
      agent: target ?? null,
      halted,
      told: answer !== undefined,
      cancelledPermits: answer?.cancelledPermits ?? 0,
    },
    lines.join('\n'),
  )
}

function frozen({ frozenMs }: HaltedRun): string {
  return frozenMs === undefined ? '' : `frozen after ${frozenMs.toFixed(1)} ms, `
}
