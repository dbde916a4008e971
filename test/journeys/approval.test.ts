import assert from 'node:assert/strict'
import { copyFileSync, realpathSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { house, until } from '../kit/house.ts'
import { configure, owner, type Owner } from '../kit/owner.ts'
import { needsTerminal, terminal, type Terminal } from '../kit/terminal.ts'

// Two terminals: in one an agent's command waits, in the other a person sees what it is and answers.

const home = house({ after })
const WARDER = new URL('../../bin/warder', import.meta.url).pathname
/** Where this program and what it stands on are. */
const PLACES = ['../../', '../../node_modules/'].map((place) =>
  realpathSync(fileURLToPath(new URL(place, import.meta.url))),
)
const TOOL = join(home.workspace, 'tool')
const shared: { me?: Owner } = {}

before(async () => {
  copyFileSync('/usr/bin/echo', TOOL)
  configure(
    home,
    'policy.yaml',
    `version: 1
agents:
  builder:
    may_request: ["fs:read:/srv/data/**"]
  insider:
    may_request: ["fs:read:/srv/data/**"]
rules:
  - id: the-program-itself
    agents: [insider]
    effect: allow
    capabilities: ${JSON.stringify(PLACES.flatMap((place) => [`fs:read:${place}/**`, `fs:list:${place}/**`]))}
    reason: what it asks with
  - id: careful
    agents: ["*"]
    effect: ask
    capabilities: ["process:spawn", "net:connect"]
    reason: programs are asked for here
`,
  )
  shared.me = await owner({ after }, home)
})

function inTerminal(t: TestContext, ...words: string[]): Terminal {
  return terminal(t, [WARDER, ...words], {
    cwd: home.workspace,
    env: home.environment,
    columns: 200,
    rows: 50,
  })
}

/** Opens `warder approve` and waits until questions come to it. */
async function approving(t: TestContext): Promise<Terminal> {
  const screen = inTerminal(t, 'approve')
  await screen.shows(/questions come to this terminal now/)
  return screen
}

/** A command of an agent in a terminal of its own. */
function exec(agent: string, ...argv: string[]) {
  return home.warder(['exec', '--agent', agent, '--', ...argv], { timeoutMs: 180_000 })
}

/** Waits for the next question on this screen, told apart by what it runs. */
async function asked(screen: Terminal, what: RegExp): Promise<void> {
  await screen.shows(new RegExp(`${what.source}[\\s\\S]*left > $`))
}

test('a command waits, a person sees what, where, who, why and how long, says yes, and it runs', async (t) => {
  if (!needsTerminal(t)) return
  const screen = await approving(t)
  const running = exec('builder', '/usr/bin/echo', 'first words')
  await asked(screen, /first words/)
  const text = screen.screen()
  for (const shown of [
    /builder asks: command, risk medium/,
    /runs +\S*echo 'first words'/,
    new RegExp(`in +${home.workspace}`),
    /profile +tool-minimal/,
    /because +programs are asked for here \(rule\.careful\)/,
    /program +\S*echo sha256 [0-9a-f]{16}/,
    /touches +no network/,
    /time left 1[12]\d s/,
  ]) {
    assert.match(text, shown)
  }
  screen.type('y')
  const { code, stdout, stderr } = await running
  assert.deepEqual([code, stdout], [0, 'first words\n'], stderr)
  await screen.shows(/builder: once by owner/)
  screen.type('q')
  assert.equal(await screen.exit, 0)
})

test('whoever waits is told that a person is asked, and how long is left', async (t) => {
  if (!needsTerminal(t)) return
  const screen = await approving(t)
  const running = exec('patient', '/usr/bin/echo', 'x')
  await asked(screen, /patient asks/)
  await until(
    async () => (await shared.me!.call('approvalList', { agent: 'patient' })).questions.length === 1,
    'it waits',
  )
  await new Promise((done) => setTimeout(done, 1500)) // longer than the command line waits before it speaks
  screen.type('n')
  const { code, stderr } = await running
  assert.equal(code, 3)
  assert.match(stderr, /a person is asked, \d+ s left to answer/)
  assert.match(stderr, /refused by approval, rule rule\.careful: owner said no/)
})

test('for this session the same command is not asked again, and another one is', async (t) => {
  if (!needsTerminal(t)) return
  const screen = await approving(t)
  const first = exec('steady', '/usr/bin/echo', 'same')
  await asked(screen, /steady asks/)
  screen.type('s')
  assert.equal((await first).stdout, 'same\n')
  assert.equal((await exec('steady', '/usr/bin/echo', 'same')).stdout, 'same\n')
  const other = exec('steady', '/usr/bin/echo', 'other')
  await asked(screen, /echo other/)
  screen.type('n')
  assert.equal((await other).code, 3)
})

test('allowed for good, it shows what that means first; a changed binary asks again', async (t) => {
  if (!needsTerminal(t)) return
  const screen = await approving(t)
  const first = exec('regular', TOOL, 'again')
  await asked(screen, /regular asks/)
  screen.type('a')
  await screen.shows(/for 30 days regular need not ask for:[\s\S]*tool again, in [\s\S]*holes such as/)
  screen.type('yes\r')
  assert.equal((await first).stdout, 'again\n')
  assert.equal((await exec('regular', TOOL, 'again')).stdout, 'again\n')
  const listed = await home.command(['allowance', 'list', '--agent', 'regular'])
  assert.match(listed.stdout, /tool again, in/)
  copyFileSync('/usr/bin/printf', `${TOOL}.new`)
  renameSync(`${TOOL}.new`, TOOL)
  const changed = exec('regular', TOOL, 'again')
  await until(() => screen.screen().split('regular asks').length === 3, 'it is asked again', 60_000)
  await asked(screen, /regular asks[\s\S]*regular asks/)
  screen.type('n')
  assert.equal((await changed).code, 3)
  const { allowances } = (await home.command(['allowance', 'list', '--json'])).json<{
    allowances: { id: string }[]
  }>()
  assert.equal((await home.command(['allowance', 'revoke', allowances[0]!.id])).code, 0)
})

test('a no with words brings the words to whoever asked', async (t) => {
  if (!needsTerminal(t)) return
  const screen = await approving(t)
  const running = exec('chatty', '/usr/bin/echo', 'x')
  await asked(screen, /chatty asks/)
  screen.type('w')
  await screen.shows(/words to whoever asked: $/)
  screen.type('use the test databasf\u007fe\r')
  assert.match((await running).stderr, /owner said no: use the test database/)
})

test('two people watch; one answers, and the other sees it at once', async (t) => {
  if (!needsTerminal(t)) return
  const [one, two] = [await approving(t), await approving(t)]
  const running = exec('shared', '/usr/bin/echo', 'x')
  await asked(one, /shared asks/)
  await asked(two, /shared asks/)
  two.type('y')
  assert.equal((await running).code, 0)
  await one.shows(/shared: once by owner/)
})

test('what is dangerous is shown twice and confirmed by a typed word', async (t) => {
  if (!needsTerminal(t)) return
  const screen = await approving(t)
  const ask = () =>
    shared.me!.call('decide', { as: 'builder', capability: 'net:connect:example.org:443', risk: 'high' })
  const first = ask()
  await asked(screen, /risk high/)
  assert.doesNotMatch(screen.screen(), /s session/)
  screen.type('y')
  await screen.shows(/look at it once more:[\s\S]*type (\w+) to confirm, anything else refuses: $/)
  const [, word = ''] = /type (\w+) to confirm/.exec(screen.screen()) ?? []
  screen.type(`${word}\r`)
  assert.equal((await first).decision.effect, 'allow')
  const second = ask()
  await until(() => screen.screen().split('risk high').length >= 4, 'it is asked again', 60_000)
  await asked(screen, /risk high[\s\S]*risk high[\s\S]*risk high/)
  screen.type('y')
  await until(() => screen.screen().split('look at it once more').length === 3, 'the second look', 60_000)
  await screen.shows(/anything else refuses: $/)
  screen.type('yes\r')
  assert.equal((await second).decision.effect, 'deny')
})

test('without a terminal a question is listed, shown and answered by its id', async (t) => {
  const watcher = home.start(['approve', '--json'])
  t.after(() => void watcher.kill('SIGKILL'))
  let said = ''
  watcher.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)))
  await until(() => said.includes('"here"'), 'it watches', 60_000)
  const running = exec('scripted', '/usr/bin/echo', 'by id')
  await until(() => said.includes('"asked"'), 'the question', 60_000)
  const { questions } = (await home.command(['approval', 'list', '--json'])).json<{
    questions: { id: string; argv: string[]; leftMs: number }[]
  }>()
  assert.equal(questions[0]?.argv.at(-1), 'by id')
  assert.ok(questions[0].leftMs > 0 && questions[0].leftMs <= 120_000)
  const id = questions[0].id
  assert.match((await home.command(['approval', 'show', id])).stdout, /runs +\S*echo 'by id'/)
  const answered = await home.command(['approval', 'answer', id, 'once'])
  assert.match(answered.stdout, /: once, recorded as entry \d+/)
  assert.equal((await running).stdout, 'by id\n')
  assert.equal((await home.command(['approval', 'answer', id, 'once'])).code, 5)
  const alone = await home.warder(['approve'])
  assert.equal(alone.code, 2)
  assert.match(alone.stderr, /warder approval answer/)
})

test('an agent asks for a capability; what it may not ask for is refused unasked, the rest a person gives', async (t) => {
  const watcher = home.start(['approve', '--json'])
  t.after(() => void watcher.kill('SIGKILL'))
  let said = ''
  watcher.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)))
  await until(() => said.includes('"here"'), 'it watches', 60_000)
  const request = (capability: string) =>
    home.warder(['request', capability, '--agent', 'builder', '--why', 'nightly import', '--json'], {
      timeoutMs: 180_000,
    })
  const refused = await request('fs:read:/srv/other/**')
  assert.equal(refused.code, 3)
  assert.match(refused.stdout, /request\.not_requestable|may ask for/)
  assert.doesNotMatch(said, /"asked"/)
  const asking = request('fs:read:/srv/data/x')
  await until(() => said.includes('"asked"'), 'the question', 60_000)
  const [, id = ''] = /"id":"([^"]+)"/.exec(said) ?? []
  assert.match((await home.command(['approval', 'show', id])).stdout, /capability +fs:read:\/srv\/data\/x/)
  assert.equal((await home.command(['approval', 'answer', id, 'once'])).code, 0)
  const granted = await asking
  assert.equal(granted.code, 0, granted.stderr)
  const explained = await home.command(['policy', 'explain', 'builder', 'fs:read:/srv/data/x'])
  assert.equal(explained.code, 0)
  assert.match((await request('fs:read:/srv/data/x')).stdout, /held/)
})

