import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openNative } from '../../platform/native.ts'
import { createBubblewrapDriver } from './index.ts'

const INSTALLED = '/usr/bin/bwrap'

test('a probe tells what is so now: bubblewrap that went away is no longer in force, and is again when it is back', async (t) => {
  if (!existsSync(INSTALLED)) return t.skip('bubblewrap is not installed: this was NOT tried')
  const directory = mkdtempSync(join(tmpdir(), 'warder-probe-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755) // root's probe runs as somebody else
  const bwrap = join(directory, 'bwrap')
  const install = () => {
    copyFileSync(INSTALLED, bwrap)
    chmodSync(bwrap, 0o755)
  }
  install()
  const driver = createBubblewrapDriver({ native: openNative(), bwrap })
  if (!(await driver.probe()).available) return t.skip('no sandbox can be built here: this was NOT tried')
  rmSync(bwrap)
  assert.equal((await driver.lastProbe()).available, true) // what a start goes by, until somebody looks again
  assert.equal((await driver.probe()).available, false)
  assert.equal((await driver.lastProbe()).available, false)
  install()
  assert.equal((await driver.probe()).available, true)
})
