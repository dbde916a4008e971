import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { approver, handled } from '../kit/approver.ts'
import { house, until } from '../kit/house.ts'
import { configure, owner, refused } from '../kit/owner.ts'

// A yes that comes too late, and a question that is never answered.

const home = house({ after })
configure(
  home,
  'policy.yaml',
  `version: 1
rules:
  - {id: careful, agents: ["*"], effect: ask, capabilities: ["process:spawn"], reason: it is asked for here}
`,
)
const me = await owner({ after }, home, ['approval.timeout=3s'])

test('what nobody answers in time is a no, and a yes after that is refused', async (t) => {
  const watching = await approver(t, me)
  const opening = me.open({ kind: 'exec', agent: 'slow', argv: ['/bin/echo', 'x'] })
  const error = refused(opening, 'DENIED')
  const question = await watching.asked('slow')
  assert.match((await error).message, /nobody answered in time/)
  await watching.saw(question.id, 'expired')
  await refused(
    me.call('approvalAnswer', { id: question.id, say: 'once', payload: question.payload }),
    'APPROVAL_EXPIRED',
  )
  await me.entry({ action: 'question:expired', target: question.id })
})

test('a second look that takes too long is a no as well', async (t) => {
  const watching = await approver(t, me)
  const asking = me.call('decide', { as: 'slow', capability: 'process:spawn:/usr/bin/id', risk: 'high' })
  const { id, payload } = await watching.asked('slow')
  const agreed = await me.call('approvalAnswer', { id, payload, say: 'once' })
  await watching.saw(id, 'expired')
  await refused(
    me.call('approvalAnswer', { id, payload, say: 'once', word: agreed.word ?? '' }),
    'APPROVAL_EXPIRED',
  )
  assert.equal((await asking).decision.effect, 'deny')
})

test('an allowance that ends in the middle of a task asks again', async (t) => {
  const watching = await approver(t, me)
  const run = () => handled(me.open({ kind: 'exec', agent: 'brief', argv: ['/bin/echo', 'x'] }))
  const first = run()
  const { id, payload } = await watching.asked('brief')
  await me.call('approvalAnswer', { id, payload, say: 'rule', lasts: '4s' })
  await me.attach((await first).permit)
  await until(
    async () => (await me.call('allowanceList', { agent: 'brief' })).allowances.length === 0,
    'the allowance is over',
    60_000,
  )
  const again = run()
  const asked = await watching.asked('brief')
  assert.notEqual(asked.id, id)
  await me.call('approvalAnswer', { id: asked.id, payload: asked.payload, say: 'deny' })
  await refused(again, 'DENIED')
})
