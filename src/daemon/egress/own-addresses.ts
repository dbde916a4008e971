import { networkInterfaces } from 'node:os'
import type { Clock } from '../../platform/clock.ts'

/** Asking the kernel takes a good part of what a connection takes, and an interface takes longer to come up than this. */
const KEPT_MS = 1000

/** Whether an address belongs to this machine, as of at most a second ago: interfaces come and go. */
export function ownAddresses(
  clock: Pick<Clock, 'monotonicMs'>,
  list: () => readonly string[] = listed,
): (address: string) => boolean {
  const known = { all: new Set<string>(), until: -Infinity }
  return (address) => {
    const now = clock.monotonicMs()
    if (now >= known.until) {
      known.all = new Set(list()) // first: what cannot be told is told to nobody
      known.until = now + KEPT_MS
    }
    return known.all.has(address)
  }
}

function listed(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? [])
}
