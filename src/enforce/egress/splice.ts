import type { Socket } from 'node:net'
import { refusal, type Refusal } from './refusal.ts'
import type { EgressRun, Tracked } from './run.ts'

export interface Spliced {
  readonly bytesOut: number
  readonly bytesIn: number
  /** Why it was broken off by us. */
  readonly broken?: Refusal
}

/**
 * Carries bytes both ways, unread, until both sides have said their last; a side that is slow holds the other up, so
 * that nothing piles up here. Not a byte beyond the budget is passed on.
 *
 * @param sent what the client has said already
 * @param ended told once, when both are closed
 */
export function splice(
  run: EgressRun,
  client: Tracked,
  upstream: Socket,
  sent: Buffer,
  ended: (how: Spliced) => void,
): void {
  const { socket } = client
  const count = { out: 0, in: 0 }
  const state: { broken?: Refusal; isTold: boolean } = { isTold: false }
  const take = (out: number, inward: number): boolean => {
    client.bytes += out + inward
    if (!run.spending.bytes(out, inward)) {
      state.broken = SPENT
      run.alert('budget-spent', '', SPENT.reason)
      socket.destroy()
      upstream.destroy()
      return false
    }
    count.out += out
    count.in += inward
    return true
  }
  const conclude = () => {
    if (!socket.closed || !upstream.closed || state.isTold) return
    state.isTold = true
    const broken = state.broken === undefined ? {} : { broken: state.broken }
    ended({ bytesOut: count.out, bytesIn: count.in, ...broken })
  }
  closeTogether(socket, upstream, run.ports.limits.idleMs, conclude)
  closeTogether(upstream, socket, run.ports.limits.idleMs, conclude)
  conclude()
  if (sent.length > 0 && take(sent.length, 0)) upstream.write(sent)
  oneWay(socket, upstream, (sizeBytes) => take(sizeBytes, 0))
  oneWay(upstream, socket, (sizeBytes) => take(0, sizeBytes))
}

function oneWay(from: Socket, to: Socket, take: (sizeBytes: number) => boolean): void {
  from.on('data', (chunk: Buffer) => {
    if (take(chunk.length) && !to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.resume()
}

/** When one is gone the other says what it still has to say, and goes as well. */
function closeTogether(one: Socket, other: Socket, restMs: number, closed: () => void): void {
  const close = (hadError: boolean) => {
    if (hadError) other.destroy()
    else {
      other.destroySoon()
      if (!other.destroyed) other.setTimeout(restMs, () => other.destroy())
    }
    closed()
  }
  if (one.closed) close(one.errored !== null)
  else one.on('close', close)
}

const SPENT = refusal(
  'budget',
  'egress.bytes',
  'this run has moved all the bytes it may',
  'start it again with a larger budget',
)
