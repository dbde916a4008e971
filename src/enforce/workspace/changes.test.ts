import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { brief, NAMES, openWorkspaceExample, workspaceExample } from './overlay.example.ts'

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted

test('what an agent wrote through an overlay is seen for what it is', async (t) => {
  const { workspace, agent, changes } = workspaceExample(t)
  writeFileSync(join(workspace, 'kept'), 'kept\n')
  writeFileSync(join(workspace, 'edited'), 'one\n')
  writeFileSync(join(workspace, 'gone'), 'gone\n')
  writeFileSync(join(workspace, 'tool'), '#!/bin/sh\n', { mode: 0o644 })
  mkdirSync(join(workspace, 'old/deep'), { recursive: true })
  writeFileSync(join(workspace, 'old/deep/a'), 'a')
  mkdirSync(join(workspace, 'renewed'))
  writeFileSync(join(workspace, 'renewed/before'), 'b')
  writeFileSync(join(workspace, 'renewed/both'), 'both')
  symlinkSync('kept', join(workspace, 'pointer'))
  const set = await agent(`
    echo two >> edited; rm gone; chmod 600 tool; rm -r old; touch kept
    rm -r renewed; mkdir renewed; echo fresh > renewed/fresh; printf both > renewed/both
    ln -sfn edited pointer; mkdir made; echo in > made/in; rm -f kept2; ln made/in made/twin`)
  const { report } = await changes.show(set)
  assert.deepEqual(brief(report.changes), [
    'edited changed',
    'gone deleted',
    'made added',
    'made/in added',
    'made/twin added',
    'old deleted',
    'pointer changed',
    'renewed/before deleted',
    'renewed/fresh added',
    'tool mode',
  ])
  const named = Object.fromEntries(report.changes.map((change) => [change.path, change]))
  assert.equal(named['old']?.contains, 2)
  assert.deepEqual(named['made/in']?.sameFile, ['made/twin'])
  assert.equal(named['pointer']?.after?.target, 'edited')
  assert.equal(await changes.diff(set, named['edited']!), '@@ -1 +1,2 @@\n one\n+two\n')
})

test('all is applied as one step, and the change set is gone', async (t) => {
  const { workspace, agent, apply, sets, snapshots } = workspaceExample(t)
  writeFileSync(join(workspace, 'edited'), 'one\n', { mode: 0o640 })
  chmodSync(join(workspace, 'edited'), 0o640)
  writeFileSync(join(workspace, 'gone'), 'gone\n')
  mkdirSync(join(workspace, 'old'))
  writeFileSync(join(workspace, 'old/a'), 'a')
  writeFileSync(join(workspace, 'was-file'), 'x')
  mkdirSync(join(workspace, 'was-directory'))
  writeFileSync(join(workspace, 'was-directory/inner'), 'x')
  const set = await agent(`
    echo two >> edited; rm gone; rm -r old; mkdir -p new/deep; echo n > new/deep/n; chmod 711 new/deep; ln -s edited link
    rm was-file; mkdir was-file; echo inside > was-file/now; rm -r was-directory; echo file > was-directory`)
  const { applied, left, isClosed, snapshot } = await apply(set)
  assert.deepEqual(left, [])
  assert.equal(applied.length, 10)
  assert.ok(isClosed)
  assert.deepEqual(sets.list(), [])
  assert.ok(!existsSync(set.directory))
  assert.equal(readFileSync(join(workspace, 'edited'), 'utf8'), 'one\ntwo\n')
  assert.equal(statSync(join(workspace, 'edited')).mode & 0o777, 0o640)
  assert.equal(statSync(join(workspace, 'new/deep')).mode & 0o777, 0o711)
  assert.equal(readlinkSync(join(workspace, 'link')), 'edited')
  assert.equal(readFileSync(join(workspace, 'was-file/now'), 'utf8'), 'inside\n')
  assert.equal(readFileSync(join(workspace, 'was-directory'), 'utf8'), 'file\n')
  assert.deepEqual(readdirSync(workspace).sort(), ['edited', 'link', 'new', 'was-directory', 'was-file'])
  assert.deepEqual(
    readdirSync(join(workspace, '..')).filter((name) => name.startsWith('.warder')),
    [],
  )

  // and the way back
  await snapshots.restore(snapshot, [])
  assert.equal(readFileSync(join(workspace, 'edited'), 'utf8'), 'one\n')
  assert.equal(readFileSync(join(workspace, 'old/a'), 'utf8'), 'a')
  assert.equal(readFileSync(join(workspace, 'was-file'), 'utf8'), 'x')
  assert.equal(readFileSync(join(workspace, 'was-directory/inner'), 'utf8'), 'x')
  assert.ok(!existsSync(join(workspace, 'new')))
  assert.ok(!existsSync(join(workspace, 'link')))
})

