import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { test } from 'node:test'
import { calls } from '../../src/client/calls.ts'
import { connect } from '../../src/client/connect.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { house, isAlive, until, type House } from '../kit/house.ts'
import { keysOf, owner, socketOf } from '../kit/owner.ts'
import { killDaemon } from '../kit/restart.ts'
import { startDaemon } from '../kit/daemon.ts'

// The daemon killed without warning, again and again, while it is asked as fast as it can answer.

const KILLS = 50
const LOAD = 8

/** Asks without end until the connection breaks; keeps the number of every entry it was told of. */
async function askUntilCut(home: House, acknowledged: Map<number, string>): Promise<void> {
  const client = connect({
    socketPath: socketOf(home),
    secret: () => readSocketSecret(keysOf(home)),
    retryBusyMs: 0,
  })
  const { call } = calls(client)
  const asker = async (): Promise<void> => {
    for (;;) {
      const { entry, id } = await call('decide', { as: 'reader', capability: 'fs:read:/srv/data/x' })
      if (entry !== undefined) acknowledged.set(entry, id)
    }
  }
  await Promise.allSettled(Array.from({ length: LOAD }, asker))
  client.close()
}

/** Decision ids by number, as they stand on the disk. */
function onDisk(home: House): Map<number, string> {
  const directory = join(home.state, 'audit')
  const found = new Map<number, string>()
  for (const name of readdirSync(directory).filter((each) => /^segment-\d+\.db$/.test(each))) {
    const db = new DatabaseSync(join(directory, name), { readOnly: true })
    for (const { seq, body } of db.prepare('SELECT seq, body FROM log').all())
      found.set(Number(seq), String((JSON.parse(String(body)) as Record<string, unknown>)['decision_id']))
    db.close()
  }
  return found
}

// fifty starts take their time on a machine that has much else to do
const PATIENCE = { timeout: 300_000 }

test(
  'killed at fifty random moments under load, nothing that was acknowledged is lost, and all verifies',
  PATIENCE,
  async (t) => {
    const home = house(t)
    const acknowledged = new Map<number, string>()
    for (let kill = 0; kill < KILLS; kill += 1) {
      const daemon = await startDaemon(t, home)
      const asking = askUntilCut(home, acknowledged)
      await new Promise((done) => setTimeout(done, Math.random() * 300))
      daemon.kill('SIGKILL')
      await Promise.all([daemon.ended, asking])
      if (kill % 10 !== 9) continue
      const verified = await home.command(['audit', 'verify'])
      assert.equal(verified.code, 0, verified.stdout)
    }
    assert.ok(acknowledged.size > KILLS, `there was load: ${acknowledged.size} answers`)
    const kept = onDisk(home)
    for (const [seq, id] of acknowledged) assert.equal(kept.get(seq), id, `entry ${seq}`)
    await (await startDaemon(t, home)).end()
    const verified = await home.command(['audit', 'verify'])
    assert.equal(verified.code, 0, verified.stdout)
  },
)

test('runs die with the daemon, and what was never settled is told', async (t) => {
  const home = house(t)
  const me = await owner(t, home)
  const sleep = `${80_000 + process.pid}.1`
  const script = `trap '' TERM HUP; setsid sleep ${sleep} & sleep ${sleep}`
  const run = home.start(['run', '--agent', 'cut-off', '--', '/bin/sh', '-c', script])
  const sleepers = (): string[] =>
    readdirSync('/proc').filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(`sleep\0${sleep}`)
      } catch {
        return false
      }
    })
  await until(() => sleepers().length === 2, 'it runs', 60_000)
  const settled = await me.open({ argv: ['/bin/true'], agent: 'honest' })
  await me.attach(settled.permit)
  await me.entry({ action: 'agent:start', target: 'honest', result: 'success' }) // its outcome is written
  me.client.close()
  await killDaemon(home)
  await until(() => sleepers().length === 0, 'nothing of the run is left', 30_000)
  await until(() => run.exitCode !== null || !isAlive(run.pid ?? 0), 'the command has noticed', 30_000)
  assert.notEqual(run.exitCode, 0)
  const listed = await home.warder(['audit', 'list', '--unsettled', '--json'])
  assert.equal(listed.code, 0, listed.stderr)
  const { entries } = listed.json<{ entries: { action: string; target: string }[] }>()
  assert.deepEqual(
    entries.filter(({ action }) => action === 'agent:start').map(({ target }) => target),
    ['cut-off'],
  )
})
