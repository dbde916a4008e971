import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { askAsAgent } from '../kit/agent.ts'
import { needs } from '../kit/box.ts'
import { house, type House } from '../kit/house.ts'
import { owner, refused } from '../kit/owner.ts'
import { endDaemon, killDaemon } from '../kit/restart.ts'

// Ways to lose a stop that was made: two at once, and a stop file that somebody takes away.

const home = house({ after })

const stop = (at: House, ...args: string[]) => at.warder(['stop', ...args, '--reason', 'a test'])

test('stops from several commands and the daemon at the same moment are all in force', async (t) => {
  const lone = house(t)
  const names = Array.from({ length: 6 }, (_, i) => `together-${i}`)
  const results = await Promise.all(names.map((name) => stop(lone, name))) // no daemon: each writes by itself
  for (const { code, stderr } of results) assert.equal(code, 0, stderr)
  const me = await owner(t, lone)
  const more = Array.from({ length: 6 }, (_, i) => `later-${i}`)
  await Promise.all([
    ...more.map((agent) => me.call('stop', { agent, reason: 'through the daemon alone' })),
    ...more.map((name) => stop(lone, `${name}-command`)),
  ])
  const stopped = (await me.call('daemon', {})).stops.map(({ agent }) => agent).sort()
  assert.deepEqual(stopped, [...names, ...more, ...more.map((name) => `${name}-command`)].sort())
  me.client.close()
  await killDaemon(lone)
  const again = await owner(t, lone)
  assert.equal((await again.call('daemon', {})).stops.length, 18)
})

test('a stop file that is taken away frees nobody, and only the owner ends it', async (t) => {
  const me = await owner(t, home)
  assert.equal((await me.call('daemon', {})).mode, 'normal') // on a fresh machine there is none to miss
  assert.equal((await me.attach((await me.open({ argv: ['/bin/true'] })).permit)).exit.code, 0)
  await me.call('stop', { agent: 'builder', reason: 'a test' })
  rmSync(join(home.state, 'stop.json'))
  await refused(me.open({ argv: ['/bin/true'], agent: 'builder' }), 'STOPPED')
  await refused(me.open({ argv: ['/bin/true'], agent: 'another' }), 'STOPPED') // nobody knows who was stopped
  assert.equal((await me.call('daemon', {})).mode, 'manual')
  // a stop of one agent does not make a file that has forgotten the others
  const one = await stop(home, 'third')
  assert.equal(one.code, 0, one.stderr)
  assert.match(one.stderr, /all agents are stopped, not third alone/)
  await refused(me.open({ argv: ['/bin/true'], agent: 'builder' }), 'STOPPED')
  const unreasoned = await home.warder(['resume', '--all', '--confirm', 'all'])
  assert.equal(unreasoned.code, 2)
  const lifted = await home.command(['resume', '--all', '--reason', 'looked at it', '--confirm', 'all'])
  assert.equal(lifted.code, 0, lifted.stderr)
  assert.equal((await me.attach((await me.open({ argv: ['/bin/true'] })).permit)).exit.code, 0)
})

test('taken away while the daemon is down, with its mark too, the ledger still knows of the stop', async (t) => {
  const lone = house(t)
  assert.equal((await stop(lone, 'builder')).code, 0) // never told to any daemon
  const first = await owner(t, lone)
  await first.entry({ action: 'agent:stop', target: 'builder' })
  first.client.close()
  await endDaemon(lone)
  for (const name of ['stop.json', 'stop.made']) {
    assert.ok(existsSync(join(lone.state, name)), name)
    rmSync(join(lone.state, name))
  }
  const me = await owner(t, lone)
  await refused(me.open({ argv: ['/bin/true'], agent: 'builder' }), 'STOPPED')
  const { decision } = await me.call('decide', { as: 'builder', capability: 'fs:read:/srv/x' })
  assert.deepEqual([decision.layer, decision.rule], ['containment', 'containment.unreadable'])
  assert.equal((await stop(lone, '--all')).code, 0)
  await me.call('resume', { reason: 'looked at it' })
  assert.equal((await me.attach((await me.open({ argv: ['/bin/true'] })).permit)).exit.code, 0)
  me.client.close()
  await endDaemon(lone)
  // the file that says "nothing is stopped" is believed: it is there
  assert.match(readFileSync(join(lone.state, 'stop.json'), 'utf8'), /"agents": \{\}/)
  const later = await owner(t, lone)
  assert.equal((await later.call('daemon', {})).mode, 'normal')
})

test('an agent that asks to be stopped or to stop others leaves nothing behind that stops anybody', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const lone = house(t)
  const me = await owner(t, lone)
  const [answer] = await askAsAgent(lone, 'joker', [
    { method: 'POST', path: '/v1/stop', body: { agent: 'builder', reason: 'why not' } },
  ])
  assert.equal(answer?.status, 403)
  me.client.close()
  await endDaemon(lone)
  const again = await owner(t, lone)
  assert.equal((await again.call('daemon', {})).mode, 'normal')
})