test('what is flagged is left out, and each flag needs its own word', async (t) => {
  const { workspace, agent, apply, changes } = workspaceExample(t)
  const set = await agent(`
    mkdir -p .git/hooks sub/.VSCode; echo x > .git/hooks/post-commit; echo '{}' > sub/.VSCode/tasks.json
    echo "key = sk-aaaaaaaaaaaaaaaaaaaa" > settings; echo '#!/bin/sh' > run.sh; chmod +x run.sh
    ln -s /etc/passwd absolute; ln -s ../outside climbing; ln -s sub/../../x sly; ln -s run.sh fine
    printf 'a\\0b' > blob; head -c 5000000 /dev/zero > huge; echo ok > plain`)
  const { report } = await changes.show(set)
  assert.deepEqual(brief(report.changes), [
    '.git added protected',
    '.git/hooks added protected',
    '.git/hooks/post-commit added protected',
    'absolute added escaping-link',
    'blob added binary',
    'climbing added escaping-link',
    'fine added',
    'huge added large',
    'plain added',
    'run.sh added executable',
    'settings added secret',
    'sly added escaping-link',
    'sub added',
    'sub/.VSCode added protected',
    'sub/.VSCode/tasks.json added protected',
  ])
  const first = await apply(set)
  assert.deepEqual(
    first.applied.map(({ path }) => path),
    ['fine', 'plain', 'sub'],
  )
  assert.equal(first.left.length, 12)
  assert.ok(first.left.every(({ why }) => why.includes('--accept')))
  assert.ok(!existsSync(join(workspace, '.git')))
  const second = await apply(set, ['executable'])
  assert.deepEqual(
    second.applied.map(({ path }) => path),
    ['run.sh'],
  )
  assert.equal(statSync(join(workspace, 'run.sh')).mode & 0o111, 0o111)
  const third = await apply(set, ['protected'], ['sub'])
  assert.deepEqual(
    third.applied.map(({ path }) => path),
    ['sub/.VSCode', 'sub/.VSCode/tasks.json'],
  )
  assert.ok(!existsSync(join(workspace, '.git')))
})

test('devices, pipes, sockets and set-id files are never applied, whatever is accepted', async (t) => {
  const { workspace, agent, apply } = workspaceExample(t)
  const set = await agent(`
    mkfifo pipe; echo x > suid; chmod 4755 suid; echo y > sgid; chmod 2755 sgid; mkdir shared; chmod 2775 shared
    echo in > shared/in; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "sock", Listen => 1)'; echo ok > ok`)
  const { applied, left } = await apply(set, [
    'protected',
    'secret',
    'executable',
    'escaping-link',
    'large',
    'binary',
    'conflict',
  ])
  assert.deepEqual(
    applied.map(({ path }) => path),
    ['ok'],
  )
  assert.deepEqual(left.map(({ change, why }) => `${change.path}: ${why.slice(0, 13)}`).sort(), [
    'pipe: never applied',
    'sgid: never applied',
    'shared/in: its directory',
    'shared: never applied',
    'sock: never applied',
    'suid: never applied',
  ])
  assert.deepEqual(readdirSync(workspace), ['ok'])
})

