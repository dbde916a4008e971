import { digestOf } from '../../core/canonical.ts'
import type { Permit } from '../../core/permit.ts'
import { INIT_PATH } from './arguments.ts'
import { execIn, noWayIn, type InsideDesk } from './door-inside.ts'
import { SandboxError } from './errors.ts'
import type { Running, RunningCommand } from './driver.ts'

/** A way in to one port of a sandbox's own loopback. */
export interface InsidePort {
  readonly runId: string
  readonly port: number
}

/** Of the 64 commands a sandbox takes at once: the others stay free for its owner. */
export const MOST_CONNECTIONS = 48

/** SHA-256 over what is opened: the bytes a permit for it is for. */
export function portDigest({ runId, port }: InsidePort): string {
  return digestOf({ act: 'forward', runId, port, connections: MOST_CONNECTIONS })
}

/** How a forward ended. */
export interface ForwardEnd {
  readonly reason: 'closed' | 'sandbox-ended'
  /** How many there were altogether. */
  readonly connections: number
  readonly durationMs: number
  readonly note: string
}

/** An open way in; each connection is a small command inside that connects to the port and carries bytes. */
export class PortForward {
  readonly runId: string
  readonly agent: string
  readonly port: number
  /** Settles once, never rejects: everything is closed then, and on record as far as it could be written. */
  readonly ended: Promise<ForwardEnd>
  readonly #run: Running
  readonly #open = new Set<RunningCommand>()
  readonly #end = Promise.withResolvers<ForwardEnd>()
  readonly #elapsedMs: () => number
  #connections = 0
  #opening = 0
  #isClosed = false

  constructor({ desk, clock }: InsideDesk, permit: Permit, port: number, run: Running) {
    const began = clock.monotonicMs()
    this.#elapsedMs = () => clock.monotonicMs() - began
    this.runId = run.runId
    this.agent = run.agent
    this.port = port
    this.#run = run
    this.ended = this.#end.promise.then(async (end) => {
      const { durationMs, note } = end
      const result = end.reason === 'closed' ? 'success' : 'cancelled'
      await desk.settle(permit, { result, durationMs, note }).catch(() => undefined) // kept by the desk
      return end
    })
    void run.exit.then(() => this.#over('sandbox-ended', 'its sandbox has ended'))
  }

  /** @throws SandboxError when it was closed, the sandbox has ended, or too many are open */
  async connect(): Promise<RunningCommand> {
    if (this.#isClosed) throw gone()
    if (this.#open.size + this.#opening >= MOST_CONNECTIONS) throw full(this.port)
    this.#opening += 1
    try {
      const { port } = this
      const connection = await execIn(this.#run, { argv: [INIT_PATH, '--connect', `${port}`], cwd: '/' })
      this.#take(connection)
      return connection
    } finally {
      this.#opening -= 1
    }
  }

  /** Ends every connection. */
  close(why = 'it was closed'): void {
    this.#over('closed', why)
  }

  #take(connection: RunningCommand): void {
    if (this.#isClosed) {
      connection.kill('the forward was closed')
      throw gone()
    }
    this.#connections += 1
    this.#open.add(connection)
    void connection.exit.then(() => this.#open.delete(connection))
  }

  #over(reason: ForwardEnd['reason'], why: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const connection of this.#open) connection.kill('the forward was closed')
    const connections = this.#connections
    const note = `${why}; connections: ${connections}`
    this.#end.resolve({ reason, connections, durationMs: this.#elapsedMs(), note })
  }
}

/** @throws SandboxError when there is no way in; the spent permit is settled as such */
export async function openPort(
  inside: InsideDesk,
  permit: Permit,
  { port }: InsidePort,
  run: Running | undefined,
): Promise<PortForward> {
  if (run?.exec !== undefined) return new PortForward(inside, permit, port, run)
  const why = noWayIn(run)
  await inside.desk.settle(permit, { result: 'error', durationMs: 0, note: `${why.code}: ${why.message}` })
  throw why
}

function gone(): SandboxError {
  return new SandboxError('SANDBOX_RUN_MISSING', 'the forward has ended', 'start it again: warder forward')
}

function full(port: number): SandboxError {
  return new SandboxError(
    'SANDBOX_FAILED',
    `${MOST_CONNECTIONS} connections to port ${port} are open already`,
    'close some of them first',
  )
}
