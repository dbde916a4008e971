import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { plantedAt } from './hook-planted.ts'

const work = realpathSync(mkdtempSync(join(tmpdir(), 'wp-')))
after(() => rmSync(work, { recursive: true }))
const isPlanted = (name: string) => plantedAt(join(work, name), work) !== undefined

test('what other programs obey is known at any depth, by any spelling a disk takes for it', () => {
  for (const name of [
    ...['.envrc', '.mcp.json', '.npmrc', '.husky/pre-commit', '.claude/settings.json', '.git', '.GIT/config'],
    ...['sub/.vscode/tasks.json', 'a/b/c/d/e/.git/config', '.git/modules/x/config', '.git/info/attributes'],
  ])
    assert.ok(isPlanted(name), name)
  for (const name of ['src/a.ts', 'git/config', 'HEAD', 'config', '.git/info/exclude', '.gitignore'])
    assert.ok(!isPlanted(name), name)
})

test('the file that makes a directory a repository is told, and what changes one that is', () => {
  mkdirSync(join(work, 'bare/refs'), { recursive: true })
  mkdirSync(join(work, 'bare/objects'))
  assert.ok(isPlanted('bare/HEAD'))
  assert.ok(!isPlanted('bare/config'), 'nothing to git yet')
  mkdirSync(join(work, 'bare/HEAD'))
  assert.ok(isPlanted('bare/config'))
  assert.ok(isPlanted('bare/hooks/post-checkout'))
})

test('a workspace that lies in a directory of such a name is one like any other', () => {
  const inner = '/home/u/project/.claude/worktrees/one'
  assert.equal(plantedAt(`${inner}/src/a.ts`, inner), undefined)
  assert.equal(plantedAt(`${inner}/.claude/settings.json`, inner)?.risk, 'high')
  assert.equal(plantedAt('/home/u/other/.vscode/tasks.json', inner)?.rule, 'hook.planted')
})
