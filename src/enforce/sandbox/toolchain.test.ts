import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeLookup } from './fake-lookup.test-kit.ts'
import { isWithin } from './paths.ts'
import { findToolchain } from './toolchain.ts'

const HOME = '/home/u'
const CWD = '/home/u/code/project'
const NODE = '/home/u/.nvm/versions/node/v24/bin/node'
const MACHINE: Readonly<Record<string, string>> = {
  '/usr/bin/ls*': '\x7fELF',
  '/usr/bin/env*': '\x7fELF',
  '/usr/bin/python3*': '\x7fELF',
  '/usr/bin/ask*': '#!/usr/bin/env -S LANG=C node --flag\n',
  '/bin@': 'usr/bin',
  [`${NODE}*`]: '\x7fELF',
  '/home/u/.nvm/versions/node/v24/lib/': '',
  '/home/u/.nvm/versions/node/v24/bin/npm@': '../lib/node_modules/npm/bin/npm-cli.js',
  '/home/u/.nvm/versions/node/v24/lib/node_modules/npm/package.json': '{}',
  '/home/u/.nvm/versions/node/v24/lib/node_modules/npm/bin/npm-cli.js*': '#!/usr/bin/env node\n',
  '/home/u/bin/': '',
  '/home/u/bin/tool*': '\x7fELF',
  '/home/u/lib/': '',
  '/home/u/package.json': '{}',
  '/home/u/secrets/key.pem': '',
  '/home/u/code/project/run.sh*': '#!/bin/sh\n',
  '/home/u/code/project/notes.txt': '',
  '/opt/bin/loose*': '\x7fELF',
  '/opt/lib/': '',
  '/opt/suite/bin/suite*': '\x7fELF',
  '/opt/suite/share/': '',
  '/usr/bin/sh*': '\x7fELF',
}

const BIN = '/home/u/.nvm/versions/node/v24/bin'
const here = (more: Readonly<Record<string, string>> = {}, searchPath = `/home/u/bin:${BIN}:/usr/bin`) => ({
  lookup: fakeLookup({ ...MACHINE, ...more }),
  searchPath,
  cwd: CWD,
  home: HOME,
  isVisible: (at: string) => ['/usr', '/bin', CWD].some((top) => isWithin(at, top)),
})

test('a program under /usr needs nothing more', () => {
  assert.deepEqual(findToolchain('ls', here()), { program: '/usr/bin/ls', needs: [] })
  assert.deepEqual(findToolchain('/bin/ls', here()), { program: '/bin/ls', needs: [] })
})

test('a runtime below the home directory brings its own prefix and nothing else of the home', () => {
  const { program, needs } = findToolchain('node', here())
  assert.equal(program, NODE)
  assert.deepEqual(needs, ['/home/u/.nvm/versions/node/v24'])
})

test('a program whose prefix is the home directory, or /opt, comes alone', () => {
  assert.deepEqual(findToolchain('tool', here()).needs, ['/home/u/bin/tool'])
  assert.deepEqual(findToolchain('/opt/bin/loose', here()).needs, ['/opt/bin/loose'])
  assert.deepEqual(findToolchain('/opt/suite/bin/suite', here()).needs, ['/opt/suite'])
})

test('a program in a directory of the home that others use too, or in one with nothing else, comes alone', () => {
  const shared = here({ '/home/u/.local/bin/tool*': '\x7fELF', '/home/u/.local/share/keyrings/': '' })
  assert.deepEqual(findToolchain('/home/u/.local/bin/tool', shared).needs, ['/home/u/.local/bin/tool'])
  const plain = here({ '/opt/plain/bin/tool*': '\x7fELF', '/opt/plain/private/': '' })
  assert.deepEqual(findToolchain('/opt/plain/bin/tool', plain).needs, ['/opt/plain/bin/tool'])
})

test('a script brings its interpreter, also by env with options and assignments', () => {
  assert.deepEqual(findToolchain('ask', here()).needs, ['/home/u/.nvm/versions/node/v24'])
  assert.deepEqual(findToolchain('./run.sh', here()), { program: `${CWD}/run.sh`, needs: [] })
})

test('a script whose interpreter is a script brings that one too', () => {
  const { needs } = findToolchain(
    'outer',
    here({
      '/home/u/bin/outer*': '#!/home/u/bin/inner -x\n',
      '/home/u/bin/inner*': '#!/opt/suite/bin/suite\n',
    }),
  )
  assert.deepEqual(needs, ['/home/u/bin/outer', '/home/u/bin/inner', '/opt/suite'])
})

test('scripts that name each other come to an end', () => {
  const { needs } = findToolchain(
    'a',
    here({ '/home/u/bin/a*': '#!/home/u/bin/b\n', '/home/u/bin/b*': '#!/home/u/bin/a\n' }),
  )
  assert.deepEqual([...needs].sort(), ['/home/u/bin/a', '/home/u/bin/b'])
})

