import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertRan, boxes, needs } from '../kit/box.ts'

// Ways to plant what the user's own tools will run later: git, editors, shells, other agents.

const { house, sh } = boxes({ after })

function project(name: string): string {
  return mkdtempSync(join(house.home, `${name}-`))
}

function repository(name: string): string {
  const workspace = project(name)
  mkdirSync(join(workspace, '.git/hooks'), { recursive: true })
  writeFileSync(join(workspace, '.git/config'), '[core]\n\tbare = false\n')
  writeFileSync(join(workspace, '.git/HEAD'), 'ref: refs/heads/main\n')
  return workspace
}

test('a git hook cannot be written, whatever the way', async () => {
  const workspace = repository('hook')
  const result = await sh(
    `echo evil > .git/hooks/pre-commit; cp /bin/true .git/hooks/post-checkout; ln -s /bin/true .git/hooks/pre-push
     mkdir .git/hooks2; echo x > honest.txt; cat honest.txt`,
    { workspace },
  )
  assertRan(result, /^x$/m)
  assert.deepEqual(readdirSync(join(workspace, '.git/hooks')), [])
  assert.ok(!existsSync(join(workspace, '.git/hooks2')))
})

test('git cannot be told to run a program: its configuration stays as it was', async () => {
  const workspace = repository('config')
  const before = readFileSync(join(workspace, '.git/config'), 'utf8')
  await sh(
    `printf '[core]\\n\\tfsmonitor = touch /tmp/owned\\n' >> .git/config; git config core.fsmonitor 'touch x'; rm -f .git/config; mv /tmp/x .git/config`,
    { workspace },
  )
  assert.equal(readFileSync(join(workspace, '.git/config'), 'utf8'), before)
})

test('the repository cannot be moved away and another put in its place', async () => {
  const workspace = repository('swap')
  const inode = lstatSync(join(workspace, '.git')).ino
  const result = await sh(
    `mv .git .old && echo MOVED; rm -rf .git 2>/dev/null; mkdir -p evil/hooks; mv evil .git/ 2>/dev/null; rmdir .git 2>/dev/null; [ -e .git/HEAD ] && echo kept`,
    { workspace },
  )
  assert.match(result.stdout, /^kept$/m)
  assert.doesNotMatch(result.stdout, /MOVED/)
  assert.equal(lstatSync(join(workspace, '.git')).ino, inode)
})

test('a pointer file cannot make a repository where there is none', async () => {
  const workspace = project('pointer')
  const result = await sh(
    `echo 'gitdir: evil' > .git && echo PLANTED; git init 2>/dev/null && echo PLANTED; rmdir .git 2>/dev/null && echo PLANTED; mv .git x 2>/dev/null && echo PLANTED; mkdir evil && echo made`,
    { workspace },
  )
  assertRan(result, /^made$/)
  assert.deepEqual(readdirSync(workspace), ['evil'])
})

test('settings of agents and editors cannot be planted where there were none', async () => {
  const workspace = project('plant')
  const places = [
    '.claude/settings.json',
    '.codex/config.toml',
    '.cursor/mcp.json',
    '.gemini/settings.json',
    '.agents/hooks.json',
    '.vscode/tasks.json',
    '.idea/workspace.xml',
    '.zed/tasks.json',
    '.husky/pre-commit',
    '.github/hooks/x.json',
    '.hg/hgrc',
    '.mcp.json',
    '.envrc',
    '.npmrc',
    '.pre-commit-config.yaml',
  ]
  const result = await sh(
    `for path in ${places.join(' ')} honest/file.txt; do mkdir -p $(dirname $path) 2>/dev/null; (echo x > $path) 2>/dev/null && echo "made $path"; done`,
    { workspace },
  )
  assert.equal(result.stdout, 'made honest/file.txt\n')
  assert.deepEqual(readdirSync(workspace), ['honest'], 'and nothing is left of what held their places')
})

test('settings that are there stay as they were, and can still be read', async () => {
  const workspace = project('keep')
  mkdirSync(join(workspace, '.claude'))
  writeFileSync(join(workspace, '.claude/settings.json'), '{"hooks":{}}')
  writeFileSync(join(workspace, '.mcp.json'), '{}')
  const result = await sh(
    `cat .claude/settings.json; echo evil > .claude/settings.json; rm -rf .claude .mcp.json; mv .mcp.json other; echo evil > .mcp.json; true`,
    { workspace },
  )
  assertRan(result, /^\{"hooks":\{\}\}$/)
  assert.equal(readFileSync(join(workspace, '.claude/settings.json'), 'utf8'), '{"hooks":{}}')
  assert.equal(readFileSync(join(workspace, '.mcp.json'), 'utf8'), '{}')
  assert.deepEqual(readdirSync(workspace).sort(), ['.claude', '.mcp.json'])
})