test('what the host changed meanwhile is a conflict, and is taken only when that is said', async (t) => {
  const { workspace, agent, apply, changes, snapshots } = workspaceExample(t)
  for (const name of ['both', 'mine', 'dropped', 'swapped']) writeFileSync(join(workspace, name), `${name}\n`)
  mkdirSync(join(workspace, 'tree'))
  writeFileSync(join(workspace, 'tree/a'), 'a')
  const set = await agent(
    'for f in both mine dropped swapped; do echo agent >> $f; done; rm -r tree; echo new > fresh',
  )
  writeFileSync(join(workspace, 'both'), 'host\n')
  rmSync(join(workspace, 'dropped'))
  writeFileSync(join(workspace, 'x'), 'swapped\n')
  renameSync(join(workspace, 'x'), join(workspace, 'swapped'))
  writeFileSync(join(workspace, 'tree/late'), 'host put this here later')
  writeFileSync(join(workspace, 'fresh'), 'host\n')
  const { report } = await changes.show(set)
  assert.deepEqual(brief(report.changes), [
    'both changed conflict',
    'dropped added conflict',
    'fresh changed conflict',
    'mine changed',
    'swapped changed conflict',
    'tree deleted conflict',
  ])
  const { applied, left } = await apply(set)
  assert.deepEqual(
    applied.map(({ path }) => path),
    ['mine'],
  )
  assert.match(left[0]?.why ?? '', /compare both, .*--accept conflict.*changes discard --path both/)
  assert.equal(readFileSync(join(workspace, 'both'), 'utf8'), 'host\n')
  assert.ok(existsSync(join(workspace, 'tree/late')))
  const { snapshot } = await apply(set, ['conflict'], ['both'])
  assert.equal(readFileSync(join(workspace, 'both'), 'utf8'), 'both\nagent\n')
  await snapshots.restore(snapshot, [])
  assert.equal(readFileSync(join(workspace, 'both'), 'utf8'), 'host\n')
})

test('a second run goes on where the first ended; after a part was applied it sees the workspace again', async (t) => {
  const { workspace, agent, apply, changes, sets } = workspaceExample(t)
  writeFileSync(join(workspace, 'a'), 'a\n')
  const first = await agent('echo 1 >> a; echo 1 > b; echo 1 > c; chmod +x c')
  const second = await agent('echo 2 >> a; cat b')
  assert.equal(second.id, first.id)
  assert.equal(sets.list().length, 1)
  await apply(second)
  assert.equal(readFileSync(join(workspace, 'a'), 'utf8'), 'a\n1\n2\n')
  writeFileSync(join(workspace, 'a'), 'host\n')
  await agent('test "$(cat a)" = host; test -x c; echo 3 >> b')
  const { report } = await changes.show(second)
  assert.deepEqual(brief(report.changes), ['b changed', 'c added executable'])
})

test('a renamed .git, and hooks where it stood, stay in the change set; nothing is left behind in the workspace', async (t) => {
  const { workspace, agent, apply } = workspaceExample(t)
  mkdirSync(join(workspace, '.git/hooks'), { recursive: true })
  writeFileSync(join(workspace, '.git/config'), '[core]\n')
  const set = await agent(`
    mv .git moved; mkdir -p .git/hooks; echo x > .git/hooks/post-commit; echo x > .git/config
    mkdir .vscode; touch .npmrc .envrc`)
  assert.deepEqual(readdirSync(workspace), ['.git'], 'an overlay needs nothing to stand on')
  const { left } = await apply(set)
  assert.ok(left.every(({ change }) => change.flags.includes('protected')))
  assert.deepEqual(readdirSync(workspace), ['.git', 'moved'])
  assert.equal(readFileSync(join(workspace, '.git/config'), 'utf8'), '[core]\n')
  assert.deepEqual(readdirSync(join(workspace, '.git/hooks')), [])
})

