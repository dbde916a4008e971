import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'
import { owner, refused } from '../kit/owner.ts'
import { terminal } from '../kit/terminal.ts'

// Ways to have a stop lifted that nobody looked at.

const home = house({ after })
const me = await owner({ after }, home)
const WARDER = new URL('../../bin/warder', import.meta.url).pathname

test('a person who resumes is shown the stop; another one that comes while he types stays in force', async (t) => {
  await me.call('stop', { agent: 'builder', reason: 'the first reason' })
  const at = { cwd: home.workspace, env: home.environment, columns: 100, rows: 30 }
  const argv = [WARDER, 'resume', 'builder', '--reason', 'looked at it']
  const screen = terminal(t, argv, at)
  await screen.shows(/by owner: the first reason[^]*Type builder to confirm/)
  await me.call('stop', { agent: 'builder', reason: 'the second reason' })
  screen.type('builder\n')
  assert.equal(await screen.exit, 5, screen.screen())
  assert.match(screen.screen(), /another stop came meanwhile[^]*the second reason/)
  await refused(me.open({ argv: ['/bin/true'], agent: 'builder' }), 'STOPPED')

  const second = terminal(t, argv, at)
  await second.shows(/the second reason[^]*Type builder to confirm/)
  second.type('builder\n')
  assert.equal(await second.exit, 0, second.screen())
  const entry = await me.entry({ action: 'agent:resume', target: 'builder', result: 'success' })
  const [asked] = (await me.ledger({ action: 'agent:resume' })).filter(
    ({ decision, permit_id }) => decision === 'allow' && permit_id === entry['permit_id'],
  )
  const details = asked?.['details'] as Record<string, unknown>
  assert.equal(details['asked_because'], 'looked at it (confirmed at a terminal)')
})

test('what is not typed at a terminal must be named in the command, and an end of input is no answer', async () => {
  await me.call('stop', { agent: 'other', reason: 'a test' })
  for (const input of ['other\n', '']) {
    const piped = await home.warder(['resume', 'other', '--reason', 'r'], { input })
    assert.equal(piped.code, 2, piped.stdout)
  }
  await refused(me.open({ argv: ['/bin/true'], agent: 'other' }), 'STOPPED')
  await refused(
    me.call('resume', { agent: 'other', reason: 'r', since: '2026-01-01T00:00:00.000Z' }),
    'STOP_CHANGED',
  )
  assert.equal((await home.warder(['resume', 'other', '--reason', 'r', '--confirm', 'other'])).code, 0)
})