test('a package inside node_modules brings its neighbours, and is called by the name it was called by', () => {
  const { program, needs } = findToolchain('npm', here())
  assert.deepEqual(needs, [
    '/home/u/.nvm/versions/node/v24/lib/node_modules',
    '/home/u/.nvm/versions/node/v24',
  ])
  assert.equal(program, `${BIN}/npm`)
})

test('a link out of what is shown is followed, and the program is run where it really is', () => {
  const { program, needs } = findToolchain('linked', here({ '/home/u/bin/linked@': '/opt/suite/bin/suite' }))
  assert.deepEqual({ program, needs }, { program: '/opt/suite/bin/suite', needs: ['/opt/suite'] })
})

test('a Python environment comes as a whole, with the Python it leads to', () => {
  const python = {
    '/home/u/venv/pyvenv.cfg': '',
    '/home/u/venv/bin/python@': '/opt/suite/bin/suite',
    '/home/u/venv/bin/tool*': '#!/home/u/venv/bin/python\n',
  }
  const { program, needs } = findToolchain('/home/u/venv/bin/tool', here(python))
  assert.equal(program, '/home/u/venv/bin/tool')
  assert.deepEqual(needs, ['/home/u/venv', '/opt/suite'])
})

test('a Python environment made of the home directory itself does not bring the home directory', () => {
  assert.deepEqual(findToolchain('tool', here({ '/home/u/pyvenv.cfg': '' })).needs, ['/home/u/bin/tool'])
  assert.deepEqual(findToolchain('/opt/bin/loose', here({ '/opt/pyvenv.cfg': '' })).needs, ['/opt/bin/loose'])
})

test('the home directory, what holds it and its secrets are never needed, whatever marks stand around', () => {
  const directories = [
    '/home',
    '/home/u',
    '/home/u/bin',
    '/home/u/.local',
    '/home/u/.local/bin',
    '/opt',
    '/opt/x/bin',
  ]
  const marks = directories.flatMap((at) =>
    ['package.json', 'pyvenv.cfg', 'lib/', 'share/', 'node_modules/'].map((mark) => `${at}/${mark}`),
  )
  let wide = 0
  fc.assert(
    fc.property(fc.constantFrom(...directories), fc.subarray(marks), (at, chosen) => {
      const program = `${at}/program`
      const machine = Object.fromEntries([...chosen.map((mark) => [mark, '']), [`${program}*`, '\x7fELF']])
      const { needs } = findToolchain(program, here(machine))
      if (!needs.includes(program)) wide += 1
      assert.ok(needs.some((path) => isWithin(program, path)))
      for (const path of needs) {
        assert.ok(!isWithin(HOME, path), `${path} holds the home directory`)
        assert.ok(!isWithin('/home/u/secrets', path))
        assert.notEqual(path, '/opt')
      }
    }),
  )
  assert.ok(wide > 0, 'no mark was ever heeded')
})

test('a command that is nowhere is missing, and the message says where it was looked for', () => {
  const missing = (command: string, says: RegExp) =>
    assert.throws(() => findToolchain(command, here()), { code: 'SANDBOX_COMMAND_MISSING', message: says })
  missing('nothing', /PATH/)
  missing('/usr/bin/nothing', /^"\/usr\/bin\/nothing" is not an executable file$/)
  missing('./notes.txt', /not an executable/)
  missing('secrets', /PATH/)
})

test('a script whose interpreter is nowhere is missing it', () => {
  const lost = here({ '/home/u/bin/lost*': '#!/nowhere/perl\n' })
  assert.throws(() => findToolchain('lost', lost), { code: 'SANDBOX_COMMAND_MISSING', message: /nowhere/ })
})

test('a relative directory in PATH is not looked into, because the agent could fill it', () => {
  const machine = here(
    { [`${CWD}/planted*`]: '\x7fELF', '/planted*': '\x7fELF', '/code/planted*': '\x7fELF' },
    '.::code:/usr/bin',
  )
  assert.throws(() => findToolchain('planted', machine), { code: 'SANDBOX_COMMAND_MISSING' })
  assert.equal(findToolchain('./planted', machine).program, `${CWD}/planted`)
})

test('the first directory of PATH that has the command wins', () => {
  const machine = here({ '/home/u/bin/ls*': '\x7fELF' })
  assert.equal(findToolchain('ls', machine).program, '/home/u/bin/ls')
})

test('an empty command and one with a NUL byte are refused', () => {
  for (const command of ['', 'ls\0', '/usr/bin/ls\0x']) {
    assert.throws(() => findToolchain(command, here()), { code: 'SANDBOX_COMMAND_INVALID' })
  }
})
