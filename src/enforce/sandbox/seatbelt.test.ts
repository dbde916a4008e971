import assert from 'node:assert/strict'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  macPath,
  nameInAnyCase,
  seatbeltArguments,
  seatbeltProfile,
  type SeatbeltProfile,
} from './seatbelt.ts'
import { specDigest, type Mount, type SandboxSpec } from './spec.ts'

const VECTORS = new URL('../../../test/vectors/seatbelt/', import.meta.url)
const OPTIONS = { temporary: '/var/folders/zz/run-1' }
const id = (kind: 'file' | 'directory' | 'socket') => ({ device: '1', inode: '2', kind }) as const

const bind = (
  path: string,
  access: 'read' | 'write',
  why = 'workspace',
  kind: 'file' | 'directory' | 'socket' = 'directory',
): Mount => ({
  type: 'bind',
  source: path,
  path,
  access,
  identity: id(kind),
  why,
})
const absent = (path: string, kind: 'file' | 'directory'): Mount => ({
  type: 'mask',
  path,
  kind,
  absent: true,
  why: 'protected name',
})

function specOf(mounts: readonly Mount[], more: Partial<SandboxSpec> = {}): SandboxSpec {
  const spec = {
    version: 1 as const,
    profile: 'agent',
    argv: ['/bin/sh', '-c', 'true'],
    cwd: '/Users/ada/project',
    env: {},
    host: { uid: 501, gid: 20 },
    inside: { uid: 501, gid: 20, user: 'ada', home: '/Users/ada' },
    mounts,
    limits: { memoryBytes: 1, processes: 1, openFiles: 1, fileBytes: 1, cpuPercent: 100 },
    noFork: false,
    seccompDigest: '',
    terminal: false,
    umask: 0o022,
    requires: [],
    notEnforced: [],
    notes: [],
    ...more,
  }
  return { ...spec, digest: specDigest(spec) }
}

const PROJECT = '/Users/ada/project'
const AGENT = specOf([
  bind(PROJECT, 'write'),
  bind(`${PROJECT}/.git`, 'read', 'protected name'),
  absent(`${PROJECT}/.mcp.json`, 'file'),
  absent(`${PROJECT}/.claude`, 'directory'),
  bind(`${PROJECT}/.github`, 'write', 'pinned: holds something protected'),
  bind(`${PROJECT}/.github/hooks`, 'read', 'protected name'),
  { type: 'mask', path: `${PROJECT}/private`, kind: 'directory', absent: false, why: 'rule-1' },
  bind('/opt/tools', 'read', 'profile'),
  { type: 'memory', path: '/tmp', sizeBytes: 1, mode: 0o1777, why: 'temporary' },
])

/** The vectors: by name, what is generated for them. */
const CASES: Readonly<Record<string, () => SeatbeltProfile>> = {
  agent: () => seatbeltProfile(AGENT, OPTIONS),
  'with-proxy-and-socket': () =>
    seatbeltProfile(
      specOf([
        bind('/tmp/work', 'write'),
        bind('/var/run/warder/agent.sock', 'write', 'the way to Warder', 'socket'),
      ]),
      { ...OPTIONS, proxyPort: 41_234 },
    ),
  'reader-without-processes': () =>
    seatbeltProfile(specOf([bind('/Users/ada/data', 'read')], { noFork: true }), OPTIONS),
}

test('profiles are those of the vectors, byte for byte', () => {
  const files = globSync('*.json', { cwd: VECTORS.pathname }).toSorted()
  if (process.env['WARDER_WRITE_VECTORS'] === 'seatbelt') {
    for (const [name, make] of Object.entries(CASES)) {
      const { text, ...rest } = make()
      writeFileSync(new URL(`${name}.sb`, VECTORS), text)
      writeFileSync(new URL(`${name}.json`, VECTORS), `${JSON.stringify(rest, undefined, 2)}\n`)
    }
  }
  assert.deepEqual(
    files,
    Object.keys(CASES)
      .map((name) => `${name}.json`)
      .toSorted(),
  )
  for (const [name, make] of Object.entries(CASES)) {
    const { text, ...rest } = make()
    assert.equal(text, readFileSync(new URL(`${name}.sb`, VECTORS), 'utf8'), name)
    assert.deepEqual(rest, JSON.parse(readFileSync(new URL(`${name}.json`, VECTORS), 'utf8')), name)
  }
})

// Reads the language as its rules are told: the last rule that fits decides.
type Expression = string | readonly Expression[]

