import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { HaltedRun } from '../contain/stop/index.ts'
import { messageOf } from '../core/error.ts'
import type { PermitDesk } from '../core/permit.ts'
import {
  createBubblewrapDriver,
  createDriverChoice,
  createLandlockDriver,
  createPodmanDriver,
  createSandboxDoor,
  fileRegistry,
  SpawnWatchOnDemand,
  type DriverChoice,
  type Running,
  type SandboxDoor,
  type SandboxDriver,
  type TakeOutbox,
} from '../enforce/sandbox/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { openNative } from '../platform/native.ts'
import { spawnEvent } from './events.ts'
import type { RunsOptions } from './runs.ts'
import type { BuiltRun, RunWatcher } from './watch/run-watcher.ts'

const PODMAN = '/usr/bin/podman'

export interface DoorsOptions {
  readonly runtimeDirectory: string
  readonly stateDirectory: string
  readonly permits: PermitDesk
  readonly clock: Clock
  readonly log: Log
  /** Writes an event without keeping anybody waiting; never throws. */
  readonly record: (event: GateEvent) => void
  readonly onStart: (run: Running) => void
  /** What is done with the results of a task in a container. */
  readonly takeOutbox: TakeOutbox
  /** What self-tests have found broken is not claimed, and nothing that relies on it is started. */
  readonly hold: (driver: SandboxDriver) => SandboxDriver
}

export interface Doors {
  /** The strongest that keeps what a run asks for. */
  readonly driver: DriverChoice
  /** Every one there is, as it is: for the self-test alone. */
  readonly drivers: readonly SandboxDriver[]
  readonly open: RunsOptions['open']
  /** Has somebody told of every run from outside it, before its first act. */
  readonly watchedBy: (watcher: RunWatcher) => void
  /** Has somebody look at every run whose box stands; it does not begin where that fails. */
  readonly checkedBy: (check: (run: BuiltRun) => Promise<void>) => void
  /** Into what runs already. */
  readonly inside: Pick<SandboxDoor, 'enter' | 'forward'>
  readonly halt: (agent: string | undefined, why: string) => Promise<HaltedRun[]>
  readonly close: (why: string) => Promise<void>
}

/** The sandbox door, and the watch over every program that begins behind it. */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { runtimeDirectory, stateDirectory, permits, clock, log, record, onStart, hold } = options
  const agents = new Map<string, string>() // of the runs that go on, by run
  // a thread costs as much as a sixth of a start, and a daemon that starts no run has no use for it
  const spawns = new SpawnWatchOnDemand({
    onSpawn: (spawn) => record(spawnEvent(spawn, agents.get(spawn.runId) ?? 'unknown')),
    onLost: () => log.warn('the kernel dropped process events: some programs began without a record'),
    now: () => clock.now(),
  })
  const starting = new Map<string, Pick<BuiltRun, 'agent' | 'spec' | 'workspace'>>()
  const outside: { watcher?: RunWatcher; check?: (run: BuiltRun) => Promise<void> } = {}
  const forget = (runId: string): void => {
    outside.watcher?.over(runId)
    void spawns.forget(runId)
    agents.delete(runId)
  }
  const shared = { native: openNative(), others: async () => [(await spawns.begun()).state] }
  const bubblewrap = createBubblewrapDriver(shared)
  const podmanState = join(stateDirectory, 'podman')
  const podman = createPodmanDriver({
    native: shared.native,
    state: podmanState,
    takeOutbox: options.takeOutbox,
  })
  const landlock = createLandlockDriver(shared)
  const driver = createDriverChoice([hold(bubblewrap), hold(podman), hold(landlock)])
  /** Whether podman ever ran for this house: to ask it takes longer than all the rest of a start. */
  const usedPodman = () => existsSync(PODMAN) && existsSync(podmanState)
  if (usedPodman()) void podman.sweep().catch((error: unknown) => log.warn(`podman: ${messageOf(error)}`))
  const door = createSandboxDoor({
    driver,
    desk: permits,
    clock,
    registry: fileRegistry(join(runtimeDirectory, 'runs')),
    onStart,
    onBuilt: async (runId, init, temporary) => {
      ;(await spawns.begun()).watch(runId, init)
      const about = starting.get(runId)
      if (about === undefined) return
      const built = { runId, init, temporary, ...about }
      await outside.check?.(built)
      await outside.watcher?.built(built)
    },
    onEnd: ({ runId }) => forget(runId),
  })
  return {
    driver,
    drivers: [bubblewrap, podman, landlock],
    inside: door,
    watchedBy: (watcher) => (outside.watcher = watcher),
    checkedBy: (check) => (outside.check = check),
    open: async (permit, spec, start) => {
      const { runId, agent, workspace } = start
      agents.set(runId, agent)
      starting.set(runId, { agent, spec, workspace })
      outside.watcher?.begins()
      void spawns.begun() // meanwhile the sandbox is built
      try {
        return await door.open(permit, spec, start)
      } catch (error) {
        forget(runId)
        throw error
      } finally {
        starting.delete(runId)
      }
    },
    halt: async (agent, why) =>
      (await door.halt(agent === undefined ? {} : { agent }, why)).map((receipt) => ({ ...receipt })),
    close: async (why) => {
      await door.close(why)
      await spawns.close()
      if (usedPodman()) podman.close()
    },
  }
}
