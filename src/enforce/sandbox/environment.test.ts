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

const MODES = ['none', 'restricted', 'full'] as const

test('restricted is exactly these names, whatever the caller has', () => {
  const allowed = ['HOME', 'LANG', 'LOGNAME', 'PATH', 'TERM', 'TMPDIR', 'TZ', 'USER']
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/), fc.string()), (given) => {
      const made = sandboxEnvironment({ mode: 'restricted', pass: [] }, { ...given, LANG: 'C' }, MADE)
      assert.deepEqual(
        Object.keys(made).filter((name) => !allowed.includes(name)),
        [],
      )
      assert.equal(made['LANG'], 'C')
    }),
  )
})

test('a name that holds a word for a secret is dropped in every mode, wherever the word stands', () => {
  const secretWord = fc.constantFrom(
    'TOKEN',
    'SECRET',
    'PASSWORD',
    'API_KEY',
    'Credential',
    'private',
    'cookie',
  )
  const part = fc.stringMatching(/^[A-Z_]{0,6}$/)
  fc.assert(
    fc.property(fc.constantFrom(...MODES), part, secretWord, part, (mode, before, secret, after) => {
      const name = `${before}${secret}${after}`
      const made = sandboxEnvironment({ mode, pass: [name, '*'] }, { [name]: 'x', PLAIN: 'y' }, MADE)
      assert.ok(!(name in made), name)
      assert.equal(made['PLAIN'], 'y')
    }),
  )
})

test('an address with a password in it is dropped in every mode, whatever its name', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/)
  fc.assert(
    fc.property(fc.constantFrom(...MODES), word, word, word, (mode, scheme, user, password) => {
      const value = `see a${scheme}://${user}:${password}@host/path`
      const made = sandboxEnvironment(
        { mode, pass: ['PLAIN', 'SAFE'] },
        { PLAIN: value, SAFE: 'https://host/' },
        MADE,
      )
      assert.ok(!('PLAIN' in made), value)
      assert.equal(made['SAFE'], 'https://host/')
    }),
  )
})

test('what steers the loader, node or Warder is dropped in every mode, whatever follows the prefix', () => {
  const steering = fc.oneof(
    fc.stringMatching(/^(LD_|DYLD_|GIT_|WARDER_)[A-Z_]{1,10}$/),
    fc.constantFrom('NODE_OPTIONS', 'NODE_PATH', 'BASH_ENV', 'ENV', 'PYTHONPATH', 'WARDER'),
  )
  fc.assert(
    fc.property(fc.constantFrom(...MODES), steering, (mode, name) => {
      const made = sandboxEnvironment({ mode, pass: [name, '*'] }, { [name]: 'x', PLAIN: 'y' }, MADE)
      assert.deepEqual([name in made, made['PLAIN']], [false, 'y'])
    }),
  )
})

test('a star in pass stands for the end of a name and nothing else', () => {
  const given = { LC_ALL: 'C', LC_TIME: 'C', XLC_ALL: 'C', LCALL: 'C' }
  const made = sandboxEnvironment({ mode: 'none', pass: ['LC_*'] }, given, MADE)
  assert.deepEqual(Object.keys(made), ['HOME', 'LC_ALL', 'LC_TIME', 'PATH'])
  const whole = sandboxEnvironment({ mode: 'none', pass: ['EDITOR'] }, { EDITOS: 'x', EDITORS: 'x' }, MADE)
  assert.deepEqual(Object.keys(whole), ['HOME', 'PATH'])
})

test('a name or value that would break out of its place in the list is dropped', () => {
  const given = { 'A=B': 'x', 'A\0B': 'x', C: 'x\0LD_PRELOAD=/x.so', ['__proto__']: 'x', OK: 'x' }
  const made = sandboxEnvironment({ mode: 'full', pass: [] }, given, MADE)
  assert.deepEqual(Object.keys(made), ['HOME', 'LOGNAME', 'OK', 'PATH', 'TMPDIR', 'USER'])
})
