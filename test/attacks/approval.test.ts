import assert from 'node:assert/strict'
import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { approver, handled, type Question } from '../kit/approver.ts'
import { needs } from '../kit/box.ts'
import type { KnownError } from '../../src/core/error.ts'
import { house } from '../kit/house.ts'
import { configure, owner, refused } from '../kit/owner.ts'
import { endDaemon, tamper } from '../kit/restart.ts'

// Ways to get a yes nobody gave: answering oneself, changing what was shown, answering again, or not being seen.

const home = house({ after })
configure(
  home,
  'policy.yaml',
  `version: 1
rules:
  - id: careful
    agents: ["*"]
    effect: ask
    capabilities: ["process:spawn", "net:connect", "tool:call"]
    reason: it is asked for here
  - id: seen
    agents: ["*"]
    effect: allow
    capabilities: ["fs:read:${home.workspace}/**", "fs:list:${home.workspace}/**"]
    reason: it works there
`,
)
const me = await owner({ after }, home)

const exec = (agent: string, ...argv: string[]) => handled(me.open({ kind: 'exec', agent, argv }))
const answer = (question: Question, say: 'once' | 'session' | 'rule' | 'deny', more: object = {}) =>
  me.call('approvalAnswer', { id: question.id, payload: question.payload, say, ...more })
const TOOL = join(home.workspace, 'tool')
copyFileSync('/usr/bin/echo', TOOL)

test('while nobody watches, a question is a no at once', async () => {
  const error = await refused(exec('alone', '/bin/echo', 'x'), 'DENIED')
  assert.match(error.message, /no approver is connected/)
  assert.equal((await me.call('approvalList', {})).questions.length, 0)
})

test('an honest yes runs exactly what was shown, and is on record with a signature', async (t) => {
  const watching = await approver(t, me)
  const opening = exec('builder', '/bin/echo', 'it ran')
  const question = await watching.asked('builder')
  assert.deepEqual(question.argv?.slice(1), ['it ran'])
  assert.equal(question.cwd, home.workspace)
  const answered = await answer(question, 'once')
  assert.equal((await me.attach((await opening).permit)).stdout, 'it ran\n')
  const entry = (await me.ledger()).find(({ seq }) => seq === answered.entry)
  const details = entry?.['details'] as Record<string, string>
  assert.equal(entry?.action, 'question:answered')
  const signed = JSON.parse(details['answer'] ?? '{}') as Record<string, unknown>
  assert.deepEqual(
    [signed['question'], signed['payload'], signed['say']],
    [question.id, question.payload, 'once'],
  )
  assert.equal(Buffer.from(details['signature'] ?? '', 'base64url').length, 64)
})

test('an agent can neither answer, nor list, nor watch questions, its own or others', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const watching = await approver(t, me)
  const opening = exec('victim', '/bin/echo', 'x')
  const question = await watching.asked('victim')
  const say = { say: 'once', payload: question.payload }
  const answers = await askAsAgent(home, 'victim', [
    { method: 'POST', path: `/v1/approvals/${question.id}/answer`, body: say },
    { method: 'GET', path: '/v1/approvals' },
    { method: 'GET', path: '/v1/approvals/follow' },
    { method: 'GET', path: `/v1/approvals/${question.id}` },
    { method: 'POST', path: '/v1/autonomy', body: { level: 'full' } },
    { method: 'POST', path: '/v1/trust/victim', body: { stage: 'verified' } },
    { method: 'GET', path: '/v1/allowances' },
  ])
  for (const { status, body } of answers) assert.deepEqual([status, body['code']], [403, 'NOT_FOR_AGENTS'])
  await answer(question, 'deny', { note: 'not now' })
  assert.match((await refused(opening, 'DENIED')).message, /owner said no: not now/)
})

test('an answer that names another payload is refused; so is one to a question that is over, or never was', async (t) => {
  const watching = await approver(t, me)
  const opening = exec('builder', '/bin/echo', 'a')
  const question = await watching.asked('builder')
  await refused(
    me.call('approvalAnswer', { id: question.id, say: 'once', payload: 'f'.repeat(64) }),
    'APPROVAL_CHANGED',
  )
  await answer(question, 'once')
  await refused(answer(question, 'once'), 'APPROVAL_ANSWERED')
  await refused(
    answer({ ...question, id: '01a1ff38-0000-7000-8000-000000000000' }, 'once'),
    'APPROVAL_UNKNOWN',
  )
  await me.attach((await opening).permit)
})

