import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Running, RunExit } from '../enforce/sandbox/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'
import type { LiveRun, RunRequest } from './runs.ts'
import { AgentWatch } from './watchdog.ts'

const quiet = () => undefined
const LOG: Log = { error: quiet, warn: quiet, info: quiet, debug: quiet }
const REQUEST: RunRequest = {
  kind: 'run',
  workspace: '/w',
  argv: ['/bin/true'],
  environment: {},
  umask: 0o022,
  grants: [],
}
const DEAD_AFTER_MS = 60

interface Stopped {
  readonly agent: string | undefined
  readonly reason: string
}

function running(runId: string, isAnswering: () => Promise<boolean>): Running {
  const exit = Promise.withResolvers<RunExit>().promise
  const bare: Partial<Running> = { runId, agent: `agent-${runId}`, isAnswering, exit }
  return bare as Running
}

/** A watch over these runs, with a short life; what it stops is noted. */
function watchOver(t: TestContext, runs: readonly Running[], stop?: () => never) {
  const stopped: Stopped[] = []
  const halted: string[] = []
  const events: GateEvent[] = []
  const watch = new AgentWatch({
    live: () => runs.map((each) => ({ running: each }) as LiveRun),
    stops: {
      stop(agent, { reason }) {
        stop?.()
        stopped.push({ agent, reason })
        return { agents: {} }
      },
    },
    async halt(agent) {
      halted.push(agent)
      return [{ agent, runId: 'x', processesBefore: 3, processesAfter: 1, ms: 1 }]
    },
    record: async (event) => void events.push(event),
    now: () => 0,
    monotonicMs: () => performance.now(),
    log: LOG,
    lifeEveryMs: 5,
    deadAfterMs: DEAD_AFTER_MS,
  })
  t.after(() => watch.close())
  for (const each of runs) watch.began(each, REQUEST)
  return { stopped, halted, events }
}

async function until(ready: () => boolean): Promise<void> {
  while (!ready()) await new Promise((done) => setTimeout(done, 5))
}

test('an agent whose process 1 does not answer is stopped; one that answers is left alone', async (t) => {
  const calls = { alive: 0 }
  const alive = running('alive', async () => (calls.alive += 1) > 0)
  const { stopped, events } = watchOver(t, [alive, running('silent', async () => false)])
  await until(() => events.length >= 2)
  assert.deepEqual([...new Set(stopped.map(({ agent }) => agent))], ['agent-silent'])
  assert.match(stopped[0]?.reason ?? '', /no sign of life/)
  const [first, receipt] = events
  assert.deepEqual(
    [first?.action, first?.result],
    ['agent:stop', 'failure'],
    'a process was left, and it says so',
  )
  assert.equal(receipt?.rule, 'containment.halt')
  assert.ok(calls.alive > 0)
})

test('a stop that cannot be written is carried out all the same', async (t) => {
  const full = (): never => {
    throw new Error('the disk is full')
  }
  const { halted, events } = watchOver(t, [running('silent', async () => false)], full)
  await until(() => events.length > 0)
  assert.equal(halted[0], 'agent-silent')
})