test('between two runs the host may change what the agent left alone; where both were, it is a conflict', async (t) => {
  const { workspace, agent, changes } = workspaceExample(t)
  for (const name of ['free', 'taken', 'd']) writeFileSync(join(workspace, name), 'first\n')
  await agent('echo agent >> taken; rm d; mkdir d; echo x > d/x')
  writeFileSync(join(workspace, 'free'), 'host\n')
  writeFileSync(join(workspace, 'taken'), 'host\n')
  writeFileSync(join(workspace, 'new'), 'host\n')
  const set = await agent('echo agent >> free; echo agent >> new')
  assert.deepEqual(brief((await changes.show(set)).report.changes), [
    'd replaced',
    'd/x added',
    'free changed',
    'new changed',
    'taken changed conflict',
  ])
})

test('what was applied partly does not come back as a change, also in a directory made anew', async (t) => {
  const { workspace, agent, apply, changes } = workspaceExample(t)
  mkdirSync(join(workspace, 'd'))
  writeFileSync(join(workspace, 'd/old'), 'old')
  const set = await agent('rm -r d; mkdir d; echo n > d/n; echo x > d/x; chmod +x d/x')
  await apply(set)
  assert.deepEqual(readdirSync(join(workspace, 'd')), ['n'])
  assert.deepEqual(brief((await changes.show(set)).report.changes), ['d/x added executable'])
  await assert.rejects(changes.discard(set, ['d/x']), code('CHANGE_UNKNOWN'))
})

test('nothing is applied or discarded while the agent runs, and no second run writes to the same layer', async (t) => {
  const { workspace, open, apply, changes, agent } = workspaceExample(t)
  writeFileSync(join(workspace, 'a'), 'a\n')
  const set = await agent('echo b >> a')
  const run = await open()
  assert.ok(run.isContinued)
  await assert.rejects(open(), code('CHANGES_IN_USE'))
  await assert.rejects(apply(set), code('CHANGES_IN_USE'))
  await assert.rejects(changes.discard(set, []), code('CHANGES_IN_USE'))
  const other = await open('other')
  assert.notEqual(other.set.upper, run.set.upper)
  other.close()
  run.close()
  assert.equal(readFileSync(join(workspace, 'a'), 'utf8'), 'a\n')
  await changes.discard(set, [])
  assert.ok(!existsSync(set.directory))
})

test('discarding one path leaves the others', async (t) => {
  const { workspace, agent, changes } = workspaceExample(t)
  writeFileSync(join(workspace, 'gone'), 'x')
  const set = await agent('rm gone; mkdir -p d; echo 1 > d/a; echo 2 > b')
  assert.equal(await changes.discard(set, ['gone', 'd']), 3)
  assert.deepEqual(brief((await changes.show(set)).report.changes), ['b added'])
  await assert.rejects(changes.discard(set, ['nothing/here']), code('CHANGE_UNKNOWN'))
  await assert.rejects(changes.discard(set, ['../b']), code('CHANGE_UNKNOWN'))
})

test('what was looked at is what is applied', async (t) => {
  const { workspace, agent, changes, sets } = workspaceExample(t)
  const set = await agent('echo good > a')
  const { report } = await changes.show(set)
  await agent('echo bad > a')
  const request = { paths: [], accept: new Set<never>(), digest: report.digest }
  await assert.rejects(changes.apply(set, request), code('CHANGES_MOVED_ON'))
  assert.deepEqual(readdirSync(workspace), [])
  assert.equal(sets.list().length, 1)
})

test('a workspace that is another directory now is refused; its change set can still be discarded', async (t) => {
  const { workspace, agent, apply, changes, open } = workspaceExample(t)
  const set = await agent('echo a > a')
  renameSync(workspace, `${workspace}.old`)
  mkdirSync(workspace)
  await assert.rejects(changes.show(set), code('WORKSPACE_REPLACED'))
  await assert.rejects(apply(set), code('WORKSPACE_REPLACED'))
  await assert.rejects(open(), code('WORKSPACE_REPLACED'))
  await changes.discard(set, [])
  assert.ok(!existsSync(set.directory))
})

