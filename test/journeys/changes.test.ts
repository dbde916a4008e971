import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { OutputOf } from '../../src/api/endpoints.ts'
import { changeAsAgent, cloneForAgent } from '../kit/changes.ts'
import { house } from '../kit/house.ts'
import { owner as ownerAt } from '../kit/owner.ts'

test('an agent changes things, the owner looks, takes most of it, and goes back', async (t) => {
  const home = house(t)
  const { workspace } = home
  const at = (path: string): string => join(workspace, path)
  writeFileSync(at('readme'), 'one\ntwo\nthree\n')
  writeFileSync(at('old'), 'old\n')
  await changeAsAgent(
    home,
    'builder',
    `sed -i s/two/2/ readme; rm old; mkdir src; echo 'int main;' > src/main.c
     mkdir .vscode; echo '{}' > .vscode/tasks.json; echo 'token = ghp_abcdefghijklmnopqrstuvwxyz012345' > key`,
  )
  assert.equal(
    readFileSync(at('readme'), 'utf8'),
    'one\ntwo\nthree\n',
    'nothing is written before it is applied',
  )

  const listed = await home.command(['changes', 'list', '--json'])
  assert.equal(listed.json<OutputOf<'changesList'>>().sets[0]?.agent, 'builder')
  const shown = await home.command(['changes', 'show', 'builder'])
  assert.equal(shown.code, 0, shown.stderr)
  assert.match(shown.stdout, /^changed +readme +12 B +\+1 -1$/m)
  assert.match(shown.stdout, /^deleted +old/m)
  assert.match(shown.stdout, /^added +\.vscode\/tasks\.json .*protected$/m)
  assert.match(shown.stdout, /^added +key .*secret$/m)
  assert.match(shown.stdout, /^--- a\/readme\n\+\+\+ b\/readme\n@@ -1,3 \+1,3 @@\n one\n-two\n\+2\n three$/m)
  assert.doesNotMatch(shown.stdout, /ghp_/, 'a secret is masked in differences')
  assert.match(shown.stderr, /3 of 7 are left out unless their flag is accepted/)
  const counted = await home.command(['changes', 'show', 'builder', '--stat'])
  assert.doesNotMatch(counted.stdout, /@@/)

  const applied = await home.command(['changes', 'apply', 'builder', '--json'])
  assert.equal(applied.code, 0, applied.stderr)
  const answer = applied.json<OutputOf<'changesApply'>>()
  assert.deepEqual(answer.applied, ['old', 'readme', 'src', 'src/main.c'])
  assert.deepEqual(
    answer.left.map(({ path }) => path),
    ['.vscode', '.vscode/tasks.json', 'key'],
  )
  assert.equal(readFileSync(at('readme'), 'utf8'), 'one\n2\nthree\n')
  assert.ok(!existsSync(at('old')) && existsSync(at('src/main.c')) && !existsSync(at('.vscode')))

  const named = await home.command([
    'changes',
    'apply',
    'builder',
    '--path',
    at('.vscode'),
    '--accept',
    'protected',
  ])
  assert.equal(named.code, 0, named.stderr)
  assert.ok(existsSync(at('.vscode/tasks.json')))
  const unsure = await home.warder(['changes', 'discard', 'builder', '--no-input'])
  assert.equal(unsure.code, 2)
  assert.match(unsure.stderr, /--confirm builder/)
  const gone = await home.command(['changes', 'discard', 'builder', '--confirm', 'builder'])
  assert.equal(gone.code, 0, gone.stderr)
  assert.equal((await home.command(['changes', 'show', 'builder'])).code, 4)

  const { snapshot = 'none' } = answer
  const undone = await home.command(['snapshot', 'restore', snapshot, '--confirm', snapshot])
  assert.equal(undone.code, 0, undone.stderr)
  assert.equal(readFileSync(at('readme'), 'utf8'), 'one\ntwo\nthree\n')
  assert.equal(readFileSync(at('old'), 'utf8'), 'old\n')
  assert.ok(!existsSync(at('src')))

  // and all of it is on record
  const owner = await ownerAt(t, home)
  const entries = await owner.ledger({ agent: 'owner' })
  const told = entries
    .filter(({ decision }) => decision === 'allow')
    .map(({ action, target }) => `${action} ${target}`)
  assert.equal(told.filter((line) => line === `fs:write ${workspace}`).length, 3)
  assert.ok(told.some((line) => line.startsWith('config:write changes/builder/')))
  await owner.entry({ action: 'fs:write', target: workspace, result: 'success' })
})

