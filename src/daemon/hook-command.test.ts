import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseCommand } from '../decide/inspect/command/index.ts'
import { commandDeeds, type CommandReader } from './hook-command.ts'
import { isOwnSettings } from './hook-settings.ts'
import { meanings } from './hook-paths.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'wk-')))
after(() => rmSync(root, { recursive: true }))
const work = join(root, 'work')
for (const path of ['work/sub', 'bin', 'out']) mkdirSync(join(root, path), { recursive: true })
for (const name of ['git', 'cat', 'python3']) writeFileSync(join(root, 'bin', name), '', { mode: 0o755 })

// everything is low here, so that what is worse comes from the reading and not from the rating
const reader: CommandReader = { parse: parseCommand, rate: () => ({ risk: 'low', findings: [] }) }
const place = { cwd: work, workspace: work, home: root, path: join(root, 'bin'), readScript: () => undefined }
const read = (text: string) => commandDeeds(text, place, reader)

test('each program is found where a shell would find it, and a builtin is none', () => {
  assert.deepEqual(read('git status && echo x | cat').spawns, [join(root, 'bin/git'), join(root, 'bin/cat')])
  assert.deepEqual(read('./sub/tool; nothing-like-it').spawns, [
    join(work, 'sub/tool'),
    '/not-in-path/nothing-like-it',
  ])
  assert.deepEqual(read('echo hi').spawns, ['/bin/bash'], 'the shell itself runs in any case')
  assert.deepEqual(read('eval "git x"').spawns, ['/bin/bash'])
})

test('redirections are files that are read or written, from every directory the shell may be in', () => {
  assert.deepEqual(read('cat < a > b 2>&1 2>/dev/null').files, [
    { verb: 'read', path: join(work, 'a') },
    { verb: 'write', path: join(work, 'b') },
  ])
  const moved = read('cd sub; git log > x').files.map(({ path }) => path)
  assert.deepEqual(moved, [join(work, 'x'), join(work, 'sub/x')])
  assert.deepEqual(
    read('cat <> both').files.map(({ verb }) => verb),
    ['write', 'read'],
  )
})

test('what an argument names is found behind an equals sign, an at, a colon, and through a link', () => {
  symlinkSync(join(root, 'out'), join(work, 'link'))
  const { names } = read('git --file=/a/b -F x=@/c/d host:/e/f link/g ~/h')
  for (const path of ['/a/b', '/c/d', '/e/f', join(root, 'out/g'), join(work, 'link/g'), join(root, 'h')])
    assert.ok(names.includes(path), path)
  writeFileSync(join(root, 'out/secret'), '')
  for (const text of [
    'cat ../out/s?cret',
    'cat $HOME/out/secret',
    'cat ~/out/{secret,x}',
    'cat "$HOME"/out/secret*',
  ])
    assert.ok(read(text).names.includes(join(root, 'out/secret')), text)
  assert.deepEqual(read('git > ~/x').files, [{ verb: 'write', path: join(root, 'x') }])
})

test('files a program is known to write, move or remove are told apart from those it only names', () => {
  const changed = (text: string) =>
    read(text).changes.map(({ verb, path }) => `${verb} ${path.slice(work.length + 1)}`)
  const cases: Readonly<Record<string, readonly string[]>> = {
    'rm -rf a b': ['delete a', 'delete b'],
    'mv a b': ['delete a', 'delete b', 'write a', 'write b'],
    'git x | tee -a a': ['write a'],
    'cp a b sub': ['write sub'],
    'cp -t sub a b': ['write sub'],
    'cp --target-directory=sub a': ['write a', 'write sub'],
    'dd if=a of=b': ['write b'],
    'sed -n 1p a': [],
    "sed -i.bak s/x/y/ 'a'": ['write s/x/y', 'write a'],
    'chmod 600 a; cat b': ['write 600', 'write a'],
    'git add a': [],
    'cat a': [],
  }
  for (const [text, expected] of Object.entries(cases)) assert.deepEqual(changed(text), expected, text)
  assert.ok(read('cat a').names.includes(join(work, 'a')))
})

test('what only the shell knows, and what it writes and runs itself, is of high risk; the rest is left as rated', () => {
  const risky = [
    ...['$x y', '"$(git)" z', 'git > $f', 'cd $d; git', 'git "', 'git\u200b'],
    ...['echo x > s.py; python3 s.py', 'echo > sub/t; sub/t', 'cp a s.py && python3 ./s.py'],
  ]
  for (const text of risky) {
    const { risk, findings } = read(text)
    assert.equal(risk, 'high', text)
    assert.match(findings.at(-1)?.rule ?? '', /^hook\./)
  }
  for (const text of ['git status', 'echo x > s.txt; cat s.txt', 'python3 s.py', 'git log "$x"']) {
    assert.equal(read(text).risk, 'low', text)
  }
  const critical: CommandReader = { ...reader, rate: () => ({ risk: 'critical', findings: [] }) }
  assert.equal(commandDeeds('$x', place, critical).risk, 'critical', 'never lowered')
})

test('a path means what is written and where it leads, for files that are not there yet too', () => {
  symlinkSync(join(root, 'out/made'), join(work, 'dangling'))
  symlinkSync('loop', join(work, 'loop'))
  assert.deepEqual(meanings('../out/./x', work, root), [join(root, 'out/x')])
  assert.deepEqual(meanings('dangling', work, root), [join(work, 'dangling'), join(root, 'out/made')])
  assert.deepEqual(meanings(`file://${work}/a%20b`, '/', root), [join(work, 'a b')])
  assert.throws(() => meanings('loop/x', work, root), /ELOOP|too many links/)
})

test('the settings that name the hooks are known, and their like beside them are not', () => {
  const changes = (resource: string, verb = 'write', isName = false) =>
    isOwnSettings({ action: { namespace: 'fs', verb, resource, risk: 'low' }, isName })
  for (const path of ['/h/.claude/settings.json', '/p/.claude/settings.local.json', '/h/.codex/hooks.json'])
    assert.ok(changes(path), path)
  for (const path of [
    '/h/.codex/config.toml',
    '/p/.cursor/hooks.json',
    '/p/.github/hooks/a.json',
    '/p/.claude',
  ])
    assert.ok(changes(path, 'read', true), path)
  for (const path of ['/p/.claude/skills/a.md', '/p/claude/settings.json', '/p/.github/workflows/a.yml'])
    assert.ok(!changes(path), path)
  assert.ok(!changes('/h/.claude/settings.json', 'read'), 'reading it is no change')
})
