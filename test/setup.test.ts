/** How a fresh machine is made ready: the two shell scripts, with stand-ins for the programs they call. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

const NEEDED = ['sh', 'env', 'cat', 'dirname', 'uname', 'cmp', 'cp']

test('packages that are there are not spoken of', (t) => {
  const machine = place(t, { bwrap: '', prlimit: '' })
  assert.deepEqual(system(machine, 'bubblewrap', 'util-linux'), { status: 0, out: '', err: '' })
  assert.deepEqual(system(machine), { status: 0, out: '', err: '' })
})

test('without rights the exact command is printed, and nothing is installed', (t) => {
  const machine = place(t, { id: 'echo 1000', 'apt-get': 'touch "$0.ran"', age: '' })
  const { status, err } = system(machine, 'bubblewrap', 'age', 'perl-base')
  assert.equal(status, 7)
  assert.match(err, /^Run: sudo apt-get install --no-install-recommends bubblewrap perl-base$/m)
  assert.ok(!existsSync(join(machine, 'apt-get.ran')))
})

test('a sudo that asks for a password counts as no rights', (t) => {
  const machine = place(t, { id: 'echo 1000', 'apt-get': '', sudo: 'exit 1' })
  assert.equal(system(machine, 'age').status, 7)
})

test('as root what is missing is installed without a question', (t) => {
  const log = 'echo "$DEBIAN_FRONTEND $*" >> "$0.log"'
  const machine = place(t, { id: 'echo 0', 'apt-get': log, bwrap: '' })
  assert.equal(system(machine, 'bubblewrap', 'age').status, 0)
  const [update = '', install = ''] = readFileSync(join(machine, 'apt-get.log'), 'utf8').trim().split('\n')
  assert.match(update, /^noninteractive .* update$/)
  assert.match(install, /^noninteractive .* install -y --no-install-recommends age$/)
})

test('an installation that fails is a failure', (t) => {
  const machine = place(t, { id: 'echo 0', 'apt-get': 'exit 100' })
  assert.notEqual(system(machine, 'age').status, 0)
})

test('a system without apt is told what is missing', (t) => {
  const { status, err } = system(place(t, { id: 'echo 0' }), 'age')
  assert.equal(status, 7)
  assert.match(err, /missing, under their Debian names: age/)
})

test('a task that does not exist is a usage error, before anything is installed', (t) => {
  const machine = place(t, { npm: 'touch "$0.ran"' })
  const { status, err } = run(machine, ['scripts/setup.sh', 'deploy'])
  assert.equal(status, 2)
  assert.match(err, /^usage: /)
  assert.ok(!existsSync(join(machine, 'npm.ran')))
})

/** A directory to be the whole PATH: the few real programs the scripts need, and stand-ins. */
function place(t: TestContext, standIns: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'warder-setup-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const name of NEEDED) {
    const real = ['/bin', '/usr/bin'].map((place) => join(place, name)).find((path) => existsSync(path))
    assert.ok(real !== undefined, `${name} is missing`)
    symlinkSync(real, join(folder, name))
  }
  for (const [name, script] of Object.entries(standIns)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

function system(machine: string, ...packages: string[]) {
  return run(machine, ['scripts/system.sh', ...packages])
}

function run(machine: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('/bin/sh', args, {
    encoding: 'utf8',
    env: { PATH: machine },
    timeout: 20_000,
  })
  return { status, out: stdout, err: stderr }
}
