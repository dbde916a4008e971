import assert from 'node:assert/strict'
import { closeSync, openSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fillUp, onSmallDisk } from '../kit/full-disk.ts'
import { house } from '../kit/house.ts'
import { owner } from '../kit/owner.ts'
import { killDaemon } from '../kit/restart.ts'

// Ends that are told but not on record: whoever acts on a run's result must be able to prove how it ended.

const ROUNDS = 5

test('a daemon killed the moment a run’s end is heard has that end on its disk', async (t) => {
  const home = house(t)
  for (let round = 0; round < ROUNDS; round += 1) {
    const me = await owner(t, home)
    const { permit } = await me.open({ argv: ['/bin/sh', '-c', `exit ${round}`] })
    const { exit } = await me.attach(permit)
    await killDaemon(home)
    assert.equal(exit.code, round)
    me.client.close()
  }
  const me = await owner(t, home)
  const codes = (await me.ledger())
    .filter(({ action }) => action === 'agent:start')
    .map(({ details }) => (details as Record<string, unknown>)['exit_code'])
    .filter((code) => code !== undefined)
  assert.deepEqual(
    codes,
    Array.from({ length: ROUNDS }, (_, round) => round),
  )
})

test('a run that ends while nothing can be written is told all the same, and that it is not on record', async (t) => {
  const home = house(t)
  const directory = join(home.state, 'audit')
  await onSmallDisk(t, directory, async () => {
    const me = await owner(t, home)
    const { permit } = await me.open({ argv: ['/bin/sh', '-c', 'while [ ! -e go ]; do sleep 0.05; done'] })
    const attached = me.attach(permit)
    const ballast = join(directory, 'ballast')
    fillUp(ballast)
    for (let tries = 0; ; tries += 1) {
      if ((await me.call('decide', { capability: 'fs:list:/srv' })).entry === undefined) break
      assert.ok(tries < 600, 'the disk is full')
    }
    closeSync(openSync(join(home.workspace, 'go'), 'w'))
    const { exit } = await attached
    assert.equal(exit.code, 0)
    assert.match(exit.note ?? '', /not on record yet/)
    unlinkSync(ballast)
    await me.entry({ action: 'agent:start', target: 'agent-a', result: 'success' })
  })
})
