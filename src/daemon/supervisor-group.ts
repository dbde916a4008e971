import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a daemon is put, so that it can limit its agents. */
export interface Groups {
  /** Puts a daemon that has not begun to work into a group of its own. */
  place(pid: number): void
}

const CONTROLLERS = ['+cpu', '+memory', '+pids']

/**
 * A control group (version 2) with processes of its own cannot limit groups below it, so where one was delegated to us
 * the supervisor steps aside, and each daemon gets a group below for itself and its agents.
 *
 * @returns undefined where no group is ours alone, as in a terminal: nothing is changed then
 */
export function openGroups(own = ownGroup(), pid = process.pid): Groups | undefined {
  if (own === undefined) return undefined
  try {
    if (readFileSync(join(own, 'cgroup.procs'), 'utf8').trim() !== String(pid)) return undefined
    enter(join(own, 'watcher'), pid)
  } catch {
    return undefined // not delegated; what limits are lost for that is told by the daemon's probe
  }
  const made = { count: 0 }
  return {
    place(child) {
      for (let old = 1; old <= made.count; old += 1) removeEmpty(join(own, `daemon-${old}`))
      made.count += 1
      for (const controller of CONTROLLERS) quietly(() => enable(own, controller))
      quietly(() => enter(join(own, `daemon-${made.count}`), child))
    },
  }
}

/** The version 2 group we are in; the root of the tree belongs to everybody. */
function ownGroup(): string | undefined {
  const read = (name: string): string[][] => {
    const lines: string[] = []
    quietly(() => lines.push(...readFileSync(`/proc/self/${name}`, 'utf8').split('\n')))
    return lines.map((line) => line.split(name === 'mounts' ? ' ' : ':'))
  }
  const mount = read('mounts').find(([, , type]) => type === 'cgroup2')?.[1]
  const path = read('cgroup').find(([id]) => id === '0')?.[2]
  return mount === undefined || path === undefined || path === '/' ? undefined : join(mount, path)
}

function enable(group: string, controller: string): void {
  writeFileSync(join(group, 'cgroup.subtree_control'), controller)
}

function enter(group: string, pid: number): void {
  mkdirSync(group, { recursive: true })
  writeFileSync(join(group, 'cgroup.procs'), String(pid))
}

/** The groups of a daemon that is gone; one with processes in it stays. */
function removeEmpty(group: string): void {
  quietly(() => {
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory()) removeEmpty(join(group, entry.name))
    rmdirSync(group)
  })
}

/** A group that cannot be had costs a limit, which the daemon then reports as not in force; it must not cost the daemon. */
function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // told by the daemon's probe
  }
}
