import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { plainText } from './plain-text.ts'

const folder = mkdtempSync(join(tmpdir(), 'warder-text-'))
after(() => rmSync(folder, { recursive: true }))

test('of a long file both ends are read: filling pushes nothing out of sight', () => {
  const path = join(folder, 'long.sh')
  writeFileSync(path, `echo first\n${'# filling\n'.repeat(300_000)}echo last\n`)
  const text = plainText(path, 1024 * 1024) ?? ''
  assert.ok(text.startsWith('echo first\n') && text.endsWith('echo last\n'))
  assert.ok(text.length < 1_100_000)
})

test('what is no plain file, or is not there, has no text', () => {
  assert.equal(plainText(folder, 100), undefined)
  assert.equal(plainText(join(folder, 'nosuch'), 100), undefined)
})
