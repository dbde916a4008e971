import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isAtLeast } from '../../../core/risk.ts'
import { rateCommand } from './index.ts'
import { RULES } from './rules/index.ts'
import { table } from './table.ts'

const CONTEXT = { home: '/home/dev', cwd: '/home/dev/work', workspace: '/home/dev/work' }

function vectors(name: string): string[] {
  const lines = readFileSync(new URL(`../../../../test/vectors/${name}.txt`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
  assert.ok(lines.length > 100, `${name} is all but empty`)
  return lines
}

const says = (id: string, text: string): boolean =>
  rateCommand(text, CONTEXT).reasons.some(({ rule }) => rule === id)

test('every rule speaks of a command it is about and is silent about one it is not', () => {
  const examples = new Map(
    vectors('command-rules').map((line) => {
      const [id = '', hit = '', miss = ''] = line.split(' :: ')
      return [id, { hit, miss }]
    }),
  )
  const wrong = RULES.flatMap(({ id }) => {
    const example = examples.get(id)
    if (example === undefined || example.hit === '' || example.miss === '') return [`${id} has no example`]
    return [
      ...(says(id, example.hit) ? [] : [`${id} is silent about: ${example.hit}`]),
      ...(says(id, example.miss) ? [`${id} speaks of: ${example.miss}`] : []),
    ]
  })
  assert.deepEqual(wrong, [])
  const ids = new Set(RULES.map(({ id }) => id))
  assert.equal(ids.size, RULES.length, 'an id is used twice')
  assert.deepEqual(
    [...examples.keys()].filter((id) => !ids.has(id)),
    [],
    'examples of rules that are no more',
  )
})

test('programs made to run a shell or to read what is closed are high at least', () => {
  const missed = vectors('command-tricks').filter(
    (text) => !isAtLeast(rateCommand(text, CONTEXT).risk, 'high'),
  )
  assert.deepEqual(missed, [])
})

test('what people type all day is not high', () => {
  const high = vectors('command-ordinary').filter((text) =>
    isAtLeast(rateCommand(text, CONTEXT).risk, 'high'),
  )
  assert.deepEqual(high, [])
})

test('a line of a table that is no rule ends the program', () => {
  for (const line of ['x', 'a.b :: grave :: prog :: note', 'a.b :: high :: prog :: wha t :: note']) {
    assert.throws(() => table(line), SyntaxError, line)
  }
})
