import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sandboxEnvironment } from './environment.ts'

const MADE = { path: '/usr/bin:/bin', home: '/home/u', user: 'agent' }
const SECRETS = {
  AWS_SECRET_ACCESS_KEY: 'x',
  GITHUB_TOKEN: 'x',
  ANTHROPIC_API_KEY: 'x',
  OPENAI_APIKEY: 'x',
  PGPASSWORD: 'x',
  DATABASE_URL: 'postgres://h/d',
  SSH_AUTH_SOCK: '/tmp/s',
  NPM_AUTH: 'x',
  SOME_KEY: 'x',
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/bus',
  KUBECONFIG: '/x',
  INNOCENT: 'https://user:hunter2@example.com/',
}
const STEERING = {
  LD_PRELOAD: '/x.so',
  NODE_OPTIONS: '--require x',
  BASH_ENV: '/x',
  PYTHONSTARTUP: '/x',
  GIT_SSH_COMMAND: 'x',
  PERL5OPT: '-Mx',
  WARDER_PROFILE: 'dev',
}

test('none gives a path and a home, and what the profile names', () => {
  const made = sandboxEnvironment({ mode: 'none', pass: ['LANG'] }, { LANG: 'C', TERM: 'x', FOO: 'y' }, MADE)
  assert.deepEqual(made, { HOME: '/home/u', LANG: 'C', PATH: '/usr/bin:/bin' })
})

test('restricted adds who and where it is, and nothing of the caller but language, terminal and time zone', () => {
  const made = sandboxEnvironment(
    { mode: 'restricted', pass: [] },
    { LANG: 'C', TERM: 'xterm', TZ: 'UTC', EDITOR: 'vi' },
    MADE,
  )
  assert.deepEqual(Object.keys(made), ['HOME', 'LANG', 'LOGNAME', 'PATH', 'TERM', 'TMPDIR', 'TZ', 'USER'])
})

test('full still drops what looks like a secret, and what steers programs', () => {
  const made = sandboxEnvironment({ mode: 'full', pass: [] }, { ...SECRETS, ...STEERING, EDITOR: 'vi' }, MADE)
  assert.deepEqual(Object.keys(made), ['EDITOR', 'HOME', 'LOGNAME', 'PATH', 'TMPDIR', 'USER'])
})

test('a profile cannot hand out a secret by naming it, nor by a pattern', () => {
  const pass = [...Object.keys(SECRETS), ...Object.keys(STEERING), 'A*', 'G*']
  const made = sandboxEnvironment({ mode: 'restricted', pass }, { ...SECRETS, ...STEERING, AGE: '1' }, MADE)
  assert.deepEqual(Object.keys(made), ['AGE', 'HOME', 'LOGNAME', 'PATH', 'TMPDIR', 'USER'])
})

test("the caller's path, home and temporary directory never go along", () => {
  fc.assert(
    fc.property(fc.constantFrom('none', 'restricted', 'full'), fc.string(), (mode, value) => {
      const given = { PATH: value, HOME: value, TMPDIR: value, USER: value, TMP: value, PWD: value }
      const made = sandboxEnvironment({ mode, pass: Object.keys(given) }, given, MADE)
      assert.equal(made['PATH'], MADE.path)
      assert.equal(made['HOME'], MADE.home)
      assert.ok(!('PWD' in made) && !('TMP' in made))
    }),
  )
})