test('inside its sandbox an agent asks for itself, over its own socket', async (t) => {
  const watcher = home.start(['approve', '--json'])
  t.after(() => void watcher.kill('SIGKILL'))
  let said = ''
  watcher.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)))
  await until(() => said.includes('"here"'), 'it watches', 60_000)
  const words = ['request', 'fs:read:/srv/data/x', '--why', 'nightly import']
  const inside = home.warder(['run', '--agent', 'insider', '--', WARDER, ...words], { timeoutMs: 180_000 })
  await until(() => said.includes('"asked"'), 'the question', 60_000)
  const question = JSON.parse(said.split('\n').find((line) => line.includes('"asked"')) ?? '{}') as {
    question: { id: string; principal: string; wanted: string }
  }
  assert.deepEqual([question.question.principal, question.question.wanted], ['insider', 'nightly import'])
  assert.equal((await home.command(['approval', 'answer', question.question.id, 'once'])).code, 0)
  const { code, stdout, stderr } = await inside
  assert.equal(code, 0, stderr)
  assert.match(stdout, /granted: fs:read:\/srv\/data\/x until .*, by owner/)
})

test('status counts the questions and the tasks', async () => {
  const { approvals } = await shared.me!.call('status', {})
  assert.ok(approvals.prompts > 0 && approvals.tasks > 0)
  assert.ok(Math.abs(approvals.promptsPerTask - approvals.prompts / approvals.tasks) <= 0.01)
  assert.match((await home.command(['status'])).stdout, /approvals 0 wait, .* questions? in \d+ tasks?/)
})

test('autonomy: manual asks for what is allowed, and says so', async () => {
  assert.equal((await home.command(['autonomy', 'set', 'manual'])).code, 0)
  assert.match((await home.command(['autonomy', 'show'])).stdout, /^manual: /)
  await shared.me!.call('grantAdd', {
    principal: 'free',
    capability: 'process:spawn:/usr/bin/id',
    reason: 'a test',
  })
  const denied = await home.warder(['exec', '--agent', 'free', '--', '/usr/bin/id'])
  assert.equal(denied.code, 3)
  assert.equal((await home.command(['autonomy', 'set', 'supervised'])).code, 0)
})
