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
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { workspaceExample } from './overlay.example.ts'

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted

test('a workspace goes back to what it was: contents, modes, links, times, attributes', async (t) => {
  const { workspace, snapshots, attributes } = workspaceExample(t)
  mkdirSync(join(workspace, 'd/deep'), { recursive: true })
  writeFileSync(join(workspace, 'd/deep/a'), 'a\n')
  writeFileSync(join(workspace, 'run'), '#!/bin/sh\n')
  chmodSync(join(workspace, 'run'), 0o750)
  symlinkSync('d/deep/a', join(workspace, 'l'))
  utimesSync(join(workspace, 'run'), 1_600_000_000, 1_600_000_000)
  const fd = openSync(join(workspace, 'run'), 'r')
  attributes.set(fd, 'user.note', Buffer.from('mine'))
  closeSync(fd)
  const taken = await snapshots.take(workspace, 'owner', 'before the experiment')
  assert.equal(taken.entries.length, 5)

  rmSync(join(workspace, 'd'), { recursive: true })
  writeFileSync(join(workspace, 'd'), 'a file now')
  rmSync(join(workspace, 'run'))
  rmSync(join(workspace, 'l'))
  symlinkSync('/etc', join(workspace, 'l'))
  mkdirSync(join(workspace, 'new'))
  writeFileSync(join(workspace, 'new/x'), 'x')
  assert.deepEqual(await snapshots.differences(taken.id, []), ['new', 'd', 'd/deep', 'd/deep/a', 'l', 'run'])

  const { before } = await snapshots.restore(taken.id, [])
  assert.deepEqual(readdirSync(workspace), ['d', 'l', 'run'])
  assert.equal(readFileSync(join(workspace, 'd/deep/a'), 'utf8'), 'a\n')
  assert.equal(readlinkSync(join(workspace, 'l')), 'd/deep/a')
  const run = statSync(join(workspace, 'run'))
  assert.equal(run.mode & 0o777, 0o750)
  assert.equal(run.mtimeMs, 1_600_000_000_000)
  const again = openSync(join(workspace, 'run'), 'r')
  assert.equal(attributes.get(again, 'user.note')?.toString(), 'mine')
  closeSync(again)

  // a return can be undone as well
  await snapshots.restore(before ?? '', [])
  assert.equal(readFileSync(join(workspace, 'd'), 'utf8'), 'a file now')
  assert.equal(readFileSync(join(workspace, 'new/x'), 'utf8'), 'x')
})

test('one path goes back, and the others stay', async (t) => {
  const { workspace, snapshots } = workspaceExample(t)
  for (const name of ['a', 'b']) writeFileSync(join(workspace, name), 'old')
  const { id } = await snapshots.take(workspace, 'owner', '')
  for (const name of ['a', 'b']) writeFileSync(join(workspace, name), 'new')
  writeFileSync(join(workspace, 'c'), 'new')
  assert.deepEqual((await snapshots.restore(id, ['a'])).changed, ['a'])
  assert.equal(readFileSync(join(workspace, 'a'), 'utf8'), 'old')
  assert.equal(readFileSync(join(workspace, 'b'), 'utf8'), 'new')
  assert.ok(existsSync(join(workspace, 'c')))
  assert.deepEqual((await snapshots.restore(id, ['a'])).changed, [])
})

test('a file whose content stayed gets back what else was changed about it', async (t) => {
  const { workspace, snapshots, attributes } = workspaceExample(t)
  const at = (name: string): string => join(workspace, name)
  const mark = (name: string, value: string): void => {
    const fd = openSync(at(name), 'r')
    attributes.set(fd, 'user.note', Buffer.from(value))
    closeSync(fd)
  }
  const noted = (name: string): string | undefined => {
    const fd = openSync(at(name), 'r')
    try {
      return attributes.get(fd, 'user.note')?.toString()
    } finally {
      closeSync(fd)
    }
  }
  for (const name of ['changed', 'added', 'mode', 'same']) writeFileSync(at(name), 'text')
  for (const name of ['changed', 'same']) mark(name, 'mine')
  const { id } = await snapshots.take(workspace, 'owner', '')
  mark('changed', 'theirs')
  mark('added', 'theirs')
  chmodSync(at('mode'), 0o777)
  utimesSync(at('same'), 1_600_000_000, 1_600_000_000)
  assert.deepEqual(await snapshots.differences(id, []), ['added', 'changed', 'mode'])
  await snapshots.restore(id, [])
  assert.deepEqual(['changed', 'added', 'same'].map(noted), ['mine', undefined, 'mine'])
  assert.equal(statSync(at('mode')).mode & 0o777, 0o644)
  assert.deepEqual(await snapshots.differences(id, []), [])
})