function parse(text: string): readonly Expression[] {
  const tokens = text
    .split('\n')
    .map((line) => (line.startsWith(';') ? '' : line))
    .join('\n')
    .match(/#"[^"]*"|"[^"]*"|[()]|[^\s()]+/g)
  const queue = [...(tokens ?? [])]
  const list = (): Expression[] => {
    const items: Expression[] = []
    for (let token = queue.shift(); token !== undefined && token !== ')'; token = queue.shift())
      items.push(token === '(' ? list() : token)
    return items
  }
  return list()
}

function decide({ text, parameters }: SeatbeltProfile, operation: string, path: string): string {
  const value = (expression: Expression): string =>
    typeof expression === 'string'
      ? expression.replaceAll(/^#?"|"$/g, '')
      : (parameters[value(expression[1]!)] ?? assert.fail())
  const fits = (filter: Expression): boolean => {
    if (typeof filter === 'string') return false
    const [head, ...rest] = filter
    if (head === 'subpath') return path === value(rest[0]!) || path.startsWith(`${value(rest[0]!)}/`)
    if (head === 'literal') return path === value(rest[0]!)
    if (head === 'regex') return new RegExp(value(rest[0]!)).test(path)
    return head === 'require-all' && rest.every(fits)
  }
  return parse(text).reduce<string>((verdict, rule) => {
    const [effect = '', ...words] = rule as readonly string[]
    const operations = words.filter((word) => typeof word === 'string')
    const filters = words.filter((word) => typeof word !== 'string' && word[0] !== 'with')
    const isAbout = operations.some(
      (word) =>
        word === 'default' ||
        word === operation ||
        (word.endsWith('*') && operation.startsWith(word.slice(0, -1))),
    )
    return isAbout && (filters.length === 0 || filters.some(fits)) ? effect : verdict
  }, 'deny')
}

test('the last rule decides: protected names stay as they are, in every spelling, there or not', () => {
  const profile = CASES['agent']!()
  const write = (path: string) => decide(profile, 'file-write-data', `${PROJECT}/${path}`)
  for (const path of ['src/main.ts', 'gitignore', '.gitignore', '.github/workflows/x.yml', 'private2/x'])
    assert.equal(write(path), 'allow', path)
  for (const path of [
    '.git/config',
    '.git',
    '.GIT/hooks/x',
    '.Git',
    '.mcp.json',
    '.MCP.JSON',
    '.claude/x',
    '.CLAUDE',
    '.github/hooks/x',
    '.GITHUB/HOOKS/x',
    'private/x',
  ])
    assert.equal(write(path), 'deny', path)
  assert.equal(decide(profile, 'file-write-data', '/Users/ada/.zshrc'), 'deny')
  assert.equal(decide(profile, 'file-write-data', '/private/var/folders/zz/run-1/x'), 'allow')
})

test('what is shut is not read either, and nothing beside the list is', () => {
  const profile = CASES['agent']!()
  const read = (path: string) => decide(profile, 'file-read-data', path)
  assert.deepEqual([`${PROJECT}/src`, `${PROJECT}/.git/HEAD`, '/opt/tools/x', '/usr/lib/x'].map(read), [
    'allow',
    'allow',
    'allow',
    'allow',
  ])
  assert.deepEqual(
    [`${PROJECT}/private/key`, '/Users/ada/.ssh/id_ed25519', '/private/etc/passwd', '/opt/toolsx'].map(read),
    ['deny', 'deny', 'deny', 'deny'],
  )
})

test('parents of what is protected cannot be moved away', () => {
  const profile = CASES['agent']!()
  const unlink = (path: string) => decide(profile, 'file-write-unlink', path)
  assert.deepEqual([PROJECT, `${PROJECT}/.github`, `${PROJECT}/.git`].map(unlink), ['deny', 'deny', 'deny'])
  assert.equal(unlink(`${PROJECT}/src`), 'allow')
})

test('the network is the proxy and the way to Warder, or nothing', () => {
  const lines = (name: string) =>
    CASES[name]!()
      .text.split('\n')
      .filter((line) => line.startsWith('(allow network'))
  assert.deepEqual(lines('agent'), [])
  assert.equal(lines('with-proxy-and-socket').length, 2)
  assert.equal(CASES['with-proxy-and-socket']!().parameters['PROXY'], 'localhost:41234')
})

test('no path stands in the text, whatever it is called, and every parameter is used', () => {
  const name = fc.stringMatching(/^[a-z"()\\; #\]{}$]{1,12}[0-9]{9}$/)
  fc.assert(
    fc.property(name, name, (first, second) => {
      const profile = seatbeltProfile(
        specOf([bind(`/w/${first}`, 'write'), bind(`/r/${second}`, 'read')]),
        OPTIONS,
      )
      assert.ok(!profile.text.includes(first) && !profile.text.includes(second))
      for (const parameter of Object.keys(profile.parameters))
        assert.ok(profile.text.includes(`(param "${parameter}")`))
      for (const [, used = ''] of profile.text.matchAll(/\(param "([^"]+)"\)/g))
        assert.ok(used in profile.parameters)
      const words = seatbeltArguments(profile, ['/bin/echo', '-D', 'WRITE_0=/'])
      assert.deepEqual(words.slice(-3), ['/bin/echo', '-D', 'WRITE_0=/'])
      assert.ok(words.indexOf(`WRITE_1=/w/${first}`) < words.length - 3)
    }),
  )
})

test('links of the system are resolved, a name that could end a pattern and a line break are refused', () => {
  assert.deepEqual(['/tmp/x', '/tmpx', '/var', '/etc/ssl', '/usr'].map(macPath), [
    '/private/tmp/x',
    '/tmpx',
    '/private/var',
    '/private/etc/ssl',
    '/usr',
  ])
  assert.equal(nameInAnyCase('/.mcp.json'), String.raw`/\.[mM][cC][pP]\.[jJ][sS][oO][nN](/|$)`)
  for (const wrong of ['/a"b', '/a(b', '/a|b', '/a\nb', '/a*'])
    assert.throws(() => nameInAnyCase(wrong), { code: 'SANDBOX_UNENFORCEABLE' })
  assert.throws(() => seatbeltProfile(specOf([bind('/w\n(allow default)', 'write')]), OPTIONS), {
    code: 'SANDBOX_PATH_INVALID',
  })
})

test('it says of itself that it was never run', () => {
  for (const make of Object.values(CASES)) assert.match(make().notEnforced.join('\n'), /has not been run/)
})
