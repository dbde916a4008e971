import type { IncidentEvent } from './event.ts'
import type { IncidentStore } from './store.ts'

/** The twin of the file, for tests and for a house whose state cannot be written. */
export function memoryIncidentStore(
  events: readonly IncidentEvent[] = [],
): IncidentStore & { readonly all: IncidentEvent[] } {
  const all = [...events]
  return {
    all,
    events,
    problem: undefined,
    get last() {
      return all.length
    },
    append: (more) => void all.push(...more),
    rewrite: (event) => void all.splice(0, all.length, event),
    get sizeBytes() {
      return JSON.stringify(all).length
    },
    close: () => undefined,
  }
}