test('a program that is changed while a person looks at it does not run, nor one that is changed after the yes', async (t) => {
  const watching = await approver(t, me)
  const change = (): void => {
    copyFileSync('/usr/bin/id', `${TOOL}.new`)
    renameSync(`${TOOL}.new`, TOOL)
  }
  const restore = (): void => {
    copyFileSync('/usr/bin/echo', `${TOOL}.new`)
    renameSync(`${TOOL}.new`, TOOL)
  }
  const whileAsked = exec('swapper', TOOL, 'x')
  const first = await watching.asked('swapper')
  change()
  await answer(first, 'once')
  assert.match((await refused(whileAsked, 'DENIED')).message, /changed while a person was asked/)
  restore()
  const afterwards = exec('swapper', TOOL, 'x')
  await answer(await watching.asked('swapper'), 'once')
  const { permit } = await afterwards
  change()
  await refused(me.attach(permit), 'PERMIT_OVERTAKEN')
  restore()
})

test('an allowance asks again for a changed binary, and for one of the same name earlier in the PATH', async (t) => {
  const watching = await approver(t, me)
  const run = async () => (await me.attach((await exec('regular', TOOL, 'x')).permit)).stdout
  const running = run()
  const question = await watching.asked('regular')
  await answer(question, 'rule')
  assert.equal(await running, 'x\n')
  assert.equal(await run(), 'x\n') // and nobody was asked
  copyFileSync('/usr/bin/printf', `${TOOL}.new`)
  renameSync(`${TOOL}.new`, TOOL)
  const again = exec('regular', TOOL, 'x')
  const changed = await watching.asked('regular')
  assert.notEqual(changed.segments?.[0]?.sha256, question.segments?.[0]?.sha256)
  await answer(changed, 'deny')
  await refused(again, 'DENIED')
  const shadowed = exec('regular', '/usr/bin/echo', 'x')
  await answer(await watching.asked('regular'), 'deny')
  await refused(shadowed, 'DENIED')
  const other = exec('stranger', TOOL, 'x')
  await answer(await watching.asked('stranger'), 'deny')
  await refused(other, 'DENIED')
})

test('of two people who answer at once one is heard, and the other is told', async (t) => {
  const one = await approver(t, me)
  const two = await approver(t, me)
  const opening = exec('builder', '/bin/echo', 'race').then(
    () => 'allowed',
    (error: KnownError) => error.code,
  )
  const question = await one.asked('builder')
  const results = await Promise.allSettled([answer(question, 'deny'), answer(question, 'once')])
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  const lost = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult
  assert.equal(lost.reason.code, 'APPROVAL_ANSWERED')
  const [first, second] = [await one.saw(question.id, 'answered'), await two.saw(question.id, 'answered')]
  assert.equal(first.say, second.say)
  assert.equal(await opening, first.say === 'deny' ? 'DENIED' : 'allowed')
})

test('a flood of questions stops at five for one agent, and the rest is a no at once', async (t) => {
  const watching = await approver(t, me)
  const flood = Array.from({ length: 8 }, (_, i) => exec('flooder', '/bin/echo', String(i)))
  const settled = Promise.allSettled(flood)
  const five: Question[] = []
  for (let i = 0; i < 5; i++) five.push(await watching.asked('flooder'))
  for (const question of five) await answer(question, 'deny', { note: 'enough' })
  const words = (await settled).map((each) =>
    each.status === 'rejected' ? String(each.reason.message) : 'ran',
  )
  assert.equal(words.filter((text) => /said no: enough/.test(text)).length, 5)
  assert.equal(words.filter((text) => /5 questions of flooder wait already/.test(text)).length, 3)
})

test('when whoever watches goes away, what waits is a no at once', async (t) => {
  const watching = await approver(t, me)
  const opening = exec('orphan', '/bin/echo', 'x')
  const error = refused(opening, 'DENIED')
  await watching.asked('orphan')
  await watching.leave()
  assert.match((await error).message, /whoever could have answered has gone away/)
})

test('an asker that is killed or interrupted takes its question along, and frees its place at once', async (t) => {
  const watching = await approver(t, me)
  const exec = ['exec', '--agent', 'leaver', '--', '/bin/echo']
  const asking = Array.from({ length: 5 }, (_, i) => home.start([...exec, String(i)]))
  const questions = []
  for (const _ of asking) questions.push(await watching.asked('leaver'))
  for (const [i, child] of asking.entries()) child.kill(i % 2 === 0 ? 'SIGKILL' : 'SIGINT')
  for (const { id } of questions)
    assert.equal((await watching.saw(id, 'withdrawn')).note, 'the asker went away')
  await refused(answer(questions[0]!, 'once'), 'APPROVAL_ANSWERED')
  await me.entry({
    action: 'question:withdrawn',
    target: questions[0]!.id,
    decision: 'deny',
    result: 'cancelled',
  })
  const again = me.open({ kind: 'exec', agent: 'leaver', argv: ['/bin/echo', 'x'] })
  await answer(await watching.asked('leaver'), 'once')
  assert.equal((await me.attach((await again).permit)).stdout, 'x\n')
})

