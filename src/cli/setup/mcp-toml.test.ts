import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainOf } from '../../core/json-text.ts'
import { readTomlText, TomlError } from './mcp-toml.ts'

const read = (text: string): unknown => plainOf(readTomlText(text))

test('tables, keys and values of every form are read', () => {
  const text = `title = "a\\tb\\u00e9" # c
'quoted key'."x.y" = 'raw \\n'
[a.b]
long = """
one \\
   two"""
raw = '''
three'''
list = [ 1, [ "x", ], # comment
  { k = true, "l m" = [] } ]
[[a.c]]
at = 1979-05-27 07:32:00Z
[[a.c]]
n = -1_000.5e3
[a.c.inner]
z = false
`
  assert.deepEqual(read(text), {
    title: 'a\tbé',
    'quoted key': { 'x.y': 'raw \\n' },
    a: {
      b: { long: 'one two', raw: 'three', list: ['1', ['x'], { k: true, 'l m': [] }] },
      c: [{ at: '1979-05-27 07:32:00Z' }, { n: '-1_000.5e3', inner: { z: false } }],
    },
  })
})

test('what is not TOML, or says one thing twice, is refused with its line', () => {
  for (const text of [
    'a = "x',
    'a = 1\na = 2',
    'a = 1 b = 2',
    'a',
    '[a',
    '[a] x',
    'a = [1 2]',
    'a = { b = 1 c = 2 }',
    'a = "\\x"',
    'a = 1\n[a]\nb = 1',
    `a = ${'['.repeat(100)}`,
    'a = "\\U99999999"',
  ])
    assert.throws(() => read(text), TomlError, text)
  assert.throws(() => read('a = 1\nb = ['), /line 2/)
})

test('whatever the texts are, they come back as they were, and their places hold them', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.array(fc.string())), (servers) => {
      const text = Object.entries(servers)
        .map(([key, values]) => `${quoted(key)} = [${values.map(quoted).join(', ')}]\n`)
        .join('')
      const node = readTomlText(text)
      assert.deepEqual(plainOf(node), Object.fromEntries(Object.entries(servers)))
      for (const { value } of node.kind === 'object' ? node.members : [])
        assert.match(text.slice(value.start, value.end), /^\[[^]*\]$/)
    }),
  )
})

function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll('\u007f', '\\u007f')
}
