import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Directory } from './directory.ts'

/** Deeper than a call stack goes, and than a process may hold descriptors. */
const LEVELS = 5000

test('a tree is removed however deep it is, with what is shut, not UTF-8 or a link in it', (t) => {
  const place = mkdtempSync(join(tmpdir(), 'warder-empty-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  const kept = join(place, 'kept')
  mkdirSync(kept)
  writeFileSync(join(kept, 'file'), 'stays')
  const top = join(place, 'top')
  mkdirSync(join(top, 'shut'), { recursive: true })
  writeFileSync(join(top, 'shut/file'), '')
  chmodSync(join(top, 'shut'), 0)
  mkdirSync(Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff, 0xfe])]))
  symlinkSync(kept, join(top, 'link'))
  const start = process.cwd()
  process.chdir(top)
  try {
    for (let i = 0; i < LEVELS; i++) {
      mkdirSync('d')
      process.chdir('d') // the whole path is longer than any call takes
    }
    writeFileSync('file', '')
  } finally {
    process.chdir(start)
  }
  const directory = Directory.open(place)
  try {
    directory.removeAll('top')
  } finally {
    directory.close()
  }
  assert.deepEqual(readdirSync(place), ['kept'])
  assert.deepEqual(readdirSync(kept), ['file'])
})