test('a file that host and agent both changed is refused by name, and a wrong flag is told', async (t) => {
  const home = house(t)
  const { workspace } = home
  writeFileSync(join(workspace, 'both'), 'a\n')
  await changeAsAgent(home, 'builder', 'echo agent >> both')
  writeFileSync(join(workspace, 'both'), 'host\n')
  const refused = await home.command(['changes', 'apply', 'builder'])
  assert.equal(refused.code, 5)
  assert.match(refused.stderr, /both: the host changed it too .*--path both --accept conflict/)
  assert.equal(readFileSync(join(workspace, 'both'), 'utf8'), 'host\n')
  const wrong = await home.warder(['changes', 'apply', 'builder', '--accept', 'everything'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /"everything" is none of protected, secret/)
  const outside = await home.warder(['changes', 'apply', 'builder', '--path', '../../etc'])
  assert.notEqual(outside.code, 0)
})

test('commits of an agent’s own clone come over as references, and nothing is checked out', async (t) => {
  const home = house(t)
  const { workspace } = home
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd, encoding: 'utf8' })
  git(workspace, 'init', '-q', '-b', 'main')
  git(workspace, 'commit', '--allow-empty', '-qm', 'first')
  const { tree } = await cloneForAgent(home, 'builder')
  writeFileSync(join(tree, 'made'), 'by the agent\n')
  git(tree, 'add', '.')
  git(tree, 'commit', '-qm', 'second')
  const shown = await home.command(['changes', 'show', 'builder'])
  assert.match(shown.stdout, /refs\/warder\/builder\/main: new > [0-9a-f]{12}/)
  const applied = await home.command(['changes', 'apply', 'builder'])
  assert.equal(applied.code, 0, applied.stderr)
  assert.match(applied.stdout, /took over 1 branch .*nothing was checked out/)
  assert.ok(!existsSync(join(workspace, 'made')))
  assert.equal(git(workspace, 'show', 'refs/warder/builder/main:made'), 'by the agent\n')
  assert.equal((await home.command(['changes', 'discard', 'builder', '--confirm', 'builder'])).code, 0)
  assert.ok(!existsSync(tree))
  assert.equal((await home.command(['changes', 'show', 'builder'])).code, 4)
})

test('a workspace is kept by hand and goes back by hand', async (t) => {
  const home = house(t)
  const { workspace } = home
  mkdirSync(join(workspace, 'd'))
  writeFileSync(join(workspace, 'd/a'), 'then\n')
  const taken = await home.command(['snapshot', 'take', '--note', 'a good state', '--json'])
  assert.equal(taken.code, 0, taken.stderr)
  const { id, files } = taken.json<OutputOf<'snapshotTake'>>()
  assert.equal(files, 1)
  rmSync(join(workspace, 'd'), { recursive: true })
  writeFileSync(join(workspace, 'late'), 'now\n')
  const shown = await home.command(['snapshot', 'show', id])
  assert.match(shown.stdout, /going back would change 3:\n {2}late\n {2}d\n {2}d\/a$/m)
  const back = await home.command(['snapshot', 'restore', id, '--confirm', id])
  assert.equal(back.code, 0, back.stderr)
  assert.equal(readFileSync(join(workspace, 'd/a'), 'utf8'), 'then\n')
  assert.ok(!existsSync(join(workspace, 'late')))
  const list = await home.command(['snapshot', 'list', '.'])
  assert.match(list.stdout, /a good state/)
  assert.match(list.stdout, /before going back to/)
  assert.equal((await home.command(['snapshot', 'drop', id, '--confirm', id])).code, 0)
  assert.equal((await home.command(['snapshot', 'show', id])).code, 4)
  // what holds Warder's own keys and ledger is no workspace
  const own = await home.command(['snapshot', 'take', home.home])
  assert.equal(own.code, 2)
  assert.match(own.stderr, /is no workspace/)
})
