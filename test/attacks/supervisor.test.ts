import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { EntryAnswer } from '../../src/api/endpoints.ts'
import { calls } from '../../src/client/calls.ts'
import { connect } from '../../src/client/connect.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { house, isAlive, until, type House } from '../kit/house.ts'
import { keysOf, owner, refused, socketOf } from '../kit/owner.ts'

// A daemon that hangs, dies or dies again and again, with agents that would go on without it.

const LONG_MS = 90_000
const counter = { marks: 0 }

function mark(): string {
  counter.marks += 1
  return `${60_000 + process.pid}.${counter.marks}`
}

/** The processes that carry this mark among their arguments, whatever they are. */
function alive(marked: string): number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return words[0] !== undefined && /sleep|spin/.test(words[0]) && words.includes(marked)
      } catch {
        return false
      }
    })
    .map(Number)
}

/** Agents that use the processor as much as they can, and one that hears no SIGTERM. @returns the mark of them all */
async function busyAgents(home: House, count: number): Promise<string> {
  const marked = mark()
  const spin = `exec -a spin sh -c 'while :; do :; done' ${marked}`
  for (let i = 0; i < count; i += 1)
    home.start(['run', '--agent', `busy-${i}`, '--', '/bin/bash', '-c', spin]).stdin?.end()
  const deaf = `trap '' TERM HUP INT; setsid sleep ${marked} & sleep ${marked}`
  home.start(['run', '--agent', 'deaf', '--', '/bin/sh', '-c', deaf]).stdin?.end()
  await until(() => alive(marked).length === count + 2, 'all of them are busy', LONG_MS)
  return marked
}

async function anotherDaemon(home: House, before: number): Promise<number> {
  await until(() => ![undefined, before].includes(home.daemonPid()), 'another daemon', LONG_MS)
  return home.daemonPid() ?? 0
}

/** Whether it answers; a command would start another one when it does not. */
async function answers(home: House): Promise<boolean> {
  const client = connect({ socketPath: socketOf(home), secret: () => readSocketSecret(keysOf(home)) })
  try {
    await calls(client).call('daemon', {})
    return true
  } catch {
    return false
  } finally {
    client.close()
  }
}

function details(entry: EntryAnswer): Record<string, unknown> {
  return entry['details'] as Record<string, unknown>
}

test('a daemon that hangs loses its agents and is replaced, and the record tells both', async (t) => {
  const home = house(t)
  const settings = ['daemon.hung_after=5s']
  const me = await owner(t, home, settings)
  const marked = await busyAgents(home, 5)
  me.client.close()
  const hung = home.daemonPid() ?? 0
  process.kill(hung, 'SIGSTOP')
  await until(() => alive(marked).length === 0, 'nothing of the agents is left', LONG_MS)
  await anotherDaemon(home, hung)
  assert.equal(isAlive(hung), false)
  const next = await owner(t, home, settings)
  const entry = await next.entry({ action: 'daemon:hung', rule: 'supervisor.hung' })
  assert.deepEqual([entry.result, details(entry)['runs']], ['success', 6])
  const ended = (await next.ledger({ action: 'agent:end' })).filter(({ rule }) => rule === 'supervisor.hung')
  assert.equal(ended.length, 6)
  for (const each of ended) {
    assert.equal(details(each)['processes_after'], 0)
    assert.ok(Number(details(each)['frozen_microseconds']) > 0, 'it was seen to stand still first')
  }
  const { degraded, mode } = await next.call('status', {})
  assert.ok(
    degraded.some((each) => /started again at .*no sign of life/.test(each)),
    String(degraded),
  )
  assert.equal(mode, 'normal')
  assert.equal((await next.attach((await next.open({ argv: ['/bin/true'] })).permit)).exit.code, 0)
  assert.equal((await home.command(['audit', 'verify'])).code, 0)
})

test('a daemon that dies takes its agents along, and is replaced', async (t) => {
  const home = house(t)
  const me = await owner(t, home)
  const marked = await busyAgents(home, 1)
  me.client.close()
  const dead = home.daemonPid() ?? 0
  process.kill(dead, 'SIGKILL')
  await until(() => alive(marked).length === 0, 'nothing of the agents is left', LONG_MS)
  await anotherDaemon(home, dead)
  const next = await owner(t, home)
  const entry = await next.entry({ action: 'daemon:crashed' })
  assert.match(entry.reason, /ended with SIGKILL/)
})

