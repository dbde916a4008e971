import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { approver, handled, type Question } from '../kit/approver.ts'
import { house } from '../kit/house.ts'
import { owner, refused } from '../kit/owner.ts'

// Ways to start without a question that was to be asked: other code, a reach for secrets, a stage given to something else.

const home = house({ after })
const me = await owner({ after }, home, ['trust.staged=builder'])
const SCRIPT = join(home.workspace, 'agent.sh')

function write(words: string): void {
  writeFileSync(SCRIPT, `#!/bin/sh\n${words}\n`)
  chmodSync(SCRIPT, 0o755)
}

const start = (...argv: string[]) =>
  handled(me.open({ agent: 'builder', argv: argv.length === 0 ? [SCRIPT] : argv }))
const yes = ({ id, payload }: Question) => me.call('approvalAnswer', { id, payload, say: 'once' })
const no = ({ id, payload }: Question) => me.call('approvalAnswer', { id, payload, say: 'deny' })
const stage = async () =>
  (await me.call('trustList', {})).agents.find(({ agent }) => agent === 'builder')?.stage

test('a staged agent is not started unasked; others are', async () => {
  write('echo one')
  assert.match((await refused(start(), 'DENIED')).message, /builder is a draft/)
  await me.attach((await me.open({ agent: 'other', argv: [SCRIPT] })).permit)
})

test('trust is in this code: with a word of it changed the agent is a draft again', async (t) => {
  const watching = await approver(t, me)
  const first = start()
  const question = await watching.asked('builder')
  assert.ok(
    question.segments?.[0]?.files.some(({ path }) => path.endsWith('sh')),
    'the interpreter is sealed',
  )
  await yes(question)
  assert.equal((await me.attach((await first).permit)).stdout, 'one\n')
  assert.equal(await stage(), 'trial')
  await me.call('trustSet', { agent: 'builder', stage: 'verified', reason: 'a test' })
  await me.attach((await start()).permit) // without a question
  write('echo two')
  const changed = start()
  await no(await watching.asked('builder'))
  await refused(changed, 'DENIED')
  assert.equal(await stage(), 'draft')
})

test('a verified agent that reaches for a place of secrets is asked about again', async (t) => {
  const watching = await approver(t, me)
  const first = start()
  await yes(await watching.asked('builder'))
  await me.attach((await first).permit)
  await me.call('trustSet', { agent: 'builder', stage: 'verified' })
  const reaching = start(SCRIPT, `--key=${home.home}/%2essh/id_ed25519`)
  const question = await watching.asked('builder')
  assert.match(question.notes.join(), /sensitive directory: --key=/)
  await no(question)
  await refused(reaching, 'DENIED')
  assert.equal(await stage(), 'draft')
})

test('a run that fails takes the trust back', async (t) => {
  const watching = await approver(t, me)
  write('exit 3')
  const failing = start()
  await yes(await watching.asked('builder'))
  assert.equal(await stage(), 'trial')
  assert.equal((await me.attach((await failing).permit)).exit.code, 3)
  await me.entry({ action: 'approval:trust', target: 'builder', reason: 'a run ended as failure' })
  assert.equal(await stage(), 'draft')
})

test('nobody is made verified who was never about to start', async () => {
  await refused(me.call('trustSet', { agent: 'stranger', stage: 'verified' }), 'TRUST_INVALID')
})
