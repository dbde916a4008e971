import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openGroups } from './supervisor-group.ts'

// The kernel's files are plain files here; what they do in a real delegated group is systemd's and the kernel's.

function group(t: TestContext, procs: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'cgroup.procs'), procs)
  return directory
}

const read = (...path: string[]) => readFileSync(join(...path), 'utf8')

test('alone in its group the supervisor steps aside, and each daemon gets a group with the controllers turned on', (t) => {
  const own = group(t, '41\n')
  const groups = openGroups(own, 41)
  assert.ok(groups !== undefined)
  assert.equal(read(own, 'watcher', 'cgroup.procs'), '41')
  groups.place(42)
  assert.equal(read(own, 'daemon-1', 'cgroup.procs'), '42')
  assert.equal(read(own, 'cgroup.subtree_control'), '+pids', 'the last of the three that were written')
  rmSync(join(own, 'daemon-1', 'cgroup.procs')) // the kernel's files do not keep a group from being removed
  mkdirSync(join(own, 'daemon-1', 'supervisor'))
  groups.place(43)
  assert.equal(read(own, 'daemon-2', 'cgroup.procs'), '43')
  assert.ok(!existsSync(join(own, 'daemon-1')), 'what the last one left is gone')
})

test('in a group with others, or in none, nothing is touched', (t) => {
  const shared = group(t, '41\n77\n')
  assert.equal(openGroups(shared, 41), undefined)
  assert.ok(!existsSync(join(shared, 'watcher')))
  assert.equal(openGroups(join(shared, 'missing'), 41), undefined)
})
