import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oddCharacter, parseCommand, type CommandSegment } from './parse.ts'

function segments(text: string): readonly CommandSegment[] {
  const parsed = parseCommand(text)
  assert.ok(parsed.parsable, text)
  return parsed.segments
}

const words = ({ program, args }: CommandSegment) =>
  [program, ...args].map(({ kind, text }) => `${kind}:${text}`)

test('quotes are taken off, and what only the shell knows stays as it was written', () => {
  const [only] = segments('git commit -m "a b" $x \'$y\' $(date) *.ts ~/z')
  assert.deepEqual(words(only!), [
    'literal:git',
    'literal:commit',
    'literal:-m',
    'literal:a b',
    'dynamic:$x',
    'literal:$y',
    'dynamic:$(date)',
    'dynamic:*.ts',
    'dynamic:~/z',
  ])
})

test('every simple command is a segment, wherever it stands, with its place in the text', () => {
  const text = 'a | b && c; if d; then e $(f); fi'
  const found = segments(text)
  assert.deepEqual(
    found.map(({ program }) => program.text),
    ['a', 'b', 'c', 'd', 'e', 'f'],
  )
  for (const { span, program } of found) assert.ok(text.slice(span.start, span.end).startsWith(program.text))
})

test('redirections and assignments stand apart from the words', () => {
  const [only] = segments('X=1 Y=$z cmd > out 2>&1 <<< "in"')
  assert.deepEqual(only!.assignments, [
    { name: 'X', value: { kind: 'literal', text: '1' } },
    { name: 'Y', value: { kind: 'dynamic', text: '$z' } },
  ])
  assert.deepEqual(
    only!.redirects.map(({ operator, descriptor, target }) => [operator, descriptor, target.text]),
    [
      ['>', undefined, 'out'],
      ['>&', 2, '1'],
      ['<<<', undefined, 'in'],
    ],
  )
})

test('flat is only what calls programs one after the other', () => {
  const isFlat = (text: string) => {
    const parsed = parseCommand(text)
    return parsed.parsable && parsed.isFlat
  }
  for (const text of ['a', 'a | b', 'a && b || c', 'a; b', 'a > f']) assert.equal(isFlat(text), true, text)
  const others = [
    'a &',
    '(a)',
    '{ a; }',
    'a $(b)',
    'a <(b)',
    'for x in y; do a; done',
    'f() { a; }',
    '[[ -f x ]]',
  ]
  for (const text of others) assert.equal(isFlat(text), false, text)
})

test('what cannot be read, or does not look like what it is, has no segments', () => {
  const texts = [
    'echo "',
    'a )',
    'ls\r',
    'ls\0',
    'ls\u200b',
    `${'('.repeat(60)}a`,
    `echo ${'a'.repeat(65_536)}`,
  ]
  for (const text of texts) {
    const parsed = parseCommand(text)
    assert.equal(parsed.parsable, false, text.slice(0, 20))
    if (!parsed.parsable) assert.match(parsed.reason, /\S{3}/)
  }
  assert.equal(oddCharacter('a\u202eb'), 'U+202E')
  assert.equal(oddCharacter('plain\ttext\n'), undefined)
})