test('a stop that comes while a person is asked beats the yes', async (t) => {
  const watching = await approver(t, me)
  const opening = exec('halted', '/bin/echo', 'x')
  const question = await watching.asked('halted')
  await me.call('stop', { agent: 'halted', reason: 'a test' })
  await answer(question, 'once')
  await refused(opening, 'STOPPED')
})

test('what is dangerous is not allowed for longer, nor by one yes; what is critical is not asked at all', async (t) => {
  const watching = await approver(t, me)
  const ask = (risk: 'high' | 'critical') =>
    me.call('decide', { as: 'builder', capability: 'net:connect:example.org:443', risk })
  assert.equal((await ask('critical')).decision.effect, 'deny')
  const asking = ask('high')
  const question = await watching.asked('builder')
  assert.deepEqual([question.twoPhase, question.choices], [true, ['once', 'deny']])
  for (const say of ['session', 'rule'] as const) await refused(answer(question, say), 'APPROVAL_CHOICE')
  await refused(
    answer(question, 'once', { holes: [{ segment: 0, argument: 0, hole: 'big' }] }),
    'INPUT_INVALID',
  )
  const agreed = await answer(question, 'once')
  assert.equal(agreed.state, 'agreed')
  await refused(answer(question, 'once'), 'APPROVAL_WORD')
  await refused(answer(question, 'once', { word: 'yes' }), 'APPROVAL_WORD')
  await answer(question, 'once', { word: agreed.word })
  assert.deepEqual((await asking).decision.effect, 'allow')
})

test('terminal controls and reordering characters in what is asked are shown, not obeyed', async (t) => {
  const watching = await approver(t, me)
  const opening = exec('painter', '/bin/echo', 'safe\u202egpj.exe', '\u001b[2Ksafe\rname')
  const question = await watching.asked('painter')
  const { stdout, code } = await home.command(['approval', 'show', question.id])
  assert.equal(code, 0)
  assert.ok(!/[\u202e\u001b\r]/.test(stdout), JSON.stringify(stdout))
  assert.match(stdout, /\$'safe\\u202egpj\.exe'/)
  assert.match(stdout, /\\u001b\[2Ksafe\\u000dname/)
  await answer(question, 'deny')
  await refused(opening, 'DENIED')
})

test('after a restart an old question takes no answer, and a book somebody wrote into allows nothing', async (t) => {
  const watching = await approver(t, me)
  const running = exec('later', '/bin/echo', 'x')
  await answer(await watching.asked('later'), 'rule')
  await me.attach((await running).permit)
  const pending = exec('later', '/bin/echo', 'y').catch((error: unknown) => error)
  const old = await watching.asked('later')
  await endDaemon(home)
  await pending
  const again = await owner(t, home)
  await refused(
    again.call('approvalAnswer', { id: old.id, say: 'once', payload: old.payload }),
    'APPROVAL_UNKNOWN',
  )
  const kept = await again.call('allowanceList', { agent: 'later' })
  assert.equal(kept.allowances.length, 1)
  const stillFree = await again.open({ kind: 'exec', agent: 'later', argv: ['/bin/echo', 'x'] })
  assert.equal((await again.attach(stillFree.permit)).stdout, 'x\n')
  await endDaemon(home)
  const book = join(home.state, 'approvals.db')
  assert.ok(tamper(book, `UPDATE approval_book SET body = replace(body, '"later"', '"enemy"')`) > 0)
  const third = await owner(t, home)
  const after = await third.call('allowanceList', {})
  assert.deepEqual(after.allowances, [])
  assert.match(after.problems.join(), /not signed by this host/)
  for (const agent of ['later', 'enemy']) {
    await refused(third.open({ kind: 'exec', agent, argv: ['/bin/echo', 'x'] }), 'DENIED')
  }
  assert.equal((await third.call('autonomyShow', {})).level, 'manual')
})

test('a book whose end was cut off allows nothing of what was taken back', async (t) => {
  const cut = house(t)
  const by = await owner(t, cut)
  await by.call('autonomySet', { level: 'manual' })
  await by.call('autonomySet', { level: 'full' })
  await by.call('autonomySet', { level: 'supervised' })
  await endDaemon(cut)
  assert.equal(tamper(join(cut.state, 'approvals.db'), 'DELETE FROM approval_book WHERE seq = 3'), 1)
  const again = await owner(t, cut)
  assert.equal((await again.call('autonomyShow', {})).level, 'manual')
  assert.match((await again.call('status', {})).degraded.join(), /the ledger knows of 3/)
})
