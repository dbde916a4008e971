import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house, until, type House } from '../kit/house.ts'
import { owner, refused } from '../kit/owner.ts'
import { killDaemon } from '../kit/restart.ts'

// Ways for an agent to go on after it was told to stop: many processes, deaf ones, a daemon that hangs or is dead.

const home = house({ after })
// a daemon that a test lets hang must not be replaced before the test is done with it
const me = await owner({ after }, home, ['daemon.hung_after=10m'])

interface StopReport {
  readonly told: boolean
  readonly halted: readonly {
    agent: string
    processesBefore: number
    processesAfter: number
    frozenMs?: number
    ms: number
  }[]
}

const counter = { marks: 0 }
/** A number for `sleep` that no other process has: its processes can be counted from outside. */
function mark(): string {
  counter.marks += 1
  return `${70_000 + process.pid}.${counter.marks}`
}

function alive(sleep: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${sleep}\0`
    } catch {
      return false // ended while we looked
    }
  }).length
}

/** A run of many processes, none of which hears SIGTERM, in sessions of their own. */
async function busy(at: House, agent: string, count = 5): Promise<string> {
  const sleep = mark()
  const script = `trap '' TERM HUP INT; for i in $(seq ${count}); do setsid sleep ${sleep} & done; wait`
  at.start(['run', '--agent', agent, '--', '/bin/sh', '-c', script]).stdin?.end()
  await until(() => alive(sleep) === count, `${count} processes of ${agent}`, 60_000)
  return sleep
}

async function stop(at: House, ...args: string[]): Promise<StopReport> {
  const result = await at.warder(['stop', ...args, '--reason', 'a test', '--json'])
  assert.equal(result.code, 0, result.stderr)
  return result.json()
}

test('stop ends a busy agent to the last process, keeps it stopped, and leaves the others', async () => {
  const [one, other] = [await busy(home, 'busy-one', 50), await busy(home, 'busy-two')]
  const { halted } = await stop(home, 'busy-one')
  assert.deepEqual([alive(one), alive(other)], [0, 5])
  assert.equal(halted.length, 1)
  assert.equal(halted[0]?.processesAfter, 0)
  assert.ok((halted[0]?.processesBefore ?? 0) >= 50)
  const [ended] = halted
  assert.ok(ended?.frozenMs !== undefined, 'it was seen to stand still')
  assert.ok(ended.frozenMs <= ended.ms, `first after ${ended.frozenMs} ms, then gone after ${ended.ms} ms`)
  const refusal = await home.warder(['run', '--agent', 'busy-one', '--', '/bin/true'])
  assert.equal(refusal.code, 6)
  assert.match(refusal.stderr, /refused by containment, rule containment\.stop/)
  const receipt = await me.entry({ action: 'agent:stop', rule: 'containment.halt', target: 'busy-one' })
  assert.deepEqual([receipt.result, receipt.agent], ['success', 'owner'])
  assert.ok(Number((receipt['details'] as Record<string, unknown>)['processes_before']) >= 50)
  const misspelt = await home.warder(['stop', 'busy-tow'])
  assert.deepEqual([misspelt.code, alive(other)], [0, 5])
  assert.match(misspelt.stderr, /^warning: nothing of busy-tow ran; what runs here: busy-two$/m)
  const named = await home.warder(['stop', 'busy-two'])
  assert.deepEqual([named.code, named.stderr, alive(other)], [0, '', 0])
  assert.match(named.stdout, /may start until: warder resume busy-two --reason '…'\n/)
})

test('stop --all ends everything and nothing new starts; only the owner lifts it, with a reason, by name', async () => {
  const sleeps = [await busy(home, 'all-one'), await busy(home, 'all-two')]
  await stop(home, '--all')
  assert.deepEqual(sleeps.map(alive), [0, 0])
  const refusal = await home.warder(['run', '--agent', 'newcomer', '--', '/bin/true'])
  assert.equal(refusal.code, 6)
  const unanswered = await home.warder(['resume', '--all', '--reason', 'over'])
  assert.equal(unanswered.code, 2)
  assert.match(unanswered.stderr, /must be confirmed/)
  const unreasoned = await home.warder(['resume', '--all', '--confirm', 'all'])
  assert.equal(unreasoned.code, 2)
  assert.match(unreasoned.stderr, /--reason/)
  const misnamed = await home.warder(['resume', '--all', '--reason', 'over', '--confirm', 'everything'])
  assert.equal(misnamed.code, 5)
  assert.equal((await me.call('daemon', {})).mode, 'manual')
  const lifted = await home.command(['resume', '--all', '--reason', 'over', '--confirm', 'all'])
  assert.equal(lifted.code, 0, lifted.stderr)
  assert.equal((await home.warder(['run', '--agent', 'newcomer', '--', '/bin/true'])).code, 0)
  assert.equal((await me.entry({ action: 'agent:resume', target: '*', decision: 'allow' })).agent, 'owner')
})

test('an agent that is stopped while it runs under another name cannot lift it, nor ask anything', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  await stop(home, 'sleeper')
  const [answer] = await askAsAgent(home, 'helper', [
    { method: 'POST', path: '/v1/resume', body: { agent: 'sleeper', reason: 'let it' } },
  ])
  assert.deepEqual([answer?.status, answer?.body['code']], [403, 'DENIED'])
  const ruling = await me.call('decide', { as: 'sleeper', capability: 'fs:read:/srv/x' })
  assert.deepEqual([ruling.decision.layer, ruling.decision.rule], ['containment', 'containment.stop'])
  await me.call('resume', { agent: 'sleeper', reason: 'the test goes on' })
})

test('a stop that comes while sandboxes are being built leaves none of them running', async () => {
  for (let round = 0; round < 10; round += 1) {
    const sleep = mark()
    const run = home.warder(['run', '--agent', 'racer', '--', 'sleep', sleep])
    await new Promise((done) => setTimeout(done, round * 40))
    await stop(home, 'racer')
    const { code, stderr } = await run
    // refused at the gate, at the door, or while it was built; or killed: for this reason, and no other
    assert.ok(code === 137 || ([3, 6, 7].includes(code ?? 0) && /stopped/.test(stderr)), `${code} ${stderr}`)
    assert.equal(alive(sleep), 0)
    await me.call('resume', { agent: 'racer', reason: 'next round' })
  }
  assert.equal((await home.warder(['run', '--agent', 'racer', '--', '/bin/true'])).code, 0)
})

test('a stop file that cannot be understood stops everything', async () => {
  const file = join(home.state, 'stop.json')
  for (const text of ['', '{', '{"version":2,"agents":{}}', '{"version":1,"agents":{},"none":true}']) {
    writeFileSync(file, text, { mode: 0o600 })
    await refused(me.open({ argv: ['/bin/true'], agent: 'anybody' }), 'STOPPED')
    const { decision } = await me.call('decide', { as: 'anybody', capability: 'fs:read:/srv/x' })
    assert.deepEqual([decision.layer, decision.rule], ['containment', 'containment.unreadable'])
    assert.equal((await me.call('daemon', {})).mode, 'manual')
  }
  await stop(home, '--all') // the way out its error names
  await me.call('resume', { reason: 'the file is mended' })
  assert.equal((await me.attach((await me.open({ argv: ['/bin/true'] })).permit)).exit.code, 0)
})

test('stop works while the daemon hangs, and the record catches up when it goes on', async () => {
  const sleep = await busy(home, 'hung')
  const pid = home.daemonPid()!
  process.kill(pid, 'SIGSTOP')
  try {
    const report = await stop(home, 'hung')
    assert.equal(report.told, false)
    assert.equal(report.halted[0]?.processesAfter, 0)
    assert.equal(alive(sleep), 0)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await refused(me.open({ argv: ['/bin/true'], agent: 'hung' }), 'STOPPED')
  await me.entry({ action: 'agent:stop', rule: 'containment.halt', target: 'hung', result: 'success' })
})

test('stop works with the daemon dead, survives its next start, and goes on record then', async (t) => {
  const lone = house(t)
  const by = await owner(t, lone)
  const sleep = await busy(lone, 'orphan')
  by.client.close()
  await killDaemon(lone)
  const report = await stop(lone, 'orphan')
  assert.equal(report.told, false)
  assert.equal(alive(sleep), 0)
  const again = await owner(t, lone)
  await refused(again.open({ argv: ['/bin/true'], agent: 'orphan' }), 'STOPPED')
  const noted = await again.entry({ action: 'agent:stop', target: 'orphan' })
  assert.equal(noted.layer, 'containment')
  assert.equal((await again.attach((await again.open({ argv: ['/bin/true'] })).permit)).exit.code, 0)
  const verified = await lone.command(['audit', 'verify'])
  assert.equal(verified.code, 0, verified.stdout)
})

test('manual mode survives a restart of the daemon', async (t) => {
  const lone = house(t)
  await stop(lone, '--all') // before any daemon ever ran
  const by = await owner(t, lone)
  assert.equal((await by.call('daemon', {})).mode, 'manual')
  await refused(by.open({ argv: ['/bin/true'] }), 'STOPPED')
  by.client.close()
  await killDaemon(lone)
  const again = await owner(t, lone)
  assert.equal((await again.call('daemon', {})).mode, 'manual')
  await refused(again.open({ argv: ['/bin/true'] }), 'STOPPED')
})

test('no process of these tests is left', () => {
  assert.doesNotMatch(
    execFileSync('ps', ['-eo', 'args']).toString(),
    new RegExp(`sleep ${70_000 + process.pid}\\.`),
  )
})