test('a file given to somebody else is given back by who can', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can give files away: NOT tried')
  const { workspace, snapshots } = workspaceExample(t, { runsAs: { uid: 1000, gid: 1000 } })
  writeFileSync(join(workspace, 'a'), 'text')
  const { id } = await snapshots.take(workspace, 'owner', '')
  chownSync(join(workspace, 'a'), 1000, 1000)
  await snapshots.restore(id, [])
  assert.equal(statSync(join(workspace, 'a')).uid, 0)
})

test('a path that a snapshot says nothing of is refused, and one made since is not', async (t) => {
  const { workspace, snapshots } = workspaceExample(t)
  mkdirSync(join(workspace, 'd'))
  writeFileSync(join(workspace, 'd/a'), 'a')
  const whole = await snapshots.take(workspace, 'owner', '')
  const part = await snapshots.takePaths(workspace, ['d', 'gone'], 'before-apply', '')
  mkdirSync(join(workspace, 'new'))
  writeFileSync(join(workspace, 'new/x'), 'x')
  writeFileSync(join(workspace, 'gone'), 'x')
  for (const [id, path] of [
    [whole.id, 'typo'],
    [whole.id, 'd/typo'],
    [part.id, 'typo'],
    [part.id, 'new'],
  ] as const)
    await assert.rejects(snapshots.restore(id, [path]), code('CHANGE_UNKNOWN'), path)
  assert.deepEqual((await snapshots.restore(part.id, ['d/a'])).changed, [])
  assert.deepEqual((await snapshots.restore(part.id, ['gone'])).changed, ['gone'])
  assert.deepEqual((await snapshots.restore(whole.id, ['new'])).changed, ['new'])
  assert.ok(!existsSync(join(workspace, 'new')) && !existsSync(join(workspace, 'gone')))
})

test('a link that stands where a directory was is replaced, never followed', async (t) => {
  const { home, workspace, snapshots } = workspaceExample(t)
  mkdirSync(join(workspace, 'd'))
  writeFileSync(join(workspace, 'd/a'), 'inside')
  const { id } = await snapshots.take(workspace, 'owner', '')
  mkdirSync(join(home, 'outside'))
  writeFileSync(join(home, 'outside/a'), 'outside')
  rmSync(join(workspace, 'd'), { recursive: true })
  symlinkSync(join(home, 'outside'), join(workspace, 'd'))
  await snapshots.restore(id, [])
  assert.equal(readFileSync(join(home, 'outside/a'), 'utf8'), 'outside')
  assert.ok(statSync(join(workspace, 'd')).isDirectory())
  assert.equal(readFileSync(join(workspace, 'd/a'), 'utf8'), 'inside')
})

test('the same content is kept once, what did not change is not read again, and nobody else can look', async (t) => {
  const { home, workspace, snapshots } = workspaceExample(t)
  const noise = randomBytes(300_000)
  for (const name of ['a', 'b']) writeFileSync(join(workspace, name), noise)
  await snapshots.take(workspace, 'owner', '')
  const size = snapshots.sizeBytes()
  assert.ok(size < 310_000, `${size}`)
  await snapshots.take(workspace, 'owner', '')
  assert.equal(snapshots.sizeBytes(), size)
  assert.equal(statSync(join(home, 'state/snapshots')).mode & 0o777, 0o700)
  assert.equal(statSync(join(home, 'state/snapshots/objects')).mode & 0o777, 0o700)
  writeFileSync(join(workspace, 'a'), randomBytes(300_000))
  const third = await snapshots.take(workspace, 'owner', '')
  assert.ok(snapshots.sizeBytes() > size)
  await snapshots.drop(third.id)
  assert.equal(snapshots.sizeBytes(), size)
})

