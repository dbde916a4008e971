import { formatDuration, formatSize } from '../core/quantity.ts'
import type { Disk, DiskLimits } from '../enforce/workspace/index.ts'

/** How often a run's layer and its disk are looked at. */
export const LAYER_LOOK_MS = 3000

export interface SizeFacts {
  readonly disk: Disk
  readonly limits: DiskLimits
  /** Whether what the agent writes stays aside; otherwise it has no size of its own. */
  readonly isAside: boolean
  /** A directory on the disk it will write to. */
  readonly place: string
}

/** What holds the size of what an agent writes, said exactly: a watch is no hard limit, and sounds like none. */
export function sizeWords(facts: SizeFacts, isWatched: boolean): string[] {
  const { isAside, limits, disk, place } = facts
  const every = formatDuration(LAYER_LOOK_MS)
  const when = isWatched ? `when it starts, and then every ${every}` : 'when it starts, and not while it runs'
  const free = `${formatSize(limits.leastFreeBytes)} must stay free on the disk it writes to (workspace.min_free); looked at ${when}`
  if (!isAside) return ['what it writes to the workspace has no limit of its own', free]
  const most = formatSize(limits.mostLayerBytes)
  const totalBytes = disk.totalBytes(place)
  if (totalBytes <= limits.mostLayerBytes) {
    const held = `what it writes aside can take at most ${formatSize(totalBytes)}: a hard limit, of the file system or quota it lies in`
    return [held, free]
  }
  return [
    `what it writes aside may take ${most} (workspace.max_layer); measured ${when}: ${isWatched ? 'the run is ended above it, which is a watch and no hard limit' : 'a look and no limit'}`,
    free,
  ]
}
