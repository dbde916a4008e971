import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { digest, subject } from './fixture.test-kit.ts'
import { matches, narrowest, patternText, withHoles } from './pattern.ts'
import type { Subject } from './subject.ts'

const LOG = subject('/usr/bin/git', ['log', '-n', '5', 'src/a.ts'])
const PATTERN = narrowest(LOG)!

function piped(...segments: readonly (readonly [string, ...string[]])[]): Subject {
  const all = segments.map(([program, ...args]) => subject(program, args).segments[0]!)
  return { ...subject('/bin/sh'), segments: all, glue: segments.slice(1).map(() => '|') }
}

test('the narrowest pattern is the command itself, and nothing beside it', () => {
  assert.ok(matches(PATTERN, LOG))
  const others: Subject[] = [
    subject('/usr/bin/git', ['log', '-n', '6', 'src/a.ts']),
    subject('/usr/bin/git', ['log', '-n', '5']),
    subject('/usr/bin/git', ['log', '-n', '5', 'src/a.ts', '--output=x']),
    subject('/usr/bin/git', ['LOG', '-n', '5', 'src/a.ts']),
    subject('/usr/local/bin/git', ['log', '-n', '5', 'src/a.ts']),
    { ...LOG, cwd: '/work/src' },
    { ...LOG, cwd: '/workshop' },
    { ...LOG, workspace: '/other' },
    { ...LOG, profile: 'agent' },
    { ...LOG, notStanding: 'because' },
  ]
  for (const other of others) assert.ok(!matches(PATTERN, other), JSON.stringify(other))
})

test('a program that changed, or cannot be read, is another one', () => {
  const changed = LOG.segments.map((each) => ({
    ...each,
    seals: [{ path: each.program, sha256: digest('other') }],
  }))
  assert.ok(!matches(PATTERN, { ...LOG, segments: changed }))
  const unread = { ...LOG, segments: LOG.segments.map((each) => ({ ...each, seals: [] })) }
  assert.ok(!matches(PATTERN, unread))
  assert.equal(narrowest(unread), undefined)
})

test('every segment of a pipeline must match, in order, joined the same way', () => {
  const command = piped(['/bin/cat', 'a'], ['/usr/bin/sort', '-u'])
  const pattern = narrowest(command)!
  assert.ok(matches(pattern, command))
  assert.ok(!matches(pattern, piped(['/bin/cat', 'a'])))
  assert.ok(!matches(pattern, piped(['/usr/bin/sort', '-u'], ['/bin/cat', 'a'])))
  assert.ok(!matches(pattern, piped(['/bin/cat', 'a'], ['/usr/bin/sort', '-u'], ['/usr/bin/nc', 'host'])))
  assert.ok(!matches(pattern, piped(['/bin/cat', 'b'], ['/usr/bin/sort', '-u'])))
  assert.ok(!matches(pattern, { ...command, glue: ['&&'] }))
})

const HOLED = withHoles(
  PATTERN,
  [
    { segment: 0, argument: 2, hole: 'number' },
    { segment: 0, argument: 3, hole: 'path' },
  ],
  true,
)

test('a hole takes what is of its kind below the workspace, never an option', () => {
  const holds = (number: string, path: string, cwd = '/work') =>
    matches(HOLED, { ...subject('/usr/bin/git', ['log', '-n', number, path]), cwd })
  for (const [number, path] of [
    ['1', 'x'],
    ['99', 'a/b/../c'],
    ['5', '/work/deep/x'],
  ] as const) {
    assert.ok(holds(number, path), `${number} ${path}`)
  }
  for (const [number, path] of [
    ['-1', 'x'],
    ['1e9', 'x'],
    ['$(id)', 'x'],
    ['1', '../x'],
    ['1', '/etc/passwd'],
    ['1', '/work/../etc/passwd'],
    ['1', '/workshop/x'],
    ['1', '--output=x'],
    ['1', '-x'],
    ['1', ''],
    ['1', '.'],
    ['1', '*'],
    ['1', 'a\u202eb'],
    ['1', '~/x'],
    ['1', 'a=b'],
  ] as const) {
    assert.ok(!holds(number, path), `${number} ${path}`)
  }
  assert.ok(holds('1', 'x', '/work/sub'), 'below was asked for')
  const linked = subject('/usr/bin/git', ['log', '-n', '5', 'link/x'])
  const leaving = { ...linked, segments: linked.segments.map((each) => ({ ...each, leaving: [3] })) }
  assert.ok(!matches(HOLED, leaving), 'a link out of the workspace')
})

test('a hole is made only where something of its kind stands, and only once', () => {
  const hole = (argument: number, kind: 'path' | 'number' | 'hash' | 'word') => () =>
    withHoles(PATTERN, [{ segment: 0, argument, hole: kind }], false)
  assert.throws(hole(0, 'number'), { code: 'ALLOWANCE_INVALID' })
  assert.throws(hole(1, 'word'), { code: 'ALLOWANCE_INVALID' }, 'an option is never a hole')
  assert.throws(hole(9, 'word'), { code: 'ALLOWANCE_INVALID' })
  assert.throws(() => withHoles(PATTERN, [{ segment: 3, argument: 0, hole: 'word' }], false), {
    code: 'ALLOWANCE_INVALID',
  })
  assert.match(patternText(HOLED), /\/usr\/bin\/git log -n <number> <path>, in \/work and below/)
})

test('no words make a holed pattern take an option or lead out of the workspace', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.constantFrom('..', '/', '-', '--', '\0', '../..', '/work/..')),
      fc.string(),
      (a, b) => {
        const path = a + b
        const isTaken = matches(HOLED, subject('/usr/bin/git', ['log', '-n', '5', path]))
        if (isTaken) assert.ok(!path.startsWith('-') && resolve('/work', path).startsWith('/work/'))
      },
    ),
    { numRuns: 2000 },
  )
})
