import assert from 'node:assert/strict'
import { statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fillUp, onSmallDisk } from '../kit/full-disk.ts'
import { house, type House } from '../kit/house.ts'
import { owner, refused } from '../kit/owner.ts'

// Acting while nothing can be written down: on a disk that somebody filled.

test('with the ledger’s disk full nothing starts, low risk is answered, and freed it all goes on', (t) =>
  onDiskOf(t, 'audit', (home, directory) => withFullDisk(t, home, directory)))

test('a run that ends while the disk is full takes no daemon along, and how it ended is written later', (t) =>
  onDiskOf(t, 'audit', async (home, directory) => {
    const me = await owner(t, home)
    const pid = home.daemonPid()
    const { run, permit } = await me.open({ argv: ['/bin/sleep', '60'] })
    const attached = me.attach(permit)
    await eventually(async () => (await me.call('runs', {})).runs.length > 0)
    const ballast = join(directory, 'ballast')
    fillUp(ballast)
    await eventually(
      async () => (await me.call('decide', { capability: 'fs:list:/srv' })).entry === undefined,
    )
    await me.call('stop', { reason: 'while nothing can be written' })
    assert.equal((await attached).exit.reason, 'killed')
    await new Promise((done) => setTimeout(done, 200))
    process.kill(pid!, 0) // the same daemon still runs, and answers
    assert.equal((await me.call('daemon', {})).mode, 'manual')
    unlinkSync(ballast)
    await me.entry({ action: 'agent:start', target: 'agent-a', result: 'cancelled' })
    await me.entry({ action: 'agent:stop', target: run, result: 'success' })
  }))

test('a disk that an agent filled does not save it from a stop', (t) =>
  onDiskOf(t, '.', async (home, directory) => {
    const me = await owner(t, home)
    const { permit } = await me.open({ argv: ['/bin/sleep', '60'] })
    const attached = me.attach(permit)
    await eventually(async () => (await me.call('runs', {})).runs.length > 0)
    fillUp(join(directory, 'ballast'))
    const stopped = await home.warder(['stop', 'agent-a', '--reason', 'fills the disk'])
    assert.equal(stopped.code, 7, stopped.stdout + stopped.stderr)
    assert.match(stopped.stderr, /killed, but the stop was not written/)
    assert.equal((await attached).exit.code ?? 137, 137)
    // and the daemon that was told keeps it in force
    const { stops } = await me.call('daemon', {})
    assert.deepEqual(
      stops.map(({ agent }) => agent),
      ['agent-a'],
    )
  }))

async function onDiskOf(
  t: TestContext,
  where: string,
  attack: (home: House, directory: string) => Promise<void>,
): Promise<void> {
  const home = house(t)
  // so small a disk would not do for any run; what happens when it is full all the same is looked at here
  Object.assign(home.environment, { WARDER_WORKSPACE_MIN_FREE: '1KiB' })
  const directory = join(home.state, where)
  await onSmallDisk(t, directory, () => attack(home, directory))
}

async function withFullDisk(t: TestContext, home: House, directory: string): Promise<void> {
  const me = await owner(t, home)
  const run = () => me.open({ argv: ['/bin/echo', 'it ran'] })
  assert.equal((await me.attach((await run()).permit)).stdout, 'it ran\n')
  await new Promise((done) => setTimeout(done, 500)) // as long as the ledger waits for a quiet moment, and more
  const { size } = statSync(join(directory, 'segment-00000001.db-wal'))
  assert.ok(size < 2 ** 20, `${size} bytes: the ledger itself must not fill so small a disk ahead of need`)
  const ballast = join(directory, 'ballast')
  fillUp(ballast)

  await eventually(async () => (await me.call('decide', { capability: 'fs:list:/srv' })).entry === undefined)
  const error = await refused(run(), 'UNRECORDED')
  assert.match(error.message, /refused by ledger, rule ledger\.unwritable/)
  const low = await me.call('decide', { capability: 'fs:list:/srv' })
  assert.deepEqual([low.decision.effect, low.entry], ['allow', undefined])
  const viaCommand = await home.warder(['run', '--agent', 'a', '--', '/bin/echo', 'it ran'])
  assert.deepEqual([viaCommand.code, viaCommand.stdout], [7, ''])
  assert.match(viaCommand.stderr, /refused by ledger/)
  const { ledger, degraded } = await me.call('status', {})
  assert.equal(ledger.ok, false)
  assert.match(degraded.join('\n'), /ledger: /)

  unlinkSync(ballast)
  await eventually(async () => (await me.call('decide', { capability: 'fs:list:/srv' })).entry !== undefined)
  assert.equal((await me.attach((await run()).permit)).stdout, 'it ran\n')
  const verified = await home.command(['audit', 'verify'])
  assert.equal(verified.code, 0, verified.stdout)
}

/** Asks again and again: the last free page of a write-ahead log may take one more entry. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return
    await new Promise((done) => setTimeout(done, 50))
  }
  assert.fail('it never came to that')
}
