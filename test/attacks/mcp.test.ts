import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { REFUSAL_CODES } from '../../src/enforce/mcp/index.ts'
import { approver } from '../kit/approver.ts'
import { house, until } from '../kit/house.ts'
import { hostileServer, wrapped } from '../kit/mcp.ts'
import { configure, owner } from '../kit/owner.ts'

const home = house({ after })

configure(
  home,
  'policy.yaml',
  `version: 1
rules:
  - id: own-workspace
    agents: ["*"]
    effect: allow
    capabilities: ["fs:read:\${WORKSPACE}/**", "fs:write:\${WORKSPACE}/**"]
    reason: an agent works in its own workspace
mcp:
  servers:
    box:
      tier: trusted
      rate: 1000
      timeout: 3s
      questions: { elicitation: allow }
      tools: { "*": allow, write: { action: allow, arguments: { path: { path: write } } } }
    day:
      tier: trusted
      tools: { "*": allow }
    guest:
      tier: untrusted
      profile: mcp-server
      tools: { "*": allow }
`,
)

// six answers withheld are an incident, and put the server in quarantine: here every single one is looked at
configure(home, 'detect.yaml', 'version: 1\ndisable: [mcp.injected-answers]\n')

const events = async (action: string): Promise<string> =>
  (await home.command(['audit', 'list', '--action', action, '--json'])).stdout

test('a hostile server is refused frame by frame and result by result, and the client survives it all', async (t) => {
  const it = await wrapped(t, home, 'box', hostileServer(home))
  const names = await it.names()
  const handed: string[] = []
  for (const name of names.filter((each) => each.startsWith('say_'))) {
    const { code, data } = await it.refused(name)
    assert.equal(code, REFUSAL_CODES.content, name)
    assert.ok(String(data['rule']).length > 0 && String(data['fix']).length > 0)
    handed.push(JSON.stringify(data))
  }
  assert.equal(
    handed.some((each) => each.includes('evil.example')),
    false,
    'what was refused is not told either',
  )
  for (const name of names.filter((each) => each.startsWith('break_'))) {
    assert.equal((await it.refused(name)).code, REFUSAL_CODES.server, name)
    assert.equal(await it.text('fine'), 'it is fine', `after ${name}`)
  }
  assert.equal((await it.refused('silent')).code, REFUSAL_CODES.timeout)
  assert.equal(await it.text('foreign'), 'mine')
  assert.equal(await it.text('phish'), 'asked in vain: true')
  const secret = await it.text('secret')
  assert.match(secret, /^the key is \[redacted [\w-]+ [0-9a-f]{8}\]$/)
  // what it lists at run time was approved by nobody
  assert.equal(await it.text('grow'), 'grown')
  assert.equal((await it.refused('wipe_disk')).code, REFUSAL_CODES.definition)
  assert.equal((await it.names()).includes('wipe_disk'), false)
  // words of strangers, and then an act
  assert.match(await it.text('page'), /weather/)
  const flow = await it.refused('write', { path: `${home.workspace}/x`, text: 'y' })
  assert.equal(flow.code, REFUSAL_CODES.denied)
  assert.match((await home.command(['taint', 'show'])).stdout, /external-data/)
  await assert.rejects(
    it.client.callTool({ name: 'die', arguments: {} }),
    'a dead server is an error, and no hang',
  )
  const [found, refused] = [await events('mcp:find'), await events('mcp:refuse')]
  assert.ok(found.includes('say_plain') && refused.includes('frame.duplicate-key'))
  assert.equal(found.includes('id_rsa') || refused.includes('id_rsa'), false)
})

test('a description that changed after approval, and one that is poisoned, are not handed on', async (t) => {
  const first = await wrapped(t, home, 'day', hostileServer(home))
  assert.equal(await first.text('fine'), 'it is fine')
  await first.client.close()
  const second = await wrapped(t, home, 'day', hostileServer(home, 'second-day', 'poisoned'))
  assert.equal(second.client.getInstructions(), undefined)
  const names = await second.names()
  assert.ok(names.includes('foreign'))
  assert.deepEqual(
    names.filter((name) => name === 'fine' || name === 'weather'),
    [],
  )
  const { code, data } = await second.refused('fine')
  assert.equal(code, REFUSAL_CODES.definition)
  assert.match(String(data['reason']), /description/)
  const pins = await home.command(['mcp', 'pins', 'diff', 'day'])
  assert.match(pins.stdout, /fine/)
})

test('the firewall process dies: calls fail, nothing passes it by, and the next session has a new one', async (t) => {
  const it = await wrapped(t, home, 'box', hostileServer(home))
  assert.equal(await it.text('fine'), 'it is fine')
  const waiting = it.text('silent')
  const pid = mcpPid()
  process.kill(pid, 'SIGKILL')
  await assert.rejects(waiting)
  await assert.rejects(it.text('fine'))
  let text = ''
  await until(async () => {
    try {
      text = await (await wrapped(t, home, 'box', hostileServer(home))).text('fine')
      return true
    } catch {
      return false
    }
  }, 'a new session works')
  assert.equal(text, 'it is fine')
})

test('a stop of the agent ends its sessions, and an untrusted server is not called without a person', async (t) => {
  const guest = await wrapped(t, home, 'guest', hostileServer(home), { options: ['--as', 'visitor'] })
  assert.equal((await guest.refused('fine')).code, REFUSAL_CODES.denied)
  const person = await approver(t, await owner(t, home))
  for (const _ of ['once', 'and each time']) {
    const asking = guest.text('fine')
    const question = await person.asked('visitor')
    assert.match(JSON.stringify(question), /guest\/fine/)
    assert.equal((await home.command(['approval', 'answer', question.id, 'once'])).code, 0)
    assert.equal(await asking, 'it is fine')
  }
  const it = await wrapped(t, home, 'box', hostileServer(home), { options: ['--as', 'visitor'] })
  assert.equal(await it.text('fine'), 'it is fine')
  assert.equal((await home.warder(['stop', 'visitor', '--reason', 'test'])).code, 0)
  await until(async () => {
    try {
      await it.text('fine')
      return false
    } catch {
      return true
    }
  }, 'the session ends')
})

/** The MCP process of this house: the child of its daemon that says so. */
function mcpPid(): number {
  const children = readChildren(home.daemonPid() ?? 0)
  const found = children.find(({ command }) => /\/(?:mcp\.js|mcp\/main\.ts)/.test(command))
  assert.ok(found !== undefined, 'the MCP process is not there')
  return found.pid
}

function readChildren(parent: number): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        if (ppid !== parent) return []
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }]
      } catch {
        return [] // it ended meanwhile
      }
    })
}
