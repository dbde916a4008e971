import { messageOf } from '../core/error.ts'
import { formatSize } from '../core/quantity.ts'
import type { KillReceipt } from '../enforce/sandbox/index.ts'
import type { Disk, DiskLimits } from '../enforce/workspace/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'
import { LAYER_LOOK_MS } from './layer-size.ts'
import type { LiveRun } from './runs.ts'

export interface LayerWatchOptions {
  readonly live: () => readonly LiveRun[]
  readonly disk: Disk
  readonly limits: DiskLimits
  readonly record: (event: GateEvent) => Promise<unknown>
  readonly log: Log
  readonly everyMs?: number
}

/** What of the host's a run writes to: its layer, when it has one, and a directory on each disk. */
interface Written {
  readonly disks: readonly string[]
  readonly layer: readonly string[]
}

/** In a row; one look may fail because the machine is busy. */
const MOST_FAILED_LOOKS = 3

/**
 * Looks, every few seconds, at what runs have written aside and at the room that is left, and ends a run that takes
 * more than it may. Not a limit of the kernel's: between two looks an agent can write as much as the disk is fast.
 */
export class LayerWatch {
  readonly #options: LayerWatchOptions
  /** By run: looks in a row at which nobody could say how large its layer is. */
  readonly #failed = new Map<string, number>()
  readonly #ending = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: LayerWatchOptions) {
    this.#options = options
    this.#wait()
  }

  /** One look at every run. */
  async look(): Promise<void> {
    const live = this.#options.live()
    const known = new Set(live.map(({ running }) => running.runId))
    for (const runId of this.#failed.keys()) if (!known.has(runId)) this.#failed.delete(runId)
    // one after the other: measuring twenty trees at once would slow down everybody's disk
    for (const run of live) await this.#lookAt(run)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** The next look begins a while after the last has ended, however long that took. */
  #wait(): void {
    if (this.#isClosed) return
    const look = (): void => {
      this.look()
        .catch((error: unknown) => this.#options.log.error(`layers were not looked at: ${messageOf(error)}`))
        .finally(() => this.#wait())
    }
    this.#timer = setTimeout(look, this.#options.everyMs ?? LAYER_LOOK_MS).unref()
  }

  async #lookAt(run: LiveRun): Promise<void> {
    if (this.#ending.has(run.running.runId)) return
    const why = await this.#whyNot(run)
    if (why === undefined) return
    try {
      await this.#end(run, why)
    } catch (error) {
      this.#ending.delete(run.running.runId) // and is tried again with the next look
      this.#options.log.error(`not ended: ${run.running.agent}: ${messageOf(error)}`)
    }
  }

  /** Why it must not go on. What nobody can measure may be anything: that is a reason as well, after a few looks. */
  async #whyNot(run: LiveRun): Promise<string | undefined> {
    const { runId } = run.running
    try {
      const written = writtenBy(run)
      const why = this.#whyNoRoom(written) ?? (await this.#whyTooLarge(written))
      this.#failed.delete(runId)
      return why
    } catch (error) {
      const failed = (this.#failed.get(runId) ?? 0) + 1
      this.#failed.set(runId, failed)
      return failed < MOST_FAILED_LOOKS ? undefined : messageOf(error)
    }
  }

  #whyNoRoom({ disks }: Written): string | undefined {
    const { disk, limits } = this.#options
    for (const path of disks) {
      const freeBytes = disk.freeBytes(path)
      if (freeBytes >= limits.leastFreeBytes) continue
      return `the disk of ${path} has ${formatSize(freeBytes)} left, and ${formatSize(limits.leastFreeBytes)} must stay free (workspace.min_free)`
    }
    return undefined
  }

  async #whyTooLarge({ layer }: Written): Promise<string | undefined> {
    if (layer.length === 0) return undefined
    const { disk, limits } = this.#options
    const usedBytes = await disk.usedBytes(layer)
    if (usedBytes <= limits.mostLayerBytes) return undefined
    return `what it wrote aside takes ${formatSize(usedBytes)}, and may take ${formatSize(limits.mostLayerBytes)} (workspace.max_layer)`
  }

  /** Ended and no more: what it wrote is kept for its owner to decide on, and so is whether it may run again. */
  async #end({ running }: LiveRun, why: string): Promise<void> {
    const { agent, runId } = running
    this.#ending.add(runId)
    void running.exit.then(() => this.#ending.delete(runId))
    const reason = `Warder ended ${agent}: ${why}`
    this.#options.log.warn(reason)
    const receipt = await running.kill(reason)
    try {
      await this.#options.record(endEvent(agent, runId, reason, receipt))
    } catch (error) {
      // a full disk takes no entry either; the run's own outcome has the same reason, and is written once it can be
      this.#options.log.error(`${reason}; not on record yet: ${messageOf(error)}`)
    }
  }
}

export function writtenBy({ spec, workspace }: Pick<LiveRun, 'spec' | 'workspace'>): Written {
  const disks: string[] = []
  const layer: string[] = []
  for (const mount of spec.mounts) {
    if (mount.type === 'overlay') layer.push(mount.upper, mount.work)
    if (mount.type !== 'bind' || mount.access !== 'write' || mount.identity?.kind === 'socket') continue
    // a clone is shown where the workspace is
    const isClone = mount.path === workspace && mount.source !== workspace
    if (isClone) layer.push(mount.source)
    else disks.push(mount.source)
  }
  return { disks: [...layer, ...disks], layer }
}

function endEvent(agent: string, runId: string, reason: string, receipt: KillReceipt): GateEvent {
  return {
    event_type: 'containment',
    agent: 'warder',
    action: 'agent:stop',
    target: agent,
    capabilities_used: [],
    decision: '',
    decision_id: '',
    layer: 'containment',
    permit_id: '',
    reason,
    request_id: '',
    result: receipt.processesAfter === 0 ? 'success' : 'failure',
    risk_level: 'high',
    rule: 'containment.disk',
    details: { run: runId, processes: receipt.processesBefore },
  }
}