test('when the supervisor dies the daemon ends itself and its agents', async (t) => {
  const home = house(t)
  const me = await owner(t, home)
  const marked = await busyAgents(home, 1)
  const { pid } = await me.call('daemon', {})
  me.client.close()
  process.kill(home.supervisorPid() ?? 0, 'SIGKILL')
  await until(() => alive(marked).length === 0, 'nothing of the agents is left', LONG_MS)
  await until(() => !isAlive(pid), 'the daemon has ended', LONG_MS)
  assert.equal((await home.command(['audit', 'verify'])).code, 0)
  const next = await owner(t, home)
  const unsettled = (await next.ledger({ unsettled: 'true' })).filter(
    ({ action }) => action === 'agent:start',
  )
  assert.deepEqual(unsettled, [], 'it had time to say how its runs ended')
})

test('a daemon that dies again and again stays down, and every agent is stopped until somebody looks', async (t) => {
  const home = house(t)
  const me = await owner(t, home)
  me.client.close()
  const supervisor = home.supervisorPid() ?? 0
  for (let kills = 0; kills <= 5; kills += 1) {
    await until(() => answers(home), 'it answers', LONG_MS)
    const pid = home.daemonPid() ?? 0
    assert.equal(home.supervisorPid(), supervisor, 'it is the same supervisor all the time')
    process.kill(pid, 'SIGKILL')
    if (kills < 5) await anotherDaemon(home, pid)
  }
  await until(() => !isAlive(supervisor), 'the supervisor gives up', LONG_MS)
  const doctor = await home.command(['doctor'])
  assert.match(doctor.stdout, /stopped: every agent/)
  const next = await owner(t, home)
  const { mode, stops } = await next.call('daemon', {})
  assert.equal(mode, 'manual')
  assert.match(stops[0]?.reason ?? '', /failed again after 5 restarts/)
  await refused(next.open({ argv: ['/bin/true'] }), 'STOPPED')
  await next.entry({ action: 'agent:stop', agent: 'warder', rule: 'supervisor.gave-up' })
  await next.call('resume', { reason: 'somebody looked' })
  assert.equal((await next.attach((await next.open({ argv: ['/bin/true'] })).permit)).exit.code, 0)
})

test('one signal to the supervisor stops everything, though the daemon hangs', async (t) => {
  const home = house(t)
  const me = await owner(t, home, ['daemon.hung_after=10m'])
  const marked = await busyAgents(home, 2)
  const hung = home.daemonPid() ?? 0
  process.kill(hung, 'SIGSTOP')
  try {
    process.kill(home.supervisorPid() ?? 0, 'SIGUSR2')
    await until(() => alive(marked).length === 0, 'nothing of the agents is left', LONG_MS)
  } finally {
    process.kill(hung, 'SIGCONT')
  }
  assert.equal(home.daemonPid(), hung)
  const { mode, stops } = await me.call('daemon', {})
  assert.deepEqual([mode, stops[0]?.by], ['manual', 'owner'])
  await me.entry({ action: 'agent:stop', rule: 'containment.halt', target: '*', result: 'success' })
})

test('daemon stop ends a daemon that hangs, agents first, and nobody starts it again', async (t) => {
  const home = house(t)
  const me = await owner(t, home, ['daemon.hung_after=8s'])
  const marked = await busyAgents(home, 1)
  me.client.close()
  const [hung, supervisor] = [home.daemonPid() ?? 0, home.supervisorPid() ?? 0]
  process.kill(hung, 'SIGSTOP')
  const { code, stderr } = await home.warder(['daemon', 'stop'])
  assert.equal(code, 0, stderr)
  assert.deepEqual([isAlive(hung), alive(marked).length], [false, 0])
  await until(() => !isAlive(supervisor), 'its supervisor has ended as well', LONG_MS)
})

test('a daemon is not started without a supervisor by somebody who only says that there is one', (t) => {
  const home = house(t)
  const program = new URL('../../src/daemon/main.ts', import.meta.url).pathname
  const { status, stderr } = spawnSync(process.execPath, [program, '--supervised'], {
    env: home.environment,
    encoding: 'utf8',
  })
  assert.equal(status, 7, stderr)
  assert.match(stderr, /SUPERVISOR_MISSING/)
})
