import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findLeaks, type Leak, type LeakPorts } from './leaks.ts'
import { checkPaths, fixPaths } from './permissions.ts'
import { directory } from './secrets.test-kit.ts'

const STORED = 'the-very-value-of-a-stored-secret'
const SHAPE = /tok_[a-z0-9]{16}/g
const PLANTED = 'tok_0123456789abcdef'

const ports: LeakPorts = {
  scan: (text) =>
    [...text.matchAll(SHAPE)].map(({ index, 0: found }) => ({
      rule: 'example-token',
      risk: 'high' as const,
      start: index,
      end: index + found.length,
      tag: 'abcd',
    })),
  known: (bytes) => (Buffer.from(bytes).includes(STORED) ? ['stored-one'] : []),
  tag: () => 'efgh',
  now: () => Date.parse('2030-05-05T12:00:00Z'),
}

async function look(home: string, project: string, proc: string): Promise<Leak[]> {
  const found: Leak[] = []
  for await (const leak of findLeaks({ home, project, procDirectory: proc }, ports)) found.push(leak)
  return found
}

function put(path: string, text: string): string {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  return path
}

test('secrets are found in environments, command lines, histories, configuration and projects, and shown masked', async () => {
  const root = directory()
  const [home, project, proc] = ['home', 'project', 'proc'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ]
  put(join(proc, '12/comm'), 'node\n')
  put(
    join(proc, '12/environ'),
    `PATH=/bin\0A=${PLANTED}\0APP_SECRET=plain-words-that-are-long-enough\0B=${STORED}\0`,
  )
  put(join(proc, '12/cmdline'), `curl\0-H\0Authorization: ${PLANTED}\0`)
  put(join(proc, 'self/environ'), `A=${PLANTED}\0`)
  put(join(home, '.bash_history'), `ls\nexport A=${PLANTED}\n`)
  put(join(home, '.config/app/settings.json'), `{"t": "${PLANTED}"}`)
  put(join(project, 'src/deep/file.ts'), `one\ntwo\nconst a = '${PLANTED}'\n`)
  put(join(project, 'known.ts'), `a = '${PLANTED}' // warder:allow-secret until=2030-12-31 of the tests\n`)
  put(join(project, 'expired.ts'), `a = '${PLANTED}' // warder:allow-secret until=2030-01-01 of the tests\n`)
  put(join(project, 'node_modules/x/index.js'), PLANTED)
  put(join(project, 'binary'), `\0\0${PLANTED}`)
  symlinkSync('/', join(project, 'link'))
  const found = await look(home, project, proc)
  assert.deepEqual(
    found.map(({ where, line, rule }) => `${where.replace(root, '')}|${line ?? 0}|${rule}`).toSorted(),
    [
      '/home/.bash_history|2|example-token',
      '/home/.config/app/settings.json|1|example-token',
      '/project/expired.ts|1|example-token',
      '/project/src/deep/file.ts|3|example-token',
      'command line of process 12 (node)|1|example-token',
      'environment of process 12 (node)|0|stored',
      'environment of process 12 (node)|0|variable APP_SECRET',
      'environment of process 12 (node)|1|example-token',
    ],
  )
  const said = JSON.stringify(found)
  assert.ok(!said.includes(PLANTED.slice(0, 8)) && !said.includes(STORED) && !said.includes('plain-words'))
  assert.ok(said.includes('tok_… abcd') && said.includes('"stored-one"') && said.includes('plai… efgh'))
})

test('modes, owners, links and what stands above are looked at; what can be mended takes rights away only', async () => {
  const root = directory()
  chmodSync(root, 0o755)
  const [keys, file] = [join(root, 'keys'), join(root, 'keys/secret')]
  mkdirSync(keys, { mode: 0o700 })
  writeFileSync(file, 'x', { mode: 0o600 })
  assert.deepEqual(await checkPaths([keys, file, join(root, 'absent')]), [])
  chmodSync(keys, 0o750)
  chmodSync(file, 0o644)
  chmodSync(root, 0o777)
  symlinkSync(file, join(root, 'link'))
  const found = await checkPaths([keys, file, join(root, 'link')])
  assert.deepEqual(
    found.map(({ path, mode }) => [path.replace(root, ''), mode?.toString(8)]),
    [
      ['', '755'],
      ['/keys', '700'],
      ['/keys/secret', '600'],
      ['/link', undefined],
    ],
  )
  assert.equal(fixPaths(found).length, 3)
  const modes = [root, keys, file].map((path) => (statSync(path).mode & 0o777).toString(8))
  assert.deepEqual(modes, ['755', '700', '600'])
  chmodSync(file, 0o400)
  assert.equal(fixPaths([{ path: file, why: '', mode: 0o600 }]).length, 1)
  assert.equal(statSync(file).mode & 0o777, 0o400, 'no right is given')
  assert.deepEqual(
    (await checkPaths([keys], 12_345)).map(({ path }) => path.replace(root, '')).includes('/keys'),
    true,
  )
})
