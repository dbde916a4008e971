import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapes } from './change.ts'
import { protectedMatcher } from './protected.ts'

const isProtected = protectedMatcher(['.git/', '.vscode/', '.github/hooks/', '.npmrc'])

test('a protected name is known at any depth and by every name a file system takes for it', () => {
  const same = [
    '.git',
    '.git/config',
    'sub/deep/.git/hooks/x',
    '.GIT/config',
    '.Git',
    '.g\u200cit/config',
    '.gi\u200dt',
    '.git ',
    '.git.',
    '.git::$INDEX_ALLOCATION/config',
    'git~1/config',
    '.\uff47it',
    '.VSCode/tasks.json',
    '.github/hooks/pre',
    'a/.GitHub/HOOKS',
    '.npmrc',
    '.gitmodules',
    'a/opencode.json',
    '.Cargo/Config.toml',
  ]
  for (const path of same) assert.ok(isProtected(path), path)
  const others = [
    'git',
    '.gitignore',
    '.github',
    '.github/workflows/ci.yml',
    'hooks/pre',
    'a.git',
    '.npmrcx',
    'x/npmrc',
    '.cargo/registry',
    'config.toml',
  ]
  for (const path of others) assert.ok(!isProtected(path), path)
})

test('a link escapes when it is absolute, climbs too far, or climbs after it went down', () => {
  const inside: [string, string][] = [
    ['a', 'b'],
    ['d/a', '../b'],
    ['d/e/a', '../../b/c'],
    ['a', './b//c'],
    ['a', '.'],
  ]
  for (const [path, target] of inside) assert.ok(!escapes(path, target), `${path} -> ${target}`)
  const outside: [string, string][] = [
    ['a', '/etc'],
    ['a', '..'],
    ['a', '../b'],
    ['d/a', '../../b'],
    ['a', 'b/../../c'],
    ['d/a', 'b/../c'],
  ]
  for (const [path, target] of outside) assert.ok(escapes(path, target), `${path} -> ${target}`)
})
