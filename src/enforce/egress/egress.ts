import type { Socket } from 'node:net'
import { messageOf } from '../../core/error.ts'
import { listenPrivately, type Listener } from '../../platform/unix-socket.ts'
import type { Airlock } from './airlock.ts'
import { closedNow } from './admit.ts'
import { EgressError } from './errors.ts'
import { connectLate, countBytes, receive } from './front.ts'
import type { EgressGrant } from './grant.ts'
import { parseTarget } from './host.ts'
import { inspectionWith, type CreateInspection } from './inspection.ts'
import { createPlainDoor } from './plain.ts'
import { refusal, Refused, type Refusal } from './refusal.ts'
import { findRoute, follow } from './route.ts'
import { EgressRun, type EgressPorts, type RunUsage, type Tracked } from './run.ts'
import type { OpenRun } from './tunnel.ts'

/** The ways out of all runs. */
export interface Egress {
  /**
   * Opens a run's way out.
   *
   * @param socketPath where the run's programs connect; whoever can open it is the run
   * @param uid who may open it, when that is not the user we run as (needs root)
   * @returns what programs inside must be told to trust, when TLS is opened for some hosts
   * @throws EgressError `EGRESS_GRANT_INVALID`, `EGRESS_RUN_TAKEN`; SocketError
   */
  open(grant: EgressGrant, socketPath: string, uid?: number): Promise<Opened>
  /** Exchanges what a run may reach; connections it may not have any more are broken off. @throws EgressError */
  update(grant: EgressGrant): Promise<void>
  /** Takes back what somebody allowed when asked, and breaks off what goes there. */
  shut(runId: string, host: string, port: number): Promise<void>
  /** Ends a run's way out, and every connection of it. */
  close(runId: string): Promise<RunUsage | undefined>
  /** Ends everything of everybody, at once. */
  halt(why: string): Promise<void>
  /** Opens or shuts the airlock of all runs; what is open when it shuts is broken off. */
  setAirlock(airlock: Airlock): Promise<void>
  /** @throws EgressError `EGRESS_RUN_MISSING` */
  usage(runId: string): Promise<RunUsage>
}

export interface Opened {
  /** PEM of the run's own authority; absent when no host is intercepted. */
  readonly authorityPem?: string
}

interface Served extends OpenRun {
  readonly listener: Listener
  close(): void
}

const WATCH_MS = 250

export function createEgress(ports: EgressPorts): Egress {
  return new EgressHouse(ports, inspectionWith(ports.scanner))
}

class EgressHouse implements Egress {
  readonly #ports: EgressPorts
  readonly #createInspection: CreateInspection
  readonly #runs = new Map<string, Served>()
  readonly #opening = new Set<string>()
  #airlock: Airlock = 'off'
  #watch: NodeJS.Timeout | undefined

  constructor(ports: EgressPorts, createInspection: CreateInspection) {
    this.#ports = ports
    this.#createInspection = createInspection
  }

  async open(grant: EgressGrant, socketPath: string, uid?: number): Promise<Opened> {
    const { runId } = grant
    if (this.#runs.has(runId) || this.#opening.has(runId)) throw taken(runId)
    this.#opening.add(runId)
    try {
      const served = await this.#serve(grant, socketPath, uid)
      this.#runs.set(runId, served)
      this.#watch ??= setInterval(() => this.#look(), WATCH_MS).unref()
      const { authorityPem } = served.inspection
      return authorityPem === undefined ? {} : { authorityPem }
    } finally {
      this.#opening.delete(runId)
    }
  }

  async #serve(grant: EgressGrant, socketPath: string, uid?: number): Promise<Served> {
    const run = new EgressRun(grant, this.#ports, () => this.#airlock)
    const inspection = this.#createInspection(run)
    const plain = createPlainDoor({
      run,
      inspection,
      targetOf: (target) => ({
        host: target.host.text,
        port: target.port,
        dial: async () => {
          const found = await findRoute(run, target)
          if ('refusal' in found) throw new Refused(found.refusal)
          return (await follow(run, found.route)).socket
        },
      }),
      connect: (client, request, sent) =>
        this.#guarded(client.socket, connectLate(open, client, request, sent)),
    })
    const open: OpenRun = { run, inspection, plain }
    const close = () => {
      plain.close()
      inspection.close()
    }
    try {
      const listener = await listenPrivately(
        socketPath,
        (socket) => this.#guarded(socket, receive(open, socket)),
        uid,
      )
      return { ...open, listener, close }
    } catch (error) {
      close()
      throw error
    }
  }

  /** A fault of ours ends the connection it was met on, and no other. */
  #guarded(socket: Socket, serving: Promise<void>): void {
    serving.catch((error: unknown) => {
      socket.destroy()
      this.#ports.warn(`a connection was broken off by a fault: ${messageOf(error)}`)
    })
  }

