import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision } from '../core/decision.ts'
import type { Shape } from '../enforce/egress/index.ts'
import type { PermitBook, Rooms, Verdict } from '../gate/index.ts'
import { RunWay } from './ways-out-run.ts'

const PLACE = { host: 'api.example.org', port: 443 }
const YES = { effect: 'allow', rule: 'rule.api', reason: '', layer: 'policy' } as Decision
const NO = { ...YES, effect: 'deny', rule: 'rule.no' } as Decision

/** A run whose gate says what the test wants; it counts what was asked and remembers how permits ended. */
function world(network: object = { mode: 'policy', domains: [] }) {
  const state = { decision: YES, shapes: undefined as readonly Shape[] | undefined, asked: 0 }
  const ended: string[] = []
  const rooms = {
    identify: () => ({ id: 'a', role: 'agent', channel: 'agent-socket' }),
    inspect: async (_who: unknown, action: unknown) => action,
    contained: () => undefined,
    decide: () => state.decision,
    ask: async () => NO,
    record: async (_request: unknown, who: unknown, action: unknown, decision: Decision) => {
      state.asked += 1
      const permit = decision.effect === 'allow' ? { permit: { claims: {}, token: '' } } : {}
      return { who, action, decision, ...permit } as unknown as Verdict
    },
  } as unknown as Rooms
  const permits = {
    redeem: () => undefined,
    settle: async (_permit: unknown, { result }: { result: string }) => void ended.push(result),
  } as unknown as PermitBook
  const run = new RunWay({
    ...{ rooms, permits, runId: 'run-000000000001', agent: 'a', judged: new Map() },
    again: () => state.decision,
    profile: { name: 'p', network } as never,
    shapesOf: () => state.shapes,
    monotonicMs: () => 0,
  })
  return { state, run, ended }
}

test('the gate is asked once for a place, however many ask, and again when it was closed', async () => {
  const { state, run } = world()
  const answers = await Promise.all([run.ask(PLACE), run.ask(PLACE)])
  assert.deepEqual([state.asked, answers.map(({ effect }) => effect)], [1, ['allow', 'allow']])
  assert.equal((await run.ask(PLACE)).effect, 'allow')
  assert.equal(state.asked, 1)
  assert.deepEqual(run.closedSince(), [])
  state.decision = NO
  assert.deepEqual(
    run.closedSince().map(({ host, port }) => ({ host, port })),
    [PLACE],
  )
  assert.equal((await run.ask(PLACE)).effect, 'deny')
})

test('a policy that says otherwise how a place is used closes it until it is asked for again', async () => {
  const { state, run } = world()
  assert.deepEqual(await run.ask(PLACE), { effect: 'allow', rule: 'rule.api', for: 'run' })
  state.shapes = [{ methods: ['GET'] }]
  assert.equal(run.closedSince().length, 1)
  const again = await run.ask(PLACE)
  assert.deepEqual(again, { effect: 'allow', rule: 'rule.api', for: 'run', shapes: [{ methods: ['GET'] }] })
  assert.deepEqual(run.closedSince(), [])
})

test('domains of a profile open where policy is silent, bound where it allows, and never beat a deny', async () => {
  const silent = { ...NO, rule: 'default' } as Decision
  const named = world({ mode: 'domains', domains: ['*.example.org'] })
  const ask = async (host: string, port = 443) => (await named.run.ask({ host, port })).effect
  named.state.decision = silent
  assert.deepEqual(
    [await ask('a.example.org'), await ask('a.example.org', 22), await ask('b.test')],
    ['allow', 'deny', 'deny'],
  )
  named.state.decision = YES
  assert.deepEqual([await ask('c.example.org'), await ask('c.test')], ['allow', 'deny'])
  named.state.decision = NO
  assert.equal(await ask('d.example.org'), 'deny')
})

test('whatever fails is a no, and a run that is over opens nothing and settles all', async () => {
  const { state, run, ended } = world()
  await run.ask(PLACE)
  await run.end(() => undefined)
  assert.deepEqual(ended, ['success'])
  assert.equal((await run.ask({ host: 'late.test', port: 443 })).effect, 'deny')
  Object.defineProperty(state, 'decision', {
    get: () => {
      throw new Error('broken')
    },
  })
  assert.equal((await world().run.ask(PLACE)).effect, 'allow')
  assert.equal((await run.ask({ host: 'other.test', port: 443 })).effect, 'deny')
})
