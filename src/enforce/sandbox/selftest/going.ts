import { spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { newId } from '../../../core/id.ts'
import type { RunExit, SandboxDriver } from '../driver.ts'
import type { SandboxSpec } from '../spec.ts'
import type { Stage } from './attempt.ts'
import { programOf } from './host.ts'
import { as, endGroup, type Owner } from './stage.ts'

/** The prober at work, in a sandbox or outside of any. */
export interface Going {
  /** What holds it: the sandbox's builder and first process; outside both are the prober itself. */
  readonly wrapper: number
  readonly init: number
  readonly stdin: Writable
  readonly stdout: Readable
  readonly exit: Promise<Pick<RunExit, 'code' | 'signal' | 'reason'>>
  stop(): Promise<void>
  /** Ends whatever is left of it; outside nobody else would. */
  cleanUp(): void
}

export interface OpenRequest {
  readonly maxSeconds?: number
}

/** Starts the prober once; each try is a new one. */
export type Opener = (request: OpenRequest) => Promise<Going>

/** What the compiler made of a request, as for any other run. */
export interface PlannedRun {
  readonly spec: SandboxSpec
  readonly dispose: () => Promise<void>
}

export type PlanRun = (request: {
  readonly argv: readonly string[]
  readonly workspace: string
  readonly maxSeconds?: number
}) => Promise<PlannedRun>

/** Inside: as a real run, through the same compiler and the same driver. */
export function insideOpener(
  stage: Stage,
  driver: Pick<SandboxDriver, 'start'>,
  plan: PlanRun,
  /** Told what the first process of each sandbox is. */
  onFirst: (program: string) => void,
): Opener {
  return async (request) => {
    const planned = await plan({ ...request, argv: [stage.tool], workspace: stage.workspace })
    try {
      const run = await driver.start(planned.spec, { runId: newId(), agent: 'self-test' })
      run.stderr.resume()
      onFirst(programOf(run.init.pid) ?? 'unknown')
      run.exit.then(() => planned.dispose()).catch(() => undefined)
      return {
        wrapper: run.pid,
        init: run.init.pid,
        stdin: run.stdin,
        stdout: run.stdout,
        exit: run.exit,
        stop: async () => void (await run.kill('the self-test ended it')),
        cleanUp: () => undefined,
      }
    } catch (error) {
      await planned.dispose()
      throw error
    }
  }
}

/** Outside: the same user, the same directory, and nothing in between; with one descriptor too many, to be found. */
export function outsideOpener(stage: Stage, owner: Owner): Opener {
  return async () => {
    const child = startOutside(stage, owner)
    const { promise, resolve, reject } = Promise.withResolvers<Pick<RunExit, 'code' | 'signal' | 'reason'>>()
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      resolve({
        ...(code === null ? {} : { code }),
        ...(signal === null ? {} : { signal }),
        reason: 'exited',
      }),
    )
    promise.catch(() => undefined)
    const [stdin, stdout] = [child.stdin, child.stdout] as [Writable, Readable]
    stdin.on('error', () => undefined)
    const pid = child.pid ?? 0
    return {
      wrapper: pid,
      init: pid,
      stdin,
      stdout,
      exit: promise,
      stop: async () => void child.kill('SIGKILL'),
      // the leader may be gone and its children not
      cleanUp: () => endGroup({ pid: child.pid, exitCode: null, signalCode: null }),
    }
  }
}

function startOutside(stage: Stage, owner: Owner) {
  const leaked = openSync(stage.root, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    return spawn(stage.tool, ['--control'], {
      ...as(owner),
      cwd: stage.workspace,
      env: { PATH: '/usr/bin:/bin', HOME: stage.home, TMPDIR: stage.root },
      stdio: ['pipe', 'pipe', 'ignore', leaked],
      detached: true,
    })
  } finally {
    closeSync(leaked)
  }
}
