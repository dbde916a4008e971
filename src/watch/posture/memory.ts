import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Looked, Weakness } from './report.ts'

/** How much of what there is is in use, in parts of a hundred. */
export interface MemoryUse {
  /** `machine`, `control group`, `daemon`. */
  readonly of: string
  readonly percent: number
  /** Of the last ten seconds, how much of the time somebody waited for memory; absent where the kernel does not say. */
  readonly pressurePercent?: number
}

/** It is well again only this far below, so that what swings around the limit is told once. */
const HYSTERESIS_PERCENT = 5

/** Remembers what was told: once above the limit, and again only after it was well. */
export class MemoryWatch {
  readonly #limitPercent: number
  readonly #high = new Set<string>()

  constructor(limitPercent: number) {
    this.#limitPercent = limitPercent
  }

  /** What is above the limit now, or was and is not well again. */
  look(uses: readonly MemoryUse[]): Weakness[] {
    return uses.flatMap((use) => {
      const isHigh = use.percent >= this.#limitPercent
      const isWell = use.percent < this.#limitPercent - HYSTERESIS_PERCENT
      if (isHigh) this.#high.add(use.of)
      if (isWell) this.#high.delete(use.of)
      return this.#high.has(use.of) ? [weaknessOf(use, this.#limitPercent)] : []
    })
  }
}

function weaknessOf({ of, percent, pressurePercent }: MemoryUse, limit: number): Weakness {
  const waits =
    pressurePercent === undefined ? '' : `, and programs waited for it ${pressurePercent} % of the time`
  return {
    ...{ id: 'memory-high', area: 'memory', severity: 'medium', subject: of },
    what: `memory of the ${of} is in use to ${Math.round(percent)} % (told from ${limit} %)${waits}`,
    fix: 'end what is not needed: warder session list; or raise posture.memory_percent',
  }
}

export async function scanMemory(watch: MemoryWatch, root = '/'): Promise<Looked> {
  const { uses, notes } = readMemory(root)
  return { weaknesses: watch.look(uses), notes }
}

/** What the kernel says; what it does not say is noted. */
export function readMemory(root = '/'): { readonly uses: MemoryUse[]; readonly notes: string[] } {
  const notes: string[] = []
  const uses: MemoryUse[] = []
  const pressure = /^some avg10=([\d.]+)/m.exec(text(join(root, 'proc/pressure/memory')))?.[1]
  if (pressure === undefined) notes.push('the kernel does not tell of pressure (PSI)')
  const info = text(join(root, 'proc/meminfo'))
  const [total, available] = [kibibytes(info, 'MemTotal'), kibibytes(info, 'MemAvailable')]
  if (total !== undefined && available !== undefined && total > 0)
    uses.push({
      ...{ of: 'machine', percent: (100 * (total - available)) / total },
      ...(pressure === undefined ? {} : { pressurePercent: Number(pressure) }),
    })
  else notes.push('how much memory the machine has is not told')
  const group = groupUse(root)
  if (group === undefined) notes.push('the control group of the daemon has no limit')
  else uses.push(group)
  return { uses, notes }
}

function kibibytes(info: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(info)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Version 2 has one path, version 1 one for memory. */
function groupUse(root: string): MemoryUse | undefined {
  const groups = text(join(root, 'proc/self/cgroup'))
  const v2 = /^0::(.*)$/m.exec(groups)?.[1]
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1]
  const places = [
    ...(v2 === undefined ? [] : [[`sys/fs/cgroup${v2}`, 'memory.current', 'memory.max']]),
    ...(v1 === undefined
      ? []
      : [[`sys/fs/cgroup/memory${v1}`, 'memory.usage_in_bytes', 'memory.limit_in_bytes']]),
  ]
  for (const [place = '', used = '', limit = ''] of places) {
    if (!existsSync(join(root, place, limit))) continue
    const most = Number(text(join(root, place, limit)))
    // without a limit version 2 says "max", version 1 a number no machine has
    if (!Number.isFinite(most) || most <= 0 || most > 2 ** 60) continue
    return { of: 'control group', percent: (100 * Number(text(join(root, place, used)))) / most }
  }
  return undefined
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
