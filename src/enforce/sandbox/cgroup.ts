import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, systemCode } from '../../core/error.ts'
import type { Limits } from './spec.ts'

/** What a control group can do for a run. */
export type Controller = 'memory' | 'pids' | 'cpu' | 'freezer'
const CONTROLLERS = ['memory', 'pids', 'cpu', 'freezer'] as const

interface Place {
  readonly version: 1 | 2
  /** The directory in which groups for runs are made. */
  readonly parent: string
}

/** Which controllers this process may use, and where; the rest with the reason why not. */
export interface CgroupHost {
  readonly places: ReadonlyMap<Controller, Place>
  readonly missing: ReadonlyMap<Controller, string>
}

/** The files the kernel tells the layout in; a port for tests. */
export interface CgroupFiles {
  readonly mounts: string
  readonly self: string
}

export function readCgroupFiles(): CgroupFiles {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  return { mounts: read('/proc/self/mounts'), self: read('/proc/self/cgroup') }
}

/**
 * Finds where control groups for runs can be made: next to this process in version 1 hierarchies, below it in a
 * version 2 hierarchy that was delegated to it.
 */
export function findCgroups({ mounts, self }: CgroupFiles): CgroupHost {
  const places = new Map<Controller, Place>()
  const missing = new Map<Controller, string>()
  const mounted = mounts.split('\n').map((line) => line.split(' '))
  const lines = self.split('\n').map((line) => line.split(':'))
  const unified = mounted.find(([, , type]) => type === 'cgroup2')?.[1]
  const unifiedPath = lines.find(([id, names]) => id === '0' && names === '')?.[2]
  const delegated =
    unified === undefined || unifiedPath === undefined ? [] : delegate(join(unified, unifiedPath))
  for (const controller of CONTROLLERS) {
    const v1 = mounted.find(
      ([, , type, options]) => type === 'cgroup' && options?.split(',').includes(controller),
    )?.[1]
    const path = lines.find(([, names]) => names?.split(',').includes(controller))?.[2]
    const parent = v1 === undefined || path === undefined ? undefined : join(v1, path)
    // the version 1 freezer is left out: signals stop everything as surely, and every hierarchy joined costs time
    const isUsable = parent !== undefined && controller !== 'freezer' && isWritable(parent)
    if (isUsable) places.set(controller, { version: 1, parent })
    else if (delegated.includes(controller) && unified !== undefined && unifiedPath !== undefined) {
      places.set(controller, { version: 2, parent: join(unified, unifiedPath) })
    } else {
      const where = parent ?? (unified === undefined ? undefined : join(unified, unifiedPath ?? ''))
      missing.set(
        controller,
        where === undefined
          ? 'the kernel has no control groups here'
          : `${where} is not delegated to this user`,
      )
    }
  }
  return { places, missing }
}

/** Turns controllers on for the groups below `own`; freezing needs none. */
function delegate(own: string): Controller[] {
  if (!isWritable(own) || !isWritable(join(own, 'cgroup.subtree_control'))) return []
  const offered = readFileSync(join(own, 'cgroup.controllers'), 'utf8').trim().split(' ')
  const wanted = (['memory', 'pids', 'cpu'] as const).filter((name) => offered.includes(name))
  const enabled = wanted.filter((name) => enable(own, name))
  return existsSync(join(own, 'cgroup.freeze')) || own.split('/').length <= 5
    ? [...enabled, 'freezer']
    : enabled
}

function enable(own: string, controller: string): boolean {
  try {
    writeFileSync(join(own, 'cgroup.subtree_control'), `+${controller}`)
    return true
  } catch {
    return moveAside(own) && retry(own, controller)
  }
}

/** A group with processes of its own cannot limit groups below it; when we are alone in it, we move down ourselves. */
function moveAside(own: string): boolean {
  try {
    const procs = readFileSync(join(own, 'cgroup.procs'), 'utf8').trim()
    if (procs !== String(process.pid)) return false
    mkdirSync(join(own, 'supervisor'), { recursive: true })
    writeFileSync(join(own, 'supervisor', 'cgroup.procs'), procs)
    return true
  } catch {
    return false
  }
}

