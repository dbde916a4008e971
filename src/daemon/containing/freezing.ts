import { isStopped, type HaltedRun } from '../../contain/stop/index.ts'
import { freezeAll, isAlive } from '../../enforce/sandbox/index.ts'
import type { ActionPort, Incident, Order, Seen } from '../../contain/incident/index.ts'
import { haltEvent } from '../http/stop.ts'
import type { LiveRun } from '../runs.ts'
import { BY, type ContainOptions } from './options.ts'

type Options = Pick<ContainOptions, 'stops' | 'permits' | 'halt' | 'live' | 'append' | 'lost' | 'clock'>

/** Every agent, in an order. */
export const EVERY_AGENT = '*'

export function agentOf(target: string): string | undefined {
  return target === EVERY_AGENT ? undefined : target
}

/** The runs of an agent, or of all, whose process 1 is there. */
export function runsOf({ live }: Pick<Options, 'live'>, target: string): LiveRun[] {
  const agent = agentOf(target)
  return live().filter(
    ({ running }) => (agent === undefined || running.agent === agent) && isAlive(running.init),
  )
}

/**
 * Nothing of the agent goes on, and nothing of it begins: a stop in the stop file, its open permits cancelled, what runs
 * frozen and then killed. With `hold` in the order it stays frozen, for somebody to look at first.
 */
export function freezePort(options: Options): ActionPort {
  return {
    async act(order, incident) {
      const why = reasonOf(incident)
      const written = attempt(() => stopIt(options, agentOf(order.target), why))
      cancelPermits(options, agentOf(order.target), why)
      if (order.input?.['hold'] === 'yes') await hold(options, order.target)
      else await kill(options, order, incident)
      // told last: a disk that is full must not save what runs
      if (written !== undefined) throw written
    },
    async look(order) {
      const stop = stopOf(options, order.target)
      if (stop === undefined) return { state: 'failed', evidence: 'no stop is in force' }
      return await lookAt(options, order, `stopped since ${stop.since}`)
    },
  }
}

async function lookAt(options: Options, { target, input }: Order, stopped: string): Promise<Seen> {
  const runs = runsOf(options, target)
  if (input?.['hold'] !== 'yes') return gone(runs, stopped)
  const still = await freezeAll(runs.map(({ running }) => running.init))
  const moving = still.filter((is) => !is).length
  const held = `${stopped}; ${runs.length} runs stand still`
  return moving === 0
    ? { state: 'done', evidence: held }
    : { state: 'failed', evidence: `${moving} runs still move` }
}

export function killPort(options: Options): ActionPort {
  return {
    act: async (order, incident) => await kill(options, order, incident),
    look: async ({ target }) => gone(runsOf(options, target), 'looked for its process 1'),
  }
}

function gone(runs: readonly LiveRun[], after: string): Seen {
  return runs.length === 0
    ? { state: 'done', evidence: `${after}; nothing of it runs` }
    : {
        state: 'failed',
        evidence: `${after}; still there: ${runs.map(({ running }) => running.runId).join(' ')}`,
      }
}

async function kill(options: Options, { target }: Order, incident: Incident): Promise<void> {
  const { halt, append, lost } = options
  const why = reasonOf(incident)
  const receipts: readonly HaltedRun[] = await halt(agentOf(target), why)
  for (const receipt of receipts) void append(haltEvent(receipt, incident.id, why)).catch(lost)
}

async function hold(options: Options, target: string): Promise<void> {
  const runs = runsOf(options, target).map(({ running }) => running)
  await Promise.allSettled(runs.map((running) => running.freeze()))
  await freezeAll(runs.map(({ init }) => init))
}

export function stopOf({ stops }: Pick<Options, 'stops'>, target: string) {
  return isStopped(stops.read(), agentOf(target))
}

/** What is stopped already stays as it is: whoever stopped it first has a reason of their own. */
function stopIt({ stops, clock }: Options, agent: string | undefined, reason: string): void {
  if (stopOf({ stops }, agent ?? EVERY_AGENT) !== undefined) return
  stops.stop(agent, { since: new Date(clock.now()).toISOString(), by: BY, reason })
}

function cancelPermits({ permits }: Options, agent: string | undefined, why: string): void {
  permits.cancel(
    ({ principal, action, door }) =>
      agent === undefined
        ? principal !== 'owner' || door === 'sandbox'
        : principal === agent || action === `agent:start:${agent}`,
    why,
  )
}

/** How a stop of ours says whose it is, so that its recovery lifts it and no other. */
export function reasonOf({ id, summary }: Pick<Incident, 'id' | 'summary'>): string {
  return `incident ${id}: ${summary}`.slice(0, 500)
}

function attempt(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