test('renaming the directory above a protected one does not carry the protection away', async () => {
  const workspace = project('rename')
  mkdirSync(join(workspace, '.github/hooks'), { recursive: true })
  mkdirSync(join(workspace, '.github/workflows'))
  const result = await sh(
    `mv .github .away 2>/dev/null && echo MOVED; echo evil > .github/hooks/x 2>/dev/null; echo ok > .github/workflows/ci.yml && cat .github/workflows/ci.yml`,
    { workspace },
  )
  assertRan(result, /^ok$/)
  assert.deepEqual(readdirSync(join(workspace, '.github/hooks')), [])
})

test('a repository further down in the workspace is protected too', async () => {
  const workspace = project('nested')
  mkdirSync(join(workspace, 'packages/one/.git/hooks'), { recursive: true })
  const result = await sh(
    `echo evil > packages/one/.git/hooks/pre-commit; mv packages/one packages/two 2>/dev/null && echo MOVED; mv packages other 2>/dev/null && echo MOVED; echo ok > packages/one/file && cat packages/one/file`,
    { workspace },
  )
  assertRan(result, /^ok$/)
  assert.deepEqual(readdirSync(join(workspace, 'packages/one/.git/hooks')), [])
})

test('a protected name that is a link is refused, because a link cannot be held in place', async () => {
  const workspace = project('link')
  mkdirSync(join(workspace, 'real-git'))
  symlinkSync('real-git', join(workspace, '.git'))
  const result = await sh('echo RAN', { workspace })
  assert.notEqual(result.code, 0)
  assert.match(result.stderr, /\.git is a link/)
  assert.equal(result.stdout, '')
})

test('what held the place of an absent name goes even when the agent is killed', async () => {
  const workspace = project('killed')
  const result = await sh('echo here > file; kill -9 $$', { workspace })
  assert.notEqual(result.code, 0)
  assert.deepEqual(readdirSync(workspace), ['file'])
})

test('git on the host runs nothing after an agent had the tree', async (t) => {
  if (!needs(t, '/usr/bin/git')) return
  const workspace = project('host')
  execFileSync('/usr/bin/git', ['init', '-q', workspace], { env: { HOME: house.home } })
  await sh(
    `git config core.fsmonitor 'touch ${workspace}/OWNED'; printf '#!/bin/sh\\ntouch ${workspace}/OWNED\\n' > .git/hooks/post-index-change; chmod +x .git/hooks/*; echo x > tracked`,
    { workspace },
  )
  const said = execFileSync('/usr/bin/git', ['-C', workspace, 'status', '--short'], {
    encoding: 'utf8',
    env: { HOME: house.home },
  })
  assert.match(said, /\?\? tracked/)
  assert.ok(!existsSync(join(workspace, 'OWNED')))
})

test('what no mount can hold is told when the run has ended: a name made further down, a repository of another shape', async (t) => {
  if (!needs(t, '/usr/bin/git')) return
  const workspace = project('later')
  mkdirSync(join(workspace, 'one/two/three/four/.git'), { recursive: true })
  mkdirSync(join(workspace, 'kept.git/refs'), { recursive: true })
  mkdirSync(join(workspace, 'kept.git/objects'))
  writeFileSync(join(workspace, 'kept.git/HEAD'), 'ref: refs/heads/main\n')
  const result = await sh(
    `git init -q sub; mkdir -p bare/objects bare/refs .Git dist/x/.vscode; echo 'ref: refs/heads/main' > bare/HEAD
     echo x > one/two/three/four/.git/config; echo honest > file; ls kept.git > list`,
    { workspace },
  )
  assert.equal(result.code, 0, result.stderr)
  const [told = ''] = result.stderr.split('\n').filter((line) => line.includes('tools of yours obey it'))
  const named = [...told.matchAll(/"([^"]+)"/g)].map(([, path = '']) => path.slice(workspace.length + 1))
  assert.deepEqual(named.sort(), ['.Git', 'bare', 'dist/x/.vscode', 'one/two/three/four/.git', 'sub/.git'])
  const quiet = await sh('echo more >> file; ls sub', { workspace })
  assert.doesNotMatch(quiet.stderr, /obey/)
})
