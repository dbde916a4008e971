import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, systemCode } from '../../core/error.ts'
import { groupPrefix, removeEmpty, type CgroupHost, type Controller } from './cgroup-host.ts'
import type { Limits } from './spec.ts'

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

function quietRead(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