  async update(grant: EgressGrant): Promise<void> {
    const served = this.#served(grant.runId)
    served.run.update(grant)
    // what was allowed may not be any more, and a tunnel is not asked again: everything begins anew under the new rules
    served.run.cut()
  }

  async shut(runId: string, host: string, port: number): Promise<void> {
    const target = parseTarget(`${host.includes(':') ? `[${host}]` : host}:${port}`)
    if (target !== undefined) this.#runs.get(runId)?.run.shut(target)
  }

  async close(runId: string): Promise<RunUsage | undefined> {
    const served = this.#runs.get(runId)
    if (served === undefined) return undefined
    this.#runs.delete(runId)
    await Promise.all([served.listener.close(), this.#end(served, ENDED)])
    if (this.#runs.size === 0) this.#stopWatching()
    return served.run.usage()
  }

  async halt(why: string): Promise<void> {
    const all = [...this.#runs.values()]
    this.#runs.clear()
    this.#stopWatching()
    const stopped = refusal(
      'stopped',
      'egress.stop',
      why,
      `let the owner resume it: warder resume AGENT --reason '…'`,
    )
    await Promise.all(all.flatMap((served) => [this.#end(served, stopped), served.listener.close()]))
  }

  async #end(served: Served, why: Refusal): Promise<void> {
    const ended = served.run.end(why)
    served.close()
    await ended
  }

  async setAirlock(airlock: Airlock): Promise<void> {
    this.#airlock = airlock
    this.#look()
  }

  async usage(runId: string): Promise<RunUsage> {
    return this.#served(runId).run.usage()
  }

  #served(runId: string): Served {
    const served = this.#runs.get(runId)
    if (served !== undefined) return served
    throw new EgressError('EGRESS_RUN_MISSING', `run ${runId} has no way out that is open`, 'open it first')
  }

  #stopWatching(): void {
    clearInterval(this.#watch)
    this.#watch = undefined
  }

  /** Who holds a place and does nothing, whose time has come, and who has spent what there was. */
  #look(): void {
    for (const { run } of this.#runs.values()) {
      // whoever has asked and not been answered yet is told why, not hung up on
      if (closedNow(run) !== undefined) run.cutAnswered()
      for (const tracked of run.tracked) look(run, tracked)
    }
  }
}

function look(run: EgressRun, tracked: Tracked): void {
  const nowMs = run.ports.clock.monotonicMs()
  const { socket } = tracked
  if (!countBytes(run, tracked)) return run.cut()
  const bytes = tracked.isCounted ? tracked.bytes : socket.bytesRead + socket.bytesWritten
  // while a head is waited for, a byte now and then is no sign of life
  if (bytes !== tracked.bytesSeen && !tracked.isWaiting) {
    tracked.movedAtMs = nowMs
    tracked.bytesSeen = bytes
  }
  const { headMs, idleMs, totalMs } = run.ports.limits
  const restsMs = nowMs - tracked.movedAtMs
  if (restsMs > (tracked.isWaiting ? headMs : idleMs) || nowMs - tracked.openedAtMs > totalMs)
    socket.destroy()
}

function taken(runId: string): EgressError {
  return new EgressError(
    'EGRESS_RUN_TAKEN',
    `the way out of run ${runId} is open already`,
    'update it, or close it first',
  )
}

const ENDED = refusal('stopped', 'egress.run', 'the run has ended', 'start it again')
