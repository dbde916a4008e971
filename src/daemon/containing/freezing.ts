import { isStopped, type HaltedRun } from '../../contain/stop/index.ts'
import { freezeAll, isAlive, membersOf } from '../../enforce/sandbox/index.ts'
import type { ActionPort, Incident, Order, Seen } from '../../contain/incident/index.ts'
import { haltEvent } from '../http/stop.ts'
import type { LiveRun } from '../runs.ts'
import { stillAsking, sumOf, takeBack, takenBackWords, type AskingOptions, type TakenBack } from './asking.ts'
import { agentOf, BY, EVERY_AGENT, type ContainOptions } from './options.ts'

type Options = AskingOptions & Pick<ContainOptions, 'stops' | 'halt' | 'live' | 'append' | 'lost'>

/** A kill that does not work gives up after five seconds; what is left is looked at then. */
const KILL_MS = 10_000

/** The runs of an agent, or of all, whose process 1 is there. */
export function runsOf({ live }: Pick<Options, 'live'>, target: string): LiveRun[] {
  const agent = agentOf(target)
  return live().filter(
    ({ running }) => (agent === undefined || running.agent === agent) && isAlive(running.init),
  )
}

/**
 * Nothing of the agent goes on, and nothing of it begins: a stop in the stop file, its open permits and tokens cancelled,
 * its questions answered with a no, what runs frozen and then killed. With `hold` in the order it stays frozen, for
 * somebody to look at first.
 */
export function freezePort(options: Options): ActionPort {
  const taken = new Map<string, TakenBack>()
  return {
    async act(order, incident) {
      const why = reasonOf(incident)
      const written = attempt(() => stopIt(options, agentOf(order.target), why))
      const left = attempt(() => {
        taken.set(incident.id, sumOf(takeBack(options, order.target, why), taken.get(incident.id)))
      })
      if (order.input?.['hold'] === 'yes') await hold(options, order.target)
      else await kill(options, order, incident)
      // told last: a disk that is full must not save what runs
      if (written !== undefined) throw written
      if (left !== undefined) throw left
    },
    async look(order, { id }) {
      const stop = stopOf(options, order.target)
      if (stop === undefined) return { state: 'failed', evidence: 'no stop is in force' }
      const asking = stillAsking(options, order.target)
      if (asking !== undefined) return { state: 'failed', evidence: asking }
      const back = taken.get(id)
      const words = back === undefined ? '' : takenBackWords(back)
      return await lookAt(options, order, `stopped since ${stop.since}${words}`)
    },
    mostMs: KILL_MS,
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
    mostMs: KILL_MS,
  }
}

function gone(runs: readonly LiveRun[], after: string): Seen {
  return runs.length === 0
    ? { state: 'done', evidence: `${after}; nothing of it runs` }
    : {
        state: 'failed',
        evidence: `${after}; still there: ${runs.map(stillWords).join(', ')}`,
      }
}

/** What waits in the kernel cannot be killed by anybody until the kernel lets it go: whoever reads this should know why. */
function stillWords({ running: { runId, init } }: LiveRun): string {
  const members = membersOf(init)
  const waiting = members.filter(({ state }) => state === 'D')
  const pids = waiting.map(({ pid }) => `pid ${pid}`).join(' ')
  const why =
    waiting.length === 0
      ? ''
      : `, of which ${waiting.length} ${waiting.length === 1 ? 'waits' : 'wait'} in the kernel and cannot be killed before it lets go: ${pids}`
  return `${runId} (${members.length} processes${why})`.slice(0, 400)
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
