import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { presets } from './presets.ts'
import { loadProfiles, parseProfile, profileNamed } from './profile-file.ts'

const LINES = [
  'name: mine',
  'description: for tests',
  'filesystem:',
  '  workspace: read-only',
  '  read_only:',
  '    - /srv/data',
  'network:',
  '  mode: none',
  'process:',
  '  fork: false',
  '  max_memory: 64MiB',
  '  max_processes: 8',
  '  max_open_files: 32',
  'environment:',
  '  mode: restricted',
]

/** The text with one line exchanged for others; lines count from 1. */
function text(line = 0, ...instead: string[]): string {
  const lines = line === 0 ? LINES : LINES.toSpliced(line - 1, 1, ...instead)
  return `${lines.join('\n')}\n`
}

function refused(source: string, where: string, says: RegExp): void {
  assert.throws(() => parseProfile(source, 'p.yaml'), {
    code: 'SANDBOX_PROFILE_INVALID',
    where,
    message: says,
  })
}

test('a whole profile is read, with its sizes in bytes and what it leaves out filled in', () => {
  const profile = parseProfile(text(), 'p.yaml')
  assert.equal(profile.name, 'mine')
  assert.equal(profile.process.max_memory, 64 * 1024 ** 2)
  assert.deepEqual(profile.filesystem.read_only, ['/srv/data'])
  assert.equal(profile.terminal, false)
  assert.ok(profile.protected.includes('.git/') && profile.requires.includes('no-network'))
})

test('a word Warder does not know is refused where it stands, at the top and inside', () => {
  refused(text(15, LINES[14]!, 'sudo: true'), 'p.yaml:16:1', /sudo/)
  refused(text(8, LINES[7]!, '  proxy: x'), 'p.yaml:9:3', /network\.proxy/)
  refused(text(10, LINES[9]!, '  allow_ptrace: true'), 'p.yaml:11:3', /allow_ptrace/)
})

test('a wrong value is refused where it stands', () => {
  refused(text(1, 'name: Über'), 'p.yaml:1:1', /name/)
  refused(text(4, '  workspace: everything'), 'p.yaml:4:3', /filesystem\.workspace/)
  refused(text(6, '    - /srv/data', '    - relative'), 'p.yaml:7:7', /must be absolute/)
  refused(text(6, '    - /srv/../etc'), 'p.yaml:6:7', /must not hold/)
  refused(text(6, '    - /srv/*'), 'p.yaml:6:7', /wildcards/)
  refused(text(11, '  max_memory: 64'), 'p.yaml:11:3', /max_memory/)
  refused(text(11, '  max_memory: 64 parsecs'), 'p.yaml:11:3', /not a size/)
  refused(text(10, '  fork: "false"'), 'p.yaml:10:3', /process\.fork/)
  refused(text(15, LINES[14]!, 'protected: [../outside]'), 'p.yaml:16:13', /protected\.0/)
})

test('a missing word is refused at what should hold it', () => {
  refused(text(8, '  domains: []'), 'p.yaml:7:1', /network\.mode/)
  refused(text(2), 'p.yaml:1:1', /description/)
})

test('a network of names needs names, and no network has none', () => {
  refused(text(8, '  mode: domains'), 'p.yaml:7:1', /domains/)
  refused(text(8, '  mode: none', '  domains: [example.com]'), 'p.yaml:7:1', /domains/)
})

test('text that is not YAML is refused with its line and column', () => {
  refused(text(6, '    - [open'), 'p.yaml:7:1', /./)
  refused(text(4, '\tworkspace: read-only'), 'p.yaml:4:1', /[Tt]ab/)
  refused('', 'p.yaml:1:1', /the profile/)
  refused('- a\n- b\n', 'p.yaml:1:1', /the profile/)
})

test('the same word twice is refused, because readers would differ on which one counts', () => {
  refused(text(10, '  fork: false', '  fork: true'), 'p.yaml:11:3', /unique/)
})

