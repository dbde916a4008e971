import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house } from '../kit/house.ts'
import { owner, refused } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

// Ways to use more than one was given: going on, starting again, waiting for a restart, or giving oneself more.

const home = house({ after })
const me = await owner({ after }, home)
const READ = { capability: 'fs:read:/usr/lib/x' }

test('an agent does nothing beyond its budget, neither in another run nor after a restart', async (t) => {
  await me.call('grantAdd', { principal: 'spender', capability: 'fs:read:/usr/**', reason: 'a test' })
  await me.call('budgetSet', { agent: 'spender', limits: { steps: 3 } })
  const ask = async () => (await me.call('decide', { as: 'spender', ...READ })).decision
  for (let i = 0; i < 3; i++) assert.equal((await ask()).effect, 'allow')
  assert.deepEqual([(await ask()).effect, (await ask()).rule], ['deny', 'budget.steps'])
  await refused(me.open({ agent: 'spender', argv: ['/bin/true'] }), 'DENIED')
  await endDaemon(home)
  const again = await owner(t, home)
  const { decision } = await again.call('decide', { as: 'spender', ...READ })
  assert.deepEqual([decision.effect, decision.rule], ['deny', 'budget.steps'])
  const { budgets } = await again.call('budgetList', {})
  assert.equal(budgets[0]?.state, 'manual')
  await again.call('budgetSet', { agent: 'spender', limits: { steps: 100 } })
  assert.equal((await again.call('decide', { as: 'spender', ...READ })).decision.effect, 'allow')
})

test('the last permit within a budget is good, and time counts when the run has ended', async (t) => {
  const by = await owner(t, home)
  await by.call('budgetSet', { agent: 'runner', limits: { toolCalls: 1, steps: 1, seconds: 1000 } })
  assert.equal(
    (await by.attach((await by.open({ agent: 'runner', argv: ['/bin/echo', 'x'] })).permit)).stdout,
    'x\n',
  )
  await refused(by.open({ agent: 'runner', argv: ['/bin/echo', 'x'] }), 'DENIED')
  const budget = (await by.call('budgetList', {})).budgets.find(({ agent }) => agent === 'runner')
  assert.ok((budget?.used.seconds ?? 0) > 0)
  await by.call('budgetSpend', { agent: 'runner', amounts: { tokens: 5 } })
  await refused(by.call('budgetSpend', { agent: 'runner', amounts: { tokens: -5 } }), 'INPUT_INVALID')
})

test('an agent cannot look at, set or spend budgets', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const answers = await askAsAgent(home, 'greedy', [
    { method: 'GET', path: '/v1/budgets' },
    { method: 'POST', path: '/v1/budgets/greedy', body: { limits: {} } },
    { method: 'POST', path: '/v1/budgets/rival/spend', body: { amounts: { steps: 1000 } } },
  ])
  for (const { status, body } of answers) assert.deepEqual([status, body['code']], [403, 'NOT_FOR_AGENTS'])
})
