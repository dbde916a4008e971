import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../platform/clock.ts'
import { loadConfig } from '../platform/config.ts'
import { socketSecretPath } from '../platform/socket-secret.ts'
import { callInProcess } from './in-process.ts'
import { lockDaemon } from './lock.ts'

test('a Warder in process that cannot be opened whole leaves nothing open: not its house, not its lock', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'wi-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const flags = Object.fromEntries(
    ['config', 'state', 'keys', 'runtime', 'cache'].map((name) => [`paths.${name}`, join(home, name)]),
  )
  const config = await loadConfig({ env: {}, flags, cwd: home, home })
  const world = { config, clock: systemClock, home, environment: {} }
  const { values } = config
  mkdirSync(values['paths.keys'], { mode: 0o700 })
  const secret = socketSecretPath(values['paths.keys'])
  // read only once everything else stands
  writeFileSync(secret, '', { mode: 0o644 })
  chmodSync(secret, 0o644)
  for (let tries = 0; tries < 2; tries += 1)
    await assert.rejects(callInProcess(world), { code: 'FILE_UNSAFE' })
  lockDaemon(values['paths.runtime']).close()
  rmSync(secret)
  const warder = await callInProcess(world)
  assert.throws(() => lockDaemon(values['paths.runtime']), { code: 'DAEMON_RUNNING' })
  // the two that could not be opened began, and closed their ledger behind them
  const { entries } = await warder.call('auditList', {})
  assert.equal(entries.filter(({ action }) => action === 'daemon:start').length, 3)
  await warder.close()
  lockDaemon(values['paths.runtime']).close()
})
