import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const DAEMON = '/usr/bin/gnome-keyring-daemon'
const SESSION = '/usr/bin/dbus-run-session'

/** Unlocked with a passphrase on standard input, then the tests in the same session; everything ends with it. */
const SCRIPT = `set -e
eval "$(printf 'a passphrase of the test' | "$1" --unlock --components=secrets 2>/dev/null)"
exec "$2" --test "$3"`

test('the contract holds in a real keychain, in a session and home of its own', (t) => {
  const missing = [DAEMON, SESSION].find((path) => !existsSync(path))
  if (missing !== undefined) return t.skip(`${missing} is not on this machine: the keychain was NOT tried`)
  const home = mkdtempSync(join(tmpdir(), 'wkc-'))
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
  mkdirSync(join(home, 'run'), { mode: 0o700 })
  const file = new URL('keychain.example.ts', import.meta.url).pathname
  const { status, stdout, stderr } = spawnSync(
    SESSION,
    ['--', '/bin/sh', '-c', SCRIPT, 'sh', DAEMON, process.execPath, file],
    {
      encoding: 'utf8',
      timeout: 90_000,
      env: { HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
    },
  )
  assert.equal(status, 0, `${stdout}\n${stderr}`)
  assert.match(stdout, /(?:#|ℹ) pass 4\b/)
  assert.match(stdout, /(?:#|ℹ) skipped 0\b/)
})