test('what could make one place say something else far away is refused', () => {
  refused(text(6, '    - &a /srv/data', '    - *a'), 'p.yaml:7:7', /aliases/)
  refused(text(3, 'base: &b {mode: none}', '<<: *b', 'filesystem:'), 'p.yaml:4:5', /aliases/)
  refused(text(1, 'name: !!js/function x'), 'p.yaml:1:7', /tag/)
  refused(`${text()}---\n${text()}`, 'p.yaml:16:1', /multiple documents/)
})

test('names that mean something to JavaScript are words like others: unknown', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const source = text(15, LINES[14]!, `${name}: {terminal: true}`)
    assert.throws(() => parseProfile(source, 'p.yaml'), { code: 'SANDBOX_PROFILE_INVALID' }, name)
  }
})

test('whatever the text, there is a profile or an error that says where', () => {
  const line = fc.constantFrom(
    ...LINES,
    '- x',
    '{',
    '&a',
    '*a',
    '? ',
    '\t',
    'name: [',
    '"',
    '%YAML 3',
    '\u0000',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
      try {
        assert.ok(parseProfile(lines.join('\n'), 'p.yaml').name)
      } catch (error) {
        const { code, where } = error as { code?: string; where?: string }
        assert.equal(code, 'SANDBOX_PROFILE_INVALID', String(error))
        assert.match(where ?? '', /^p\.yaml:\d+:\d+$/)
      }
    }),
  )
})

function directory(t: TestContext, files: Readonly<Record<string, string>>): string {
  const at = mkdtempSync(join(tmpdir(), 'warder-profiles-'))
  t.after(() => rmSync(at, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(at, name), content)
  return at
}

test('profiles of a directory come after those of Warder; a directory that is not there has none', (t) => {
  const at = directory(t, { 'mine.yaml': text(), 'other.yml': text(1, 'name: other') })
  assert.deepEqual([...loadProfiles(at).keys()], [...presets().keys(), 'mine', 'other'])
  assert.deepEqual(loadProfiles(join(at, 'nowhere')), presets())
  assert.deepEqual(loadProfiles(undefined), presets())
})

test('a file cannot take the name of a profile that comes with Warder', (t) => {
  for (const name of presets().keys()) {
    const at = directory(t, { 'evil.yaml': text(1, `name: ${name}`) })
    const where = join(at, 'evil.yaml')
    assert.throws(() => loadProfiles(at), {
      code: 'SANDBOX_PROFILE_INVALID',
      where,
      message: new RegExp(name),
    })
  }
})

test('two files cannot share a name', (t) => {
  const at = directory(t, { 'a.yaml': text(), 'b.yaml': text() })
  assert.throws(() => loadProfiles(at), { code: 'SANDBOX_PROFILE_INVALID', where: join(at, 'b.yaml') })
})

test('one file that cannot be read as a profile spoils them all, so that no weaker one is used by a slip', (t) => {
  const at = directory(t, { 'a.yaml': text(), 'b.yaml': text(10, '  fork: maybe') })
  assert.throws(() => loadProfiles(at), {
    code: 'SANDBOX_PROFILE_INVALID',
    where: `${join(at, 'b.yaml')}:10:3`,
  })
})

test('a file that is too long, and a directory, are not read', (t) => {
  const long = directory(t, { 'a.yaml': `${text()}${'#'.repeat(64 * 1024)}` })
  assert.throws(() => loadProfiles(long), { code: 'FILE_TOO_LARGE' })
  const nested = directory(t, {})
  mkdirSync(join(nested, 'a.yaml'))
  assert.throws(() => loadProfiles(nested), { code: 'FILE_UNREADABLE' })
})

test('hidden files and other endings are left alone', (t) => {
  const at = directory(t, { '.mine.yaml': '{', 'mine.yaml~': '{', 'mine.yaml.bak': '{', 'README.md': '{' })
  assert.deepEqual(loadProfiles(at), presets())
})

test('a name nobody has is missing, and those there are get named', () => {
  assert.equal(profileNamed(presets(), 'agent').name, 'agent')
  for (const name of ['nobody', '__proto__', '']) {
    assert.throws(() => profileNamed(presets(), name), {
      code: 'SANDBOX_PROFILE_MISSING',
      fix: /tool-minimal/,
    })
  }
})
