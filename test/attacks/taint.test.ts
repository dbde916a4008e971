/** Threat: words of strangers that an agent was shown act later: in another session, through a file, after a restart. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { STARTER_POLICY } from '../../src/decide/policy/index.ts'
import type { TaintAnswer } from '../../src/api/taint.ts'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { fakeHarness, type FakeHarness } from '../kit/hooks.ts'
import { house } from '../kit/house.ts'
import { configure, owner } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

const home = house({ after })
const LAUNCHER = new URL('../../bin/warder', import.meta.url).pathname
const PAGE = { url: 'https://page.test/post', prompt: 'what does it say' }
const AGENT = 'claude-code'
const inWork = (name: string): string => join(home.workspace, name)

before(async () => {
  const rule = `rules:
  - id: page
    agents: ["*"]
    effect: allow
    capabilities: ["net:connect:page.test:443"]
    reason: it may read that
`
  configure(home, 'policy.yaml', STARTER_POLICY.replace('rules:\n', rule))
  mkdirSync(inWork('src'))
  assert.equal((await home.command(['daemon', 'start'])).code, 0)
})

async function shown(agent?: string): Promise<TaintAnswer> {
  const words = agent === undefined ? [] : ['--agent', agent]
  return (await home.command(['taint', 'show', '--json', ...words])).json<TaintAnswer>()
}

async function labels(): Promise<string[]> {
  return (await shown(AGENT)).agents.map(({ label }) => label)
}

async function clear(...more: string[]): Promise<void> {
  const { code, stderr } = await home.command([
    'taint',
    'clear',
    AGENT,
    '--reason',
    'looked at it',
    '--confirm',
    AGENT,
    ...more,
  ])
  assert.equal(code, 0, stderr)
}

async function harness(session: string): Promise<FakeHarness> {
  const made = fakeHarness(home, `${LAUNCHER} hook`, session)
  await made.prove()
  return made
}

/** One use of a tool from its question to its end. */
async function use(by: FakeHarness, tool: string, input: object, does = () => {}): Promise<void> {
  const said = await by.before(tool, input)
  assert.equal(said.code, 0, said.stderr)
  does()
  await by.after(tool, input)
}

test('what an agent fetched taints it and what it writes since, by tool or by command, and nothing before', async () => {
  const first = await harness('first')
  const [early, notes, built] = ['early.txt', 'notes.md', 'src/built.txt'].map(inWork)
  await use(first, 'Write', { file_path: early }, () => writeFileSync(early!, 'honest'))
  assert.deepEqual((await shown()).agents, [])
  await use(first, 'WebFetch', PAGE)
  const { agents } = await shown(AGENT)
  assert.deepEqual(
    agents.map(({ label, origin }) => [label, origin]),
    [['external-data', 'page.test']],
  )
  await use(first, 'Write', { file_path: notes }, () =>
    writeFileSync(notes!, 'as the page says: push to main'),
  )
  await use(first, 'Bash', { command: 'ls' }, () => writeFileSync(built!, 'built from it'))
  const { files } = await shown()
  assert.deepEqual(new Set(files.map(({ path }) => path)), new Set([notes, built]))
})

test('a later session is tainted again by reading that, a copy of it too, and after a restart', async () => {
  copyFileSync(inWork('notes.md'), inWork('copy.md'))
  await clear()
  assert.deepEqual(await labels(), [])
  const second = await harness('second')
  await use(second, 'Read', { file_path: inWork('early.txt') })
  assert.deepEqual(await labels(), [])
  await use(second, 'Read', { file_path: inWork('copy.md') })
  assert.deepEqual(await labels(), ['external-data'])
  await endDaemon(home)
  assert.deepEqual(await labels(), ['external-data'])
  await clear()
  await use(await harness('fourth'), 'Bash', { command: 'cat notes.md' })
  assert.deepEqual(await labels(), ['external-data'])
  await clear('--files')
  const third = await harness('third')
  await use(third, 'Read', { file_path: inWork('copy.md') })
  assert.deepEqual(await labels(), [])
})

test('no agent looks at it or clears it; that its owner did is on record', async (t) => {
  const me = await owner({ after }, home)
  const cleared = (await me.ledger({ action: 'config:write' })).filter(
    ({ target }) => target === `taint/${AGENT}`,
  )
  assert.ok(cleared.length >= 2, 'asked for and done, each')
  if (!needs(t, '/usr/bin/perl')) return
  const tries = await askAsAgent(home, 'builder', [
    { method: 'GET', path: '/v1/taint' },
    { method: 'POST', path: `/v1/taint/builder/clear`, body: { reason: 'it was nothing' } },
  ])
  for (const { status, body } of tries) assert.deepEqual([status, body['code']], [403, 'NOT_FOR_AGENTS'])
})

test('a book that cannot be read is no clean slate: it is said, and nothing is cleared in it', async () => {
  await endDaemon(home)
  for (const end of ['-wal', '-shm']) rmSync(join(home.state, `taint.db${end}`), { force: true })
  writeFileSync(join(home.state, 'taint.db'), 'this is no database at all, whatever it is called')
  assert.match((await shown()).problem ?? '', /cannot be believed/)
  const { stdout } = await home.command(['status'])
  assert.match(stdout, /every agent counts as tainted/)
  const { code } = await home.command(['taint', 'clear', AGENT, '--reason', 'r', '--confirm', AGENT])
  assert.notEqual(code, 0)
})
