import assert from 'node:assert/strict'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostDisk, refuseFullDisk, refuseTooLarge, type Disk } from './disk.ts'
import { workspaceExample } from './overlay.example.ts'

const MIB = 1024 ** 2
const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted

function place(t: { after(fn: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'wd-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test('what trees take is what they take on disk: links are not followed, a file of two names counts once', async (t) => {
  const root = place(t)
  const [one, other] = [join(root, 'one'), join(root, 'other')]
  mkdirSync(join(one, 'deep/er'), { recursive: true })
  mkdirSync(other)
  const empty = await hostDisk.usedBytes([one, other])
  writeFileSync(join(one, 'deep/er/file'), Buffer.alloc(3 * MIB, 'x'))
  linkSync(join(one, 'deep/er/file'), join(other, 'again'))
  symlinkSync('/usr', join(other, 'far'))
  writeFileSync(join(other, '\n9\ttotal'), '')
  writeFileSync(join(other, 'hollow'), '')
  truncateSync(join(other, 'hollow'), 500 * MIB)
  const grown = (await hostDisk.usedBytes([one, other])) - empty
  assert.ok(grown >= 3 * MIB && grown < 4 * MIB, `${grown}`)
  assert.ok((await hostDisk.usedBytes([one])) >= 3 * MIB)
  await assert.rejects(hostDisk.usedBytes(['\0']))
})

test('a tree deeper than any path is measured as well', async (t) => {
  const { agent, workspace } = workspaceExample(t)
  const set = await agent(
    `perl -e 'for (1..1500) { mkdir "directory"; chdir "directory" or die } open F, ">bottom"; print F "x" x 3_000_000'`,
  )
  assert.ok((await hostDisk.usedBytes([set.upper])) >= 3_000_000)
  assert.ok((await hostDisk.usedBytes([workspace])) < 1_000_000)
})

test('what is not made yet lies on the disk of what holds it', (t) => {
  const root = place(t)
  const { blocks, bsize } = statfsSync(root)
  assert.equal(hostDisk.totalBytes(join(root, 'not/yet/there')), blocks * bsize)
  assert.ok(hostDisk.freeBytes(join(root, 'not/yet')) > 0)
  assert.ok(hostDisk.freeBytes(root) <= hostDisk.totalBytes(root))
})

test('a limit is what may be reached, and a byte more is refused with what to do', async () => {
  const disk = (free: number, used: number): Disk => ({
    freeBytes: () => free,
    totalBytes: () => 1000 * MIB,
    usedBytes: async () => used,
  })
  const limits = { mostLayerBytes: 10 * MIB, leastFreeBytes: 5 * MIB }
  refuseFullDisk(disk(5 * MIB, 0), '/x', limits)
  assert.throws(() => refuseFullDisk(disk(5 * MIB - 1, 0), '/x', limits), code('WORKSPACE_NO_ROOM'))
  await refuseTooLarge(disk(0, 10 * MIB), ['/x'], 'builder', limits)
  await assert.rejects(refuseTooLarge(disk(0, 10 * MIB + 1), ['/x'], 'builder', limits), (error: Error) => {
    assert.ok(code('CHANGES_TOO_LARGE')(error))
    return /10 MiB/.test(error.message)
  })
})

test('a snapshot needs room, and one that keeps the way out of a full disk open does not', async (t) => {
  const checkRoom = (): never => {
    throw Object.assign(new Error('full'), { code: 'WORKSPACE_NO_ROOM' })
  }
  const { workspace, snapshots, agent, apply } = workspaceExample(t, { checkRoom })
  writeFileSync(join(workspace, 'a'), 'old')
  await assert.rejects(snapshots.take(workspace, 'owner', ''), code('WORKSPACE_NO_ROOM'))
  await assert.rejects(snapshots.takeIfCheap(workspace, ''), code('WORKSPACE_NO_ROOM'))
  assert.deepEqual(snapshots.list(), [])
  const { snapshot } = await apply(await agent('echo new > a'))
  await snapshots.restore(snapshot, [])
})
