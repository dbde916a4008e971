import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isBelow, isTwisted } from './mcp-paths.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-paths-')))
after(() => rmSync(home, { recursive: true }))
const workspace = join(home, 'work')
const place = { cwd: workspace, workspace, home }
mkdirSync(join(workspace, 'out/deep'), { recursive: true })
mkdirSync(join(home, 'other/inner'), { recursive: true })
symlinkSync(join(home, 'other/inner'), join(workspace, 'out/link'))

test('up behind a link is somewhere else than it reads, and is told', () => {
  // to the system the first is other/x, to who reads it out/x
  for (const path of [
    'out/link/../x',
    `${workspace}/out/link/../x`,
    'file:///' + `${workspace}/out/link/%2e%2e/x`.slice(1),
  ])
    assert.equal(isTwisted(path, place), true, path)
  assert.equal(isTwisted('~/work/out/link/../x', place), true)
  for (const path of ['out/deep/../x', '../x', 'out/../out/x', 'out/link/x', 'nowhere/../x', 'a..b/c'])
    assert.equal(isTwisted(path, place), false, path)
  assert.equal(isTwisted('out/link/./../x', place), true)
})

test('below a folder is where the links lead, not what is written', () => {
  assert.equal(isBelow('out/deep/x', ['out'], place), true)
  assert.equal(isBelow('out/link/x', ['out'], place), false)
  assert.equal(isBelow('out/../x', ['out'], place), false)
  assert.equal(isBelow('outer/x', ['out'], place), false)
})
