import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readlinkSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { keysOf, owner, refused } from '../kit/owner.ts'
import { askAsAgent } from '../kit/agent.ts'

// Planted faults in a running house: found, told, and mended only as far as Warder's own things go.

const home = house({ after })
const work = join(home.home, 'project')
mkdirSync(work)
const me = await owner({ after }, home, [`posture.roots=${work}`, 'posture.interval=0s'])
const PYTHON = '/usr/bin/python3'
const scan = (areas: ('files' | 'keys' | 'programs')[], more: { fix?: boolean; dry_run?: boolean } = {}) =>
  me.call('postureScan', { areas, ...more })

test('what others may read or change is found, and mended only where it is Warder’s own', async () => {
  const open = join(work, 'token.key')
  writeFileSync(open, 'x')
  chmodSync(open, 0o644)
  chmodSync(home.state, 0o755)
  const leftover = join(home.state, 'half.json.new')
  writeFileSync(leftover, '{', { mode: 0o600 })
  utimesSync(leftover, 1, 1)
  const found = await scan(['files'])
  const of = (subject: string) => found.areas[0]?.weaknesses.find((each) => each.subject === subject)
  assert.equal(of(open)?.mendable, false)
  assert.equal(of(home.state)?.id, 'files.own-open')
  assert.equal(of(leftover)?.id, 'files.leftover')

  const dry = await scan(['files'], { fix: true, dry_run: true })
  assert.deepEqual(
    dry.mended.map(({ result }) => result),
    ['would', 'would'],
  )
  assert.equal(statSync(home.state).mode & 0o777, 0o755)
  assert.ok(existsSync(leftover))

  const fixed = await scan(['files'], { fix: true })
  assert.deepEqual(
    fixed.mended.map(({ result }) => result),
    ['done', 'done'],
  )
  assert.equal(statSync(home.state).mode & 0o777, 0o700)
  assert.ok(!existsSync(leftover))
  assert.equal(statSync(open).mode & 0o777, 0o644, 'what is the owner’s stays as it is')
  const entry = await me.entry({ action: 'config:write', target: 'posture/mode', decision: 'allow' })
  assert.equal(entry.agent, 'owner')
})

test('a key others can read is told as an alert, and has its points', async () => {
  const key = join(keysOf(home), 'planted')
  writeFileSync(key, 'x')
  chmodSync(key, 0o644)
  const { score, areas } = await scan(['keys'])
  assert.ok(score >= 7)
  assert.ok(areas[0]?.weaknesses.some(({ subject }) => subject === key))
  const { risk_level } = await me.entry({ action: 'alert:raise', rule: 'posture.key-open' })
  assert.equal(risk_level, 'high')
  const before = (await me.ledger({ action: 'alert:raise' })).length
  await scan(['keys'])
  assert.equal((await me.ledger({ action: 'alert:raise' })).length, before, 'once, as long as it is so')
})

test('a copy of an installed program in memory is explained, and whatever else runs from memory is not', async (t) => {
  if (!needs(t, PYTHON)) return
  const start = (name: string, more: string) => {
    const child = spawn(PYTHON, [
      '-c',
      `import os
fd = os.memfd_create("${name}")
os.write(fd, open("/usr/bin/sleep", "rb").read()${more})
os.execve(fd, ["sleep", "60"], {})`,
    ])
    t.after(() => child.kill('SIGKILL'))
    return child.pid ?? 0
  }
  // anybody can take the name of a starter of containers
  const pids = [start('copied', ''), start('runc_cloned:/proc/self/exe', ' + b"x"')]
  const isFromMemory = (pid: number) => readlinkSync(`/proc/${pid}/exe`).startsWith('/memfd:')
  await until(() => pids.every(isFromMemory), 'programs that run from memory')
  const { areas } = await scan(['programs'])
  const [report] = areas
  const of = (name: string) => report?.weaknesses.filter(({ subject }) => subject.includes(name))
  assert.deepEqual(of('copied'), [])
  assert.ok(
    report?.notes.includes('/memfd:copied (deleted) is /usr/bin/sleep, byte for byte, in memory'),
    JSON.stringify(report?.notes),
  )
  assert.deepEqual(
    of('runc_cloned')?.map(({ id, severity }) => [id, severity]),
    [['programs.program-in-memory', 'high']],
  )
})

test('an agent learns nothing of where the machine is weak', async () => {
  const [answer] = await askAsAgent(home, 'curious', [{ method: 'POST', path: '/v1/posture/scan', body: {} }])
  assert.ok(answer !== undefined && answer.status >= 400, JSON.stringify(answer))
  assert.equal(answer.body['areas'], undefined)
})

test('an area nobody knows is refused', async () => {
  await refused(me.call('postureScan', { areas: ['everything' as 'files'] }), 'INPUT_INVALID')
})