test('a change set survives a restart', async (t) => {
  const { home, workspace, agent } = workspaceExample(t)
  writeFileSync(join(workspace, 'a'), 'a\n')
  await agent('echo b >> a')
  const later = openWorkspaceExample(home)
  assert.deepEqual(await later.changes.recover(), [])
  const set = later.sets.find('builder')
  writeFileSync(join(workspace, 'late'), 'host')
  assert.deepEqual(brief((await later.changes.show(set)).report.changes), ['a changed'])
  await later.apply(set)
  assert.equal(readFileSync(join(workspace, 'a'), 'utf8'), 'a\nb\n')
  assert.throws(() => later.sets.find('builder'), code('CHANGES_MISSING'))
})

test('attributes of the user go along, those of the overlay do not', async (t) => {
  const { workspace, agent, apply, attributes } = workspaceExample(t)
  const set = await agent('echo a > a')
  const fd = openSync(join(set.upper, 'a'), 'r+')
  attributes.set(fd, 'user.note', Buffer.from('hello'))
  closeSync(fd)
  await apply(set)
  const out = openSync(join(workspace, 'a'), 'r')
  assert.equal(attributes.get(out, 'user.note')?.toString(), 'hello')
  assert.deepEqual(attributes.list(out), ['user.note'])
  closeSync(out)
})

test('marks of an overlay that are not understood keep all below them out', async (t) => {
  const { workspace, agent, apply, attributes, changes } = workspaceExample(t)
  writeFileSync(join(workspace, 'f'), 'f\n')
  const set = await agent('mkdir moved; echo a > moved/a; echo g >> f; echo ok > ok; echo w > w')
  const mark = (path: string, name: string, value: string): void => {
    const fd = openSync(join(set.upper, path), 'r')
    attributes.set(fd, name, Buffer.from(value))
    closeSync(fd)
  }
  mark('moved', 'user.overlay.redirect', '/elsewhere')
  mark('f', 'user.overlay.metacopy', '')
  mark('w', 'user.overlay.whiteout', 'y')
  const { report } = await changes.show(set)
  assert.deepEqual(brief(report.changes), [
    'f changed not-understood',
    'moved added not-understood',
    'moved/a added not-understood',
    'ok added',
    'w added not-understood',
  ])
  await apply(set)
  assert.equal(readFileSync(join(workspace, 'f'), 'utf8'), 'f\n')
  assert.ok(!existsSync(join(workspace, 'moved/a')))
})

test('root hands the layers to the user the agent runs as, and the files it writes are that user’s', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root runs agents as somebody else: NOT tried')
  const nobody = { uid: 65_534, gid: 65_534 }
  const { home, workspace, agent, apply, snapshots, sets } = workspaceExample(t, { runsAs: nobody })
  for (const place of [home, workspace]) chmodSync(place, 0o711)
  chownSync(workspace, nobody.uid, nobody.gid)
  chmodSync(workspace, 0o755)
  mkdirSync(join(home, 'merged'), { mode: 0o755 })
  writeFileSync(join(workspace, 'a'), 'a\n')
  chownSync(join(workspace, 'a'), nobody.uid, nobody.gid)
  const set = await agent('echo b >> a; mkdir d; echo c > d/c; test "$(id -u)" = 0')
  assert.ok(set.directory.startsWith(join(home, 'given')))
  assert.equal(statSync(set.directory).mode & 0o777, 0o711)
  assert.equal(statSync(join(set.directory, 'meta.json')).uid, 0)
  assert.equal(statSync(join(set.directory, 'base.zst')).mode & 0o777, 0o600)
  await assert.rejects(sets.open('builder', workspace, { uid: 0, gid: 0 }, NAMES), code('CHANGES_OTHER_USER'))
  const { snapshot } = await apply(set)
  for (const path of ['a', 'd', 'd/c']) assert.equal(statSync(join(workspace, path)).uid, nobody.uid, path)
  await snapshots.restore(snapshot, [])
  assert.equal(statSync(join(workspace, 'a')).uid, nobody.uid)
  assert.equal(readFileSync(join(workspace, 'a'), 'utf8'), 'a\n')
})
