import type { EventOf, IncidentEvent } from './event.ts'
import type { Incident, Order, Receipt, TimelineEntry } from './incident.ts'

/** So that an incident that goes on for months stays small; the first lines are the ones that matter. */
const FIRST_LINES = 50
const LAST_LINES = 150

/**
 * What an incident is after one more event. Whether the event may happen is decided before it is written; here it has
 * happened.
 *
 * @returns undefined for an event about an incident that is not known
 */
export function after(before: Incident | undefined, event: IncidentEvent): Incident | undefined {
  if (event.what === 'opened') return opened(event)
  if (before === undefined || event.what === 'kept') return before
  const next = changed(before, event)
  const what = lineOf(before, event)
  return what === undefined ? next : { ...next, timeline: withLine(next.timeline, { at: event.at, what }) }
}

function opened(event: EventOf<'opened'>): Incident {
  const { what: _, at, actions, ...about } = event
  return {
    ...present(about),
    state: 'open',
    count: 1,
    openedAt: at,
    lastAt: at,
    actions: actions.map(waiting),
    steps: [],
    timeline: [{ at, what: `opened: ${about.summary}`.slice(0, 2000) }],
  }
}

/** Without the fields that are there and hold nothing. */
function present(about: Omit<EventOf<'opened'>, 'what' | 'at' | 'actions'>) {
  const { agent, run, ...rest } = about
  return { ...rest, ...(agent === undefined ? {} : { agent }), ...(run === undefined ? {} : { run }) }
}

function waiting({ action, target, input }: Order): Receipt {
  const order = input === undefined ? { action, target } : { action, target, input }
  return { ...order, state: 'waiting', attempts: 0, evidence: '' }
}

function changed(before: Incident, event: Exclude<IncidentEvent, EventOf<'opened' | 'kept'>>): Incident {
  switch (event.what) {
    case 'again':
      return { ...before, count: before.count + event.times, lastAt: Math.max(before.lastAt, event.at) }
    case 'worse':
      return { ...before, severity: event.severity }
    case 'ordered':
      return { ...before, actions: ordered(before.actions, event.actions) }
    case 'began':
    case 'ended':
      return {
        ...before,
        actions: before.actions.map((each, i) => (i === event.action ? tried(each, event) : each)),
      }
    case 'moved':
      return moved(before, event)
    case 'step': {
      const { what: _, id: __, ...step } = event
      return { ...before, steps: [...before.steps.filter((each) => each.step !== step.step), step] }
    }
  }
}

function ordered(before: readonly Receipt[], orders: readonly Order[]): Receipt[] {
  const isSame = (one: Order, other: Order) => one.action === other.action && one.target === other.target
  const again = before.map((each) => {
    const order = orders.find((other) => isSame(each, other))
    return order === undefined ? each : { ...waiting(order), attempts: each.attempts }
  })
  const fresh = orders.filter((order) => !before.some((each) => isSame(each, order)))
  return [...again, ...fresh.map(waiting)]
}

function tried(receipt: Receipt, event: EventOf<'began' | 'ended'>): Receipt {
  const { nextAt: _, ...rest } = receipt
  if (event.what === 'began') return { ...rest, began: event.at, attempts: receipt.attempts + 1 }
  const { state, evidence, ms, nextAt, at } = event
  return { ...rest, state, evidence, ms, ended: at, ...(nextAt === undefined ? {} : { nextAt }) }
}

function moved(before: Incident, { to, at, by, why }: EventOf<'moved'>): Incident {
  const next = { ...before, state: to }
  if (to === 'acknowledged') return { ...next, acknowledged: { by, at, why } }
  if (to === 'resolved') return { ...next, resolved: { by, at, why } }
  return to === 'contained' ? { ...next, containedAt: at } : next
}

function lineOf(
  { actions }: Incident,
  event: Exclude<IncidentEvent, EventOf<'opened' | 'kept'>>,
): string | undefined {
  const named = (i: number) => `${actions[i]?.action ?? '?'} ${actions[i]?.target ?? ''}`
  switch (event.what) {
    case 'again':
    case 'began':
      return undefined // the count and the receipt tell it
    case 'worse':
      return `severity is ${event.severity}: ${event.why}`
    case 'ordered':
      return `ordered: ${event.actions.map(({ action }) => action).join(', ')} (${event.why})`
    case 'ended':
      return `${named(event.action)}: ${event.state}, ${event.evidence}`.slice(0, 2000)
    case 'moved':
      return `${event.to} by ${event.by}${event.why === '' ? '' : `: ${event.why}`}`.slice(0, 2000)
    case 'step':
      return `step ${event.step} ${event.state} by ${event.by}: ${event.note}`.slice(0, 2000)
  }
}

function withLine(lines: readonly TimelineEntry[], line: TimelineEntry): readonly TimelineEntry[] {
  const all = [...lines, line]
  if (all.length <= FIRST_LINES + LAST_LINES) return all
  return [...all.slice(0, FIRST_LINES), ...all.slice(all.length - LAST_LINES)]
}