test('a large file is kept whole', async (t) => {
  const { workspace, snapshots } = workspaceExample(t)
  const noise = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(5_000_000)])
  writeFileSync(join(workspace, 'large'), noise)
  const { id } = await snapshots.take(workspace, 'owner', '')
  writeFileSync(join(workspace, 'large'), 'small')
  await snapshots.restore(id, [])
  assert.ok(readFileSync(join(workspace, 'large')).equals(noise))
})

test('above its limit the store takes nothing, says so, and keeps what it had', async (t) => {
  const { workspace, snapshots } = workspaceExample(t, { mostBytes: 200_000 })
  writeFileSync(join(workspace, 'a'), randomBytes(100_000))
  const { id } = await snapshots.take(workspace, 'owner', '')
  const size = snapshots.sizeBytes()
  writeFileSync(join(workspace, 'b'), randomBytes(150_000))
  await assert.rejects(snapshots.take(workspace, 'owner', ''), code('SNAPSHOT_FULL'))
  assert.equal(snapshots.sizeBytes(), size)
  assert.deepEqual(
    snapshots.list().map((each) => each.id),
    [id],
  )
})

test('those taken by themselves are forgotten when there are too many, the owner’s own never', async (t) => {
  const { workspace, snapshots } = workspaceExample(t, { keep: 2 })
  const own = await snapshots.take(workspace, 'owner', 'mine')
  const ids: string[] = []
  for (let at = 0; at < 4; at += 1) {
    writeFileSync(join(workspace, 'a'), `${at}`)
    ids.push((await snapshots.takePaths(workspace, ['a'], 'before-apply', '')).id)
  }
  assert.deepEqual(
    snapshots.list().map(({ id }) => id),
    [ids[3], ids[2], own.id],
  )
})

test('before a run one is taken only where nobody has to wait for it', async (t) => {
  const { workspace, snapshots } = workspaceExample(t)
  writeFileSync(join(workspace, 'a'), 'a')
  assert.ok((await snapshots.takeIfCheap(workspace, 'before a run')) !== undefined)
  writeFileSync(join(workspace, 'large'), Buffer.alloc(33 * 1024 * 1024))
  assert.equal(await snapshots.takeIfCheap(workspace, 'before a run'), undefined)
})

test('a damaged content or list is found, and the workspace is left as it is', async (t) => {
  const { home, workspace, snapshots } = workspaceExample(t)
  writeFileSync(join(workspace, 'a'), 'a')
  const { id, entries } = await snapshots.take(workspace, 'owner', '')
  const digest = entries[0]?.digest ?? ''
  const path = join(home, 'state/snapshots/objects', digest.slice(0, 2), digest)
  writeFileSync(join(workspace, 'a'), 'bb')
  const { zstdCompressSync } = await import('node:zlib')
  writeFileSync(path, zstdCompressSync('other'))
  await assert.rejects(snapshots.restore(id, []), code('SNAPSHOT_DAMAGED'))
  assert.equal(readFileSync(join(workspace, 'a'), 'utf8'), 'bb')
  writeFileSync(join(home, `state/snapshots/${id}.zst`), 'no')
  assert.throws(() => snapshots.get(id), code('SNAPSHOT_DAMAGED'))
  assert.throws(() => snapshots.get('nothing'), code('SNAPSHOT_MISSING'))
})

test('pipes are named, not read, and a file exchanged for one meanwhile does not hold anybody', async (t) => {
  const { workspace, snapshots } = workspaceExample(t)
  execFileSync('mkfifo', [join(workspace, 'pipe')])
  writeFileSync(join(workspace, 'a'), 'a')
  const taken = await snapshots.take(workspace, 'owner', '')
  assert.deepEqual(taken.left, ['pipe'])
  assert.deepEqual(
    taken.entries.map(({ path }) => path),
    ['a'],
  )
  renameSync(join(workspace, 'pipe'), join(workspace, 'a'))
  await snapshots.restore(taken.id, [])
  assert.equal(readFileSync(join(workspace, 'a'), 'utf8'), 'a')
})