function retry(own: string, controller: string): boolean {
  try {
    writeFileSync(join(own, 'cgroup.subtree_control'), `+${controller}`)
    return true
  } catch {
    return false
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Puts this process where it already is. The kernel's lock for moving processes is slow to take the first time and
 * quick for a while after: done at the start, this wait passes while the sandbox is being built.
 */
export async function warmUp(host: CgroupHost): Promise<void> {
  const own = host.places.get('pids') ?? host.places.get('memory')
  if (own?.version !== 1) return
  await writeFile(join(own.parent, 'cgroup.procs'), String(process.pid)).catch(() => undefined)
}

/** The control groups of one run, in whichever hierarchies there are. */
export class RunGroup {
  readonly #directories: ReadonlyMap<Controller, { readonly version: 1 | 2; readonly path: string }>
  /** Controllers whose limit the kernel accepted; for the others, why not. */
  readonly limited = new Set<Controller>()
  readonly refused = new Map<Controller, string>()

  constructor(host: CgroupHost, runId: string, limits: Limits) {
    const made = new Map<Controller, { version: 1 | 2; path: string }>()
    for (const [controller, { version, parent }] of host.places) {
      const path = join(parent, `${groupPrefix(process.pid)}${runId}`)
      // as much as the machine has is no limit
      if (controller === 'cpu' && limits.cpuPercent >= availableParallelism() * 100) continue
      try {
        if (!existsSync(path)) mkdirSync(path)
        made.set(controller, { version, path })
        for (const [file, value] of settings(controller, version, limits))
          writeFileSync(join(path, file), value)
        this.limited.add(controller)
      } catch (error) {
        this.refused.set(controller, messageOf(error))
      }
    }
    this.#directories = made
  }

  version(controller: Controller): 1 | 2 | undefined {
    return this.#directories.get(controller)?.version
  }

  get #paths(): string[] {
    return [...new Set([...this.#directories.values()].map(({ path }) => path))]
  }

  /** Puts a process in; its children follow. Waits for the kernel, off the main thread. */
  async join(pid: number): Promise<void> {
    await Promise.all(this.#paths.map((path) => writeFile(join(path, 'cgroup.procs'), String(pid))))
  }

  get canFreeze(): boolean {
    return this.limited.has('freezer')
  }

  /** Resolves when the kernel says that everything stands still. */
  async freeze(): Promise<boolean> {
    return this.#setFrozen(true)
  }

  async thaw(): Promise<boolean> {
    return this.#setFrozen(false)
  }

  async #setFrozen(frozen: boolean): Promise<boolean> {
    const group = this.#directories.get('freezer')
    if (group === undefined || !this.canFreeze) return false
    const v1 = group.version === 1
    const words = v1 ? (['FROZEN', 'THAWED'] as const) : (['1', '0'] as const)
    const file = join(group.path, v1 ? 'freezer.state' : 'cgroup.freeze')
    try {
      await writeFile(file, words[frozen ? 0 : 1])
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false // the run has ended and its group is gone
      throw error
    }
    for (let i = 0; i < 500 && existsSync(file); i += 1) {
      const state = quietRead(v1 ? file : join(group.path, 'cgroup.events'))
      const isFrozen = v1 ? state.startsWith('FROZEN') : /^frozen 1$/m.test(state)
      if (isFrozen === frozen) return true
      await sleep(1)
    }
    return false
  }

  /** Version 2 can kill a whole group in one step; elsewhere nothing happens. */
  killAll(): void {
    for (const { version, path } of this.#directories.values()) {
      if (version === 2 && existsSync(join(path, 'cgroup.kill')))
        writeFileSync(join(path, 'cgroup.kill'), '1')
    }
  }

  /** How often the kernel killed something here for want of memory. */
  outOfMemoryKills(): number {
    const group = this.#directories.get('memory')
    if (group === undefined) return 0
    const text = quietRead(join(group.path, group.version === 1 ? 'memory.oom_control' : 'memory.events'))
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0)
  }

  usage(): { memoryBytes?: number; memoryPeakBytes?: number; cpuMs?: number } {
    const memory = this.#directories.get('memory')
    const cpu = this.#directories.get('cpu')
    const number = (path: string) => (existsSync(path) ? Number(quietRead(path)) : undefined)
    const memoryBytes =
      memory && number(join(memory.path, memory.version === 1 ? 'memory.usage_in_bytes' : 'memory.current'))
    const memoryPeakBytes =
      memory && number(join(memory.path, memory.version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak'))
    const usec =
      cpu?.version === 2 ? /^usage_usec (\d+)$/m.exec(quietRead(join(cpu.path, 'cpu.stat')))?.[1] : undefined
    return {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(memoryPeakBytes === undefined ? {} : { memoryPeakBytes }),
      ...(usec === undefined ? {} : { cpuMs: Number(usec) / 1000 }),
    }
  }

  /** Removes the groups; they must be empty, which takes the kernel a moment after the last process ended. */
  async close(): Promise<void> {
    for (const path of this.#paths) {
      for (let i = 0; i < 100 && !removeEmpty(path); i += 1) await sleep(5)
    }
  }
}

function settings(
  controller: Controller,
  version: 1 | 2,
  limits: Limits,
): readonly (readonly [string, string])[] {
  const quota = String(limits.cpuPercent * 1000)
  if (version === 1) {
    return {
      memory: [['memory.limit_in_bytes', String(limits.memoryBytes)]] as const,
      pids: [['pids.max', String(limits.processes)]] as const,
      cpu: [['cpu.cfs_quota_us', quota]] as const,
      freezer: [],
    }[controller]
  }
  return {
    memory: [
      ['memory.max', String(limits.memoryBytes)],
      ['memory.swap.max', '0'],
      ['memory.oom.group', '1'],
    ] as const,
    pids: [['pids.max', String(limits.processes)]] as const,
    cpu: [['cpu.max', `${quota} 100000`]] as const,
    freezer: [],
  }[controller]
}

/** The daemon's number is part of the name, so that one daemon never takes away what another has just made. */
function groupPrefix(pid: number): string {
  return `warder-${pid}-`
}

/** Removes groups of runs that a killed daemon left behind; those with processes in them stay. */
export function sweepGroups(host: CgroupHost): void {
  for (const parent of new Set([...host.places.values()].map((place) => place.parent))) {
    for (const name of readdirSync(parent)) {
      const pid = /^warder-(\d+)-/.exec(name)?.[1]
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeEmpty(join(parent, name))
    }
  }
}

function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch {
    return !existsSync(path)
  }
}

function quietRead(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
