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
import { join } from 'node:path'
import { readProcess } from './processes.ts'

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

/**
 * A group with processes of its own cannot limit groups below it; when nobody but us and those we started is in it, all
 * of us move down.
 */
function moveAside(own: string): boolean {
  try {
    const pids = readFileSync(join(own, 'cgroup.procs'), 'utf8').trim().split('\n').map(Number)
    if (!pids.every(isOurs)) return false
    mkdirSync(join(own, 'supervisor'), { recursive: true })
    for (const pid of pids) writeFileSync(join(own, 'supervisor', 'cgroup.procs'), String(pid))
    return true
  } catch {
    return false
  }
}

/** Whether it is this process, or one that it or its children started. */
function isOurs(pid: number): boolean {
  if (pid === process.pid) return true
  const parent = readProcess(pid)?.parent ?? 0
  return parent > 1 && isOurs(parent)
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

/** The daemon's number is part of the name, so that one daemon never takes away what another has just made. */
export function groupPrefix(pid: number): string {
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

export function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch {
    return !existsSync(path)
  }
}
