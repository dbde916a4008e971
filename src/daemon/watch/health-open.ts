import type { Component } from '../../watch/health/index.ts'
import { textNotes } from '../text-notes.ts'
import { Health } from './health.ts'
import type { WatchOptions } from './wire.ts'

/**
 * @param parts what the watchers say of themselves, each as one part
 * @param cycles how many cycles detection has run
 */
export function openHealth(
  options: WatchOptions,
  parts: () => readonly Component[],
  cycles: () => number,
): Health {
  return new Health({ ...options, parts, cycles, textNotes: textNotes(() => options.clock.monotonicMs()) })
}
