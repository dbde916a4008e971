import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadConfig, type Config } from '../platform/config.ts'
import { readOwnUnit, servicePlace, unitFor, writeUnit } from './service.ts'
import { serviceUnit, UNIT_MARK, unitWord } from './service-unit.ts'

function temporary(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

function config(home: string, flags: Record<string, string> = {}, env = {}): Promise<Config> {
  return loadConfig({ env, flags, cwd: home, home, systemFile: join(home, 'none') })
}

test('the unit runs this Node, hardened, with the settings that were given', async (t) => {
  const home = temporary(t)
  const unit = unitFor(await config(home, { 'log.level': 'debug', 'daemon.drain_timeout': '20s' }), 'user')
  const [start = ''] = unit.match(/^ExecStart=.*$/m) ?? []
  assert.ok(
    start.startsWith(
      `ExecStart=${process.execPath} --disable-proto=throw --disallow-code-generation-from-strings --disable-sigusr1 --min-semi-space-size=16 /`,
    ),
  )
  assert.match(start, /--set=daemon\.drain_timeout=20s --set=log\.level=debug$/)
  assert.match(unit, /^TimeoutStopSec=25$/m)
})

test('nothing in the unit takes away what a sandbox is built with', () => {
  for (const scope of ['user', 'system'] as const) {
    const unit = serviceUnit({ scope, command: ['/x'], drainTimeoutMs: 0 })
    assert.match(unit, /^NoNewPrivileges=yes$/m)
    assert.match(unit, /^Delegate=cpu memory pids$/m)
    const forbidden =
      /^(RestrictNamespaces|ProtectKernelTunables|ProtectProc|ProcSubset|ProtectControlGroups|ProtectHome|MemoryDenyWriteExecute|ProtectHostname|PrivateUsers)=/m
    assert.doesNotMatch(unit, forbidden)
    assert.doesNotMatch(unit, /@mount|@sandbox|CAP_SYS_ADMIN/)
  }
})

test('a word of ExecStart stays one word, whatever is in it', () => {
  assert.equal(unitWord('/usr/bin/node'), '/usr/bin/node')
  assert.equal(unitWord('/my dir/x'), '"/my dir/x"')
  assert.equal(unitWord('100%'), '100%%')
  assert.equal(unitWord('$HOME'), '$$HOME')
  assert.equal(unitWord('a"b\\c'), '"a\\"b\\\\c"')
  assert.equal(unitWord(';'), '";"')
  assert.equal(unitWord(''), '""')
  assert.throws(() => unitWord('a\nExecStartPre=/bin/evil'))
})

test('the unit stands where systemd looks for it', async (t) => {
  const home = temporary(t)
  assert.equal(servicePlace(await config(home), home).path, join(home, '.config/systemd/user/warder.service'))
  const moved = await config(home, {}, { XDG_CONFIG_HOME: '/c' })
  assert.equal(servicePlace(moved, home).path, '/c/systemd/user/warder.service')
  const system = await config(home, { system: 'true' })
  assert.equal(servicePlace(system, home).path, '/etc/systemd/system/warder.service')
})

test('a unit of somebody else’s is never taken for ours', (t) => {
  const home = temporary(t)
  const path = join(home, 'units', 'warder.service')
  assert.equal(readOwnUnit(path), undefined)
  writeUnit(path, `${UNIT_MARK}\n`)
  assert.equal(readOwnUnit(path), `${UNIT_MARK}\n`)
  mkdirSync(join(home, 'other'))
  writeFileSync(join(home, 'other', 'warder.service'), '[Unit]\n')
  assert.throws(() => readOwnUnit(join(home, 'other', 'warder.service')), { code: 'SERVICE_FOREIGN' })
})
