import { isLatched, type Incident, type Order } from '../../contain/incident/index.ts'
import { runName } from '../mcp-admit.ts'
import { unblockOnMachine } from './firewall.ts'
import { reasonOf, stopOf } from './freezing.ts'
import { agentOf, BY, type ContainOptions } from './options.ts'

type Options = Pick<ContainOptions, 'stops' | 'secrets' | 'out' | 'mcp' | 'clock' | 'lost' | 'values'>

/** Whom an order keeps stopped, `*` for all; undefined: it stops nobody. A server in quarantine is stopped as what it runs as. */
export function stoppedBy({ action, target, input }: Order): string | undefined {
  if (action === 'freeze_agent') return target
  return action === 'quarantine' && input?.['kind'] === 'server' ? runName(target) : undefined
}

/** A restart, or somebody with a text editor, ends no latch and no quarantine. */
export function holdAgain(options: Options, incident: Incident): void {
  const done = incident.actions.filter(({ state }) => state === 'done')
  for (const order of done) {
    try {
      hold(options, incident, order)
    } catch (error) {
      options.lost(error)
    }
  }
}

function hold({ stops, secrets, out, mcp, clock }: Options, incident: Incident, order: Order): void {
  const { action, target } = order
  const why = reasonOf(incident)
  const whom = stoppedBy(order)
  const isHeld = isLatched(incident.class) || action === 'quarantine'
  if (whom !== undefined && isHeld && !stopOf({ stops }, whom))
    stops.stop(agentOf(whom), { since: new Date(clock.now()).toISOString(), by: BY, reason: why })
  if (action === 'lock_secrets') secrets.room.shut(`the store is shut by ${why}`)
  if (action === 'block_address') out.ways.blocked.add(target)
  if (action === 'quarantine') withhold({ mcp }, order, incident.id)
}

/** What an MCP server says, or one tool of it, is refused from here on, also in a session that is open. */
export function withhold({ mcp }: Pick<Options, 'mcp'>, { target, input }: Order, incident: string): void {
  const { kind, server = '', tool = '' } = input ?? {}
  if (kind === 'tool') mcp.withheld.add(server, tool, incident)
  if (kind === 'server') mcp.withheld.addServer(target, incident)
}

/**
 * Gives back what the incident held, where no other one holds it.
 *
 * @param others what goes on
 * @returns what that was, for people
 */
export function release(options: Options, resolved: Incident, others: readonly Incident[]): string[] {
  const { stops, secrets, out, mcp } = options
  const orders = others.flatMap(({ actions }) => actions)
  const isHeld = (order: Order) =>
    orders.some((each) => each.action === order.action && each.target === order.target)
  const isStopped = (whom: string) => orders.some((each) => stoppedBy(each) === whom)
  const lifted: string[] = []
  mcp.withheld.release(resolved.id)
  for (const order of resolved.actions) {
    const { action, target } = order
    const whom = stoppedBy(order)
    if (whom !== undefined && !isStopped(whom) && isOurs(stopOf({ stops }, whom))) {
      stops.resume(agentOf(whom))
      lifted.push(whom === '*' ? 'the stop of all agents' : `the stop of ${whom}`)
    }
    if (isHeld(order)) continue
    if (action === 'quarantine' && order.input?.['kind'] === 'tool')
      lifted.push(`the quarantine of ${target}`)
    if (action === 'lock_secrets' && secrets.room.shutBecause !== undefined) {
      secrets.room.reopen()
      lifted.push('the lock of the secret store')
    }
    if (action === 'block_address') {
      out.ways.blocked.delete(target)
      void unblockOnMachine(options, target, reasonOf(resolved)).catch(options.lost)
      lifted.push(`the block of ${target}`)
    }
  }
  return lifted
}

/** Of any incident: whoever froze an agent first wrote the stop, and every other one found it there. */
function isOurs(stop: ReturnType<typeof stopOf>): boolean {
  return stop?.by === BY && stop.reason.startsWith('incident INC-')
}
