import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deedsOf, type Deed } from './deed.ts'

const paths = (tool: string, input: Record<string, unknown>) =>
  deedsOf({ tool, input }).map((deed: Deed) => ('path' in deed ? deed.path : `${deed.kind}`))

test('what stands under another name for the same thing counts too: which one is taken nobody here knows', () => {
  assert.deepEqual(paths('read_file', { file_path: '/w/a', filePath: '/home/u/key' }), [
    '/w/a',
    '/home/u/key',
  ])
  assert.deepEqual(paths('Write', { path: '/x', file_path: '/w/a' }), ['/w/a', '/x'])
  assert.deepEqual(
    deedsOf({ tool: 'Bash', input: { command: 'ls', cmd: 'rm -rf /' } }),
    ['ls', 'rm -rf /'].map((text) => ({ kind: 'command', text })),
  )
  const patch = (path: string) => `*** Begin Patch\n*** Add File: ${path}\n+x\n*** End Patch`
  assert.deepEqual(paths('apply_patch', { command: patch('a'), input: patch('b') }), ['a', 'b'])
  assert.deepEqual(paths('mcp__x__y', { command: 'ls', cmd: 'id' }), ['tool', 'command', 'command'])
  assert.throws(
    () => deedsOf({ tool: 'Read', input: { file_path: '/w/a', path: { to: '/x' } } }),
    /not a text/,
  )
})

test('a header with room around it, in other letters or with an odd path is one to whoever applies the patch', () => {
  const patch =
    '*** Add File: a\n+x\n  *** Add File: b \r\n***\tdelete file: c\n*** Move to: d\u2028e\n*** Add File: f\rg'
  assert.deepEqual(
    deedsOf({ tool: 'apply_patch', input: { input: patch } }).map((deed) => Object.values(deed).slice(1)),
    [
      ['write', 'a'],
      ['write', 'b'],
      ['delete', 'c'],
      ['write', 'd\u2028e'],
      ['write', 'f\rg'],
    ],
  )
})

test('a pattern that climbs or begins anew behind its first wildcard may end anywhere', () => {
  assert.deepEqual(paths('Glob', { pattern: 'src/**/*.ts' }), ['src/'])
  assert.deepEqual(paths('Grep', { pattern: 'a/../b', path: '/w', glob: '*.{ts,tsx}' }), ['/w'])
  for (const pattern of ['*/../../.ssh/*', '{/etc/passwd,a}', '{a,~/x}', 's{..,a}/b', '[a]/..'])
    assert.deepEqual(paths('Glob', { pattern }), ['/'], pattern)
  assert.deepEqual(paths('grep_search', { query: 'x', includePattern: '/etc/**' }), ['/etc/'])
})
