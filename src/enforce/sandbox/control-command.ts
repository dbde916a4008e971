import { constants } from 'node:os'
import { STDIO } from './control-frame.ts'
import { execCommand } from './exec.ts'
import { seccompProgram } from './seccomp.ts'
import type { ControlChannel, Receipt } from './control.ts'
import type { ExecRequest, RunningCommand, RunSignal } from './driver.ts'
import type { SandboxSpec } from './spec.ts'
import type { Architecture } from './syscalls.ts'

/** The first command of a sandbox, as process 1 starts it, and what process 1 can do to everybody. */
export class ControlledCommand {
  readonly #channel: ControlChannel
  readonly #spec: SandboxSpec
  readonly #architecture: Architecture
  #id = 0
  #failure: string | undefined

  constructor(channel: ControlChannel, spec: SandboxSpec, architecture: Architecture) {
    this.#channel = channel
    this.#spec = spec
    this.#architecture = architecture
  }

  /** Everything process 1 said was heard: why the command did not begin, or undefined when it did. */
  async lastWords(): Promise<string | undefined> {
    await this.#channel.closed
    return this.#failure
  }

  /** Tells process 1 what to run. It reads this only once it is let go on. */
  begin(onMisunderstood: (why: string) => void): void {
    const { limits, noFork, bridge, umask, cwd, argv, env } = this.#spec
    const filter = noFork ? { filter: seccompProgram(this.#architecture, { noFork }) } : {}
    const setUp = this.#channel.setUp({ ...limits, ...filter, ...(bridge === undefined ? {} : { bridge }) })
    void setUp.then((understood) => {
      if (!understood && !this.#channel.isClosed) onMisunderstood('process 1 is of another version')
    })
    const nothing = () => undefined
    this.#id = this.#channel.exec(
      { stdio: STDIO.inherited, columns: 0, rows: 0, umask, windowBytes: 0, cwd, argv, env },
      {
        started: nothing,
        failed: (errno, step) => (this.#failure = `${argv[0]}: ${step} (error ${errno})`),
        output: nothing,
        errors: nothing,
        taken: nothing,
        exited: nothing,
        gone: nothing,
      },
    )
  }

  signal(name: RunSignal): void {
    this.#channel.signal(this.#id, constants.signals[name])
  }

  exec(request: ExecRequest): Promise<RunningCommand> {
    const { cwd, env, umask } = this.#spec
    return execCommand(this.#channel, request, { cwd, env, umask })
  }

  stop(): Promise<Receipt | undefined> {
    return this.#channel.stop()
  }

  continue(): Promise<Receipt | undefined> {
    return this.#channel.continue()
  }

  kill(): Promise<Receipt | undefined> {
    return this.#channel.kill()
  }

  isAnswering(): Promise<boolean> {
    return this.#channel.ping()
  }
}
