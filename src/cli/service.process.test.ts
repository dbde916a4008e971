import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { serviceUnit } from './service-unit.ts'

/** The exposure systemd may give at most; 10 is a unit without any sandboxing. */
const MOST: Readonly<Record<'user' | 'system', number>> = { user: 7.6, system: 6 }

for (const scope of ['user', 'system'] as const) {
  test(`systemd finds no fault with the ${scope} unit, and calls it no more exposed than it was`, (t) => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0)
      return t.skip('systemd-analyze is not installed here')
    const directory = mkdtempSync(join(tmpdir(), 'warder-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const path = join(directory, 'warder-check.service')
    writeFileSync(
      path,
      serviceUnit({ scope, command: [process.execPath, '/x y.js'], drainTimeoutMs: 10_000 }),
    )
    const verify = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' })
    assert.doesNotMatch(verify.stderr, /warder-check/, verify.stderr)
    const { stdout, stderr } = spawnSync('systemd-analyze', ['security', '--offline=true', path], {
      encoding: 'utf8',
    })
    const [, level] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? []
    assert.ok(level !== undefined, stderr)
    t.diagnostic(`exposure of the ${scope} unit: ${level}`)
    assert.ok(Number(level) <= MOST[scope], `${level} is more than ${MOST[scope]}`)
  })
}
