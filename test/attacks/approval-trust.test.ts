import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { STARTER_POLICY } from '../../src/decide/policy/index.ts'
import { approver, handled, type Question } from '../kit/approver.ts'
import { house } from '../kit/house.ts'
import { markedIn } from '../kit/hooks.ts'
import { configure, owner, refused } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

// Ways to start without a question that was to be asked: other code, a reach for secrets, a stage given to something else.

const home = house({ after })
const NET = `rules:
  - id: net
    agents: ["*"]
    effect: allow
    capabilities: ["net:connect:example.com:443"]
    reason: a test
`
configure(home, 'policy.yaml', STARTER_POLICY.replace('rules:\n', NET))
let me = await owner({ after }, home, ['trust.staged=builder,claude-code'])
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

/** Speaks to the daemon as the hook of a coding agent does. */
async function hooked(event: string, more: object = {}) {
  const base = {
    session_id: 'staged-1',
    transcript_path: '/t',
    cwd: home.workspace,
    permission_mode: 'default',
  }
  const payload = Buffer.from(JSON.stringify({ ...base, hook_event_name: event, ...more })).toString('base64')
  const { exit, stdout, stderr } = await me.call('hookAsk', { payload })
  const text = (part: string) => Buffer.from(part, 'base64').toString()
  return { exit, stdout: text(stdout), stderr: text(stderr) }
}

const use = (tool: string, input: object) =>
  handled(hooked('PreToolUse', { tool_name: tool, tool_input: input, tool_use_id: 'u' }))

test('a draft asks for what it does, not only for its start: from medium risk on, until it is verified', async (t) => {
  const marked = markedIn((await hooked('SessionStart', { source: 'startup' })).stdout)
  assert.equal((await use('Bash', { command: marked })).exit, 2)
  const write = (name: string) => use('Write', { file_path: join(home.workspace, name), content: 'x' })
  const watching = await approver(t, me)
  const first = write('one.txt')
  const question = await watching.asked('claude-code')
  assert.deepEqual([question.rule, question.twoPhase], ['stage.draft', false])
  assert.match(question.reason, /claude-code is a draft/)
  await no(question)
  assert.equal((await first).exit, 2)
  assert.equal(
    (await use('Read', { file_path: join(home.workspace, 'one.txt') })).exit,
    0,
    'low risk asks nobody',
  )
  const { stages } = (await me.call('status', {})).approvals
  assert.deepEqual(
    stages.find(({ agent }) => agent === 'claude-code'),
    { agent: 'claude-code', stage: 'draft' },
  )
  assert.match(
    (await home.command(['status'])).stdout,
    /trust +claude-code is draft: asks from medium risk on/,
  )
  await me.call('trustSet', { agent: 'claude-code', stage: 'trial' })
  assert.equal((await write('two.txt')).exit, 0, 'a trial asks from high risk on')
  await me.call('trustSet', { agent: 'claude-code', stage: 'verified' })
  assert.equal((await write('three.txt')).exit, 0)
  // it reaches for what nobody may have: its trust is gone, and it asks again
  assert.equal((await use('Read', { file_path: '/etc/shadow' })).exit, 2)
  const again = write('four.txt')
  await no(await watching.asked('claude-code'))
  assert.equal((await again).exit, 2)
})

test('in a mode without a network policy opens none; at sensitive work the rest is asked about', async (t) => {
  const fetched = () => use('WebFetch', { url: 'https://example.com/' })
  await me.call('trustSet', { agent: 'claude-code', stage: 'verified' })
  assert.equal((await fetched()).exit, 0, 'policy allows it')
  await endDaemon(home)
  me = await owner({ after }, home, ['agent.mode=sensitive'])
  const watching = await approver(t, me)
  const said = await fetched()
  assert.equal(said.exit, 2)
  assert.match(said.stderr, /refused by policy, rule mode\.sensitive/)
  const write = use('Write', { file_path: join(home.workspace, 'five.txt'), content: 'x' })
  const question = await watching.asked('claude-code')
  assert.equal(question.rule, 'mode.sensitive')
  await yes(question)
  assert.equal((await write).exit, 0)
  assert.equal((await use('Read', { file_path: join(home.workspace, 'five.txt') })).exit, 0)
  assert.match((await home.command(['status'])).stdout, /autonomy supervised, agents sensitive/)
})
