import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { foreignMounts, leadsInto } from './mounts.ts'

const folder = mkdtempSync(join(tmpdir(), 'warder-mounts-'))
after(() => rmSync(folder, { recursive: true }))

function listOf(...lines: readonly string[]): string {
  const path = join(folder, 'mountinfo')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

test('what another program or machine answers for is known by its type, a disk and the kernel’s own are not', () => {
  const found = foreignMounts(
    listOf(
      '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      '30 27 0:22 / /sys/fs/fuse/connections rw shared:5 - fusectl fusectl rw',
      '40 27 0:50 / /home/a/far\\040away rw,nosuid shared:9 master:1 - fuse.sshfs a@b:/ rw,user_id=1000,group_id=1000',
      '41 27 0:51 / /mnt/nfs rw - nfs4 host:/x rw,vers=4.2',
      '42 27 0:52 / /mnt/hidden rw - cifs //host/x rw',
      '43 27 254:0 / /mnt/hidden rw - ext4 /dev/vda rw',
    ),
  )
  assert.deepEqual(
    [...found.values()],
    [
      { id: '40', path: '/home/a/far away', user: 1000 },
      { id: '41', path: '/mnt/nfs' },
    ],
  )
  assert.equal(foreignMounts(join(folder, 'nosuch')).size, 0)
})

test('links are followed to the border, whichever way they go', () => {
  const far = join(folder, 'far')
  const mounts = new Map([[far, { id: '1', path: far }]])
  mkdirSync(join(folder, 'near/deep'), { recursive: true })
  symlinkSync(`${far}/x`, join(folder, 'absolute'))
  symlinkSync('../../far', join(folder, 'near/deep/relative'))
  symlinkSync('deep', join(folder, 'near/down'))
  symlinkSync('circle', join(folder, 'circle'))
  const leads = (path: string) => leadsInto(join(folder, path), mounts)?.id
  for (const path of [
    'far',
    'far/a/b',
    'absolute',
    'near/deep/relative/a',
    'near/down/relative',
    'near/deep/../../far',
  ])
    assert.equal(leadsInto(`${folder}/${path}`, mounts)?.id, '1', path)
  for (const path of ['near', 'farther', 'circle/x', 'nosuch/x']) assert.equal(leads(path), undefined, path)
})
