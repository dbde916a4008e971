import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import type { TestContext } from 'node:test'

/** A disk of 8 MB is mounted on the directory while `use` runs; the test is skipped where none can be. */
export async function onSmallDisk(
  t: TestContext,
  directory: string,
  use: () => Promise<void>,
): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', directory])
  if (mounted.status !== 0) return t.skip('no disk can be mounted here: a full disk was NOT tried')
  try {
    await use()
  } finally {
    spawnSync('umount', ['-l', directory]) // before the house is taken down around it
  }
}

/** Writes to `path` until not one byte more fits on the disk. */
export function fillUp(path: string): void {
  const fd = openSync(path, 'w')
  try {
    for (let size = 65_536; size >= 1; size >>= 1) writeAll(fd, Buffer.alloc(size))
  } finally {
    closeSync(fd)
  }
}

function writeAll(fd: number, block: Buffer): void {
  try {
    for (;;) if (writeSync(fd, block) < block.length) return
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  }
}
