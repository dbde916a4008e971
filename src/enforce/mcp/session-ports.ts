import { onOneLine } from './frame.ts'
import type { SessionPorts } from './ports.ts'

const MOST_REFUSALS = 2000
const MINUTE_MS = 60_000

/**
 * The ports of one session, held to what no part of it may forget: every message goes out on one line, and who has so much
 * refused that it would fill the record is heard no more.
 *
 * @param close ends the session; what is refused afterwards is told to nobody
 */
export function guardedPorts(ports: SessionPorts, close: (why: string) => void): SessionPorts {
  const minute = { sinceMs: Number.NEGATIVE_INFINITY, refusals: 0 }
  const isTooMuch = (): boolean => {
    const nowMs = ports.monotonicMs()
    if (nowMs - minute.sinceMs >= MINUTE_MS && minute.refusals <= MOST_REFUSALS) {
      minute.sinceMs = nowMs
      minute.refusals = 0
    }
    minute.refusals += 1
    return minute.refusals > MOST_REFUSALS
  }
  return {
    ...ports,
    toClient: (message, route) => ports.toClient(onOneLine(message), route),
    toServer: (message, route) => ports.toServer(onOneLine(message), route),
    record: (event) => {
      const isCount = event.kind === 'refused' || event.kind === 'found'
      if (!isCount || !isTooMuch()) return ports.record(event)
      if (minute.refusals > MOST_REFUSALS + 1) return
      const reason = `more than ${MOST_REFUSALS} refusals in a minute: the session ends`
      ports.record({
        ...event,
        kind: 'refused',
        from: event.kind === 'refused' ? event.from : 'server',
        rule: 'limit.refusals',
        reason,
      })
      close(reason)
    },
  }
}
