import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultPaths, type PathsInput } from './paths.ts'
import { checkSocketPath, maxSocketPathBytes } from './unix-socket.ts'

const LINUX: PathsInput = {
  platform: 'linux',
  home: '/home/ada',
  env: {},
  system: false,
  isPrivate: () => true,
}

test('without XDG variables everything lies where the specification says', () => {
  assert.deepEqual(defaultPaths(LINUX), {
    config: '/home/ada/.config/warder',
    state: '/home/ada/.local/state/warder',
    keys: '/home/ada/.local/share/warder/keys',
    runtime: '/home/ada/.local/state/warder/run',
    cache: '/home/ada/.cache/warder',
    socket: '/home/ada/.local/state/warder/run/warder.sock',
  })
})

test('XDG variables move each directory', () => {
  const env = {
    XDG_CONFIG_HOME: '/c',
    XDG_STATE_HOME: '/s',
    XDG_DATA_HOME: '/d',
    XDG_RUNTIME_DIR: '/r',
    XDG_CACHE_HOME: '/k',
  }
  const { config, state, keys, runtime, cache, socket } = defaultPaths({ ...LINUX, env })
  assert.deepEqual(
    [config, state, keys, runtime, cache, socket],
    ['/c/warder', '/s/warder', '/d/warder/keys', '/r/warder', '/k/warder', '/r/warder/warder.sock'],
  )
})

test('an XDG path that is not absolute is ignored', () => {
  for (const value of ['', 'relative', './x', '../x']) {
    const env = { XDG_CONFIG_HOME: value, XDG_RUNTIME_DIR: value }
    assert.deepEqual(defaultPaths({ ...LINUX, env }), defaultPaths(LINUX))
  }
})

test('a runtime directory that is not ours alone is not used', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const { isPrivate: _asked, ...real } = LINUX
  const runtimeWith = (path: string): string =>
    defaultPaths({ ...real, env: { XDG_RUNTIME_DIR: path } }).runtime
  assert.equal(runtimeWith(directory), join(directory, 'warder'))
  chmodSync(directory, 0o755)
  assert.equal(runtimeWith(directory), '/home/ada/.local/state/warder/run')
  assert.equal(runtimeWith('/nonexistent'), '/home/ada/.local/state/warder/run')
})

test('on macOS everything lies under Application Support', () => {
  const paths = defaultPaths({ ...LINUX, platform: 'darwin', home: '/Users/ada' })
  assert.equal(paths.config, '/Users/ada/Library/Application Support/warder')
  assert.equal(paths.cache, '/Users/ada/Library/Caches/warder')
  checkSocketPath(paths.socket, 'darwin')
})

test('the machine’s directories do not depend on the user', () => {
  const paths = defaultPaths({ ...LINUX, system: true, env: { XDG_CONFIG_HOME: '/c' } })
  assert.deepEqual(
    [paths.config, paths.state, paths.keys, paths.socket],
    ['/etc/warder', '/var/lib/warder/state', '/var/lib/warder/keys', '/run/warder/warder.sock'],
  )
})

test('the longest path the kernel takes passes, and one byte more does not', () => {
  for (const platform of ['linux', 'darwin'] as const) {
    const longest = `/${'x'.repeat(maxSocketPathBytes(platform) - 1)}`
    checkSocketPath(longest, platform)
    assert.throws(() => checkSocketPath(`${longest}x`, platform), { code: 'SOCKET_PATH_TOO_LONG' })
    // bytes count, not letters
    assert.throws(() => checkSocketPath(`${longest.slice(0, -1)}ü`, platform), {
      code: 'SOCKET_PATH_TOO_LONG',
    })
  }
  assert.throws(() => checkSocketPath('/a\0b'), { code: 'SOCKET_PATH_TOO_LONG' })
})
