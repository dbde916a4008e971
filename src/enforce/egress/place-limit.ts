import type { Socket } from 'node:net'
import { isNamedBy, targetName, type Target } from './host.ts'
import { refusal, Refused } from './refusal.ts'

/** How much of one place a run has at a time. */
export interface PlaceLimit {
  /** What answers and records call it. */
  readonly id: string
  /** As in rules. */
  readonly host: string
  /** Absent: every port. */
  readonly ports?: readonly number[]
  /** Connections at the same time. */
  readonly atOnce?: number
  /** How long one lasts at most, milliseconds. */
  readonly timeoutMs?: number
}

/** The connections of one run, those that are being made included, held against the limits of where they lead. */
export class PlaceLimits {
  readonly #held = new Set<Target>()

  /**
   * Takes room for one more connection.
   *
   * @throws Refused when there is none
   */
  take(target: Target, limits: readonly PlaceLimit[]): HeldPlace {
    const those = limits.filter((limit) => speaksOf(limit, target))
    for (const { id, atOnce = Infinity, ...limit } of those) {
      const there = [...this.#held].filter((held) => speaksOf({ id, ...limit }, held)).length
      if (there >= atOnce) throw new Refused(full(id, atOnce, target))
    }
    // one object a connection: two to the same place are two
    const held = { ...target }
    this.#held.add(held)
    // also where nothing is limited: limits may come while it is open
    return new HeldPlace(() => this.#held.delete(held), shortest(those))
  }
}

function shortest(limits: readonly PlaceLimit[]): number | undefined {
  const lasting = limits.flatMap(({ timeoutMs }) => timeoutMs ?? [])
  return lasting.length === 0 ? undefined : Math.min(...lasting)
}

/** Room for one connection, until it is given back. */
export class HeldPlace {
  readonly #free: () => void
  readonly #lastsMs: number | undefined

  constructor(free: () => void, lastsMs: number | undefined) {
    this.#free = free
    this.#lastsMs = lastsMs
  }

  giveBack(): void {
    this.#free()
  }

  /** Given back when the connection is closed, which it is when its time is over. */
  keepFor(socket: Socket): void {
    const lastsMs = this.#lastsMs
    const late = () => socket.destroy(new Error(`it lasted longer than the ${lastsMs} ms it may`))
    const timer = lastsMs === undefined ? undefined : setTimeout(late, lastsMs)
    socket.on('close', () => {
      clearTimeout(timer)
      this.#free()
    })
  }
}

function speaksOf({ host, ports }: PlaceLimit, target: Target): boolean {
  return isNamedBy(host, target.host) && (ports === undefined || ports.includes(target.port))
}

function full(id: string, atOnce: number, target: Target) {
  const some = atOnce === 1 ? '1 connection' : `${atOnce} connections`
  return refusal(
    'rate',
    id,
    `${some} at once is what ${id} gives ${targetName(target)}, and as many are open`,
    `close one first, or raise at_once of ${id} in the policy`,
  )
}
