import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { matches } from './match.ts'
import { referenceMatches } from './match.reference.ts'
import { compilePattern } from './pattern.ts'
import { PatternIndex } from './pattern-index.ts'
import { Scan } from './scan.ts'
import { covers } from './covers.ts'
import type { Capability, ResourceKind } from '../../core/capability.ts'

const NAMESPACE = { path: 'fs', endpoint: 'net', name: 'tool' } as const

function capability(kind: ResourceKind, pattern: string): Capability {
  return { namespace: NAMESPACE[kind], verb: '*', pattern }
}

function isMatch(kind: ResourceKind, pattern: string, resource: string): boolean {
  const scan = new Scan()
  assert.equal(scan.read(kind, resource, true), undefined, resource)
  return matches(compilePattern(capability(kind, pattern)), scan)
}

const component = fc
  .oneof(
    fc.constantFrom('a', 'b', 'ab', 'ba', 'aab', '.a', 'a.b'),
    fc.string({ unit: fc.constantFrom('a', 'b', '.', 'é'), minLength: 3, maxLength: 5 }),
  )
  .filter((text) => !/^\.\.?$/.test(text))
const part = fc.oneof(component, fc.constantFrom('*', '**', '*a', 'a*', '*a*b', 'a*b', '*.b'))
const parts = fc
  .array(part, { minLength: 1, maxLength: 5 })
  .filter((list) => list.every((text, i) => text !== '**' || list[i + 1] !== '**'))
  .filter((list) => (list.join('/').match(/\*+/g) ?? []).length <= 8)
const label = fc.constantFrom('a', 'b', 'ab', 'x1', 'org')
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const port = fc.constantFrom('', ':1', ':80', ':443', ':8080')
const anyPair: fc.Arbitrary<[ResourceKind, string, string]> = fc.oneof(
  fc.tuple(
    fc.constant('path' as const),
    parts.map((list) => `/${list.join('/')}`),
    fc.array(component, { maxLength: 5 }).map((list) => `/${list.join('/')}`),
  ),
  fc.tuple(
    fc.constant('name' as const),
    parts.map((list) => list.join('/')),
    fc.array(component, { minLength: 1, maxLength: 5 }).map((list) => list.join('/')),
  ),
  fc.tuple(
    fc.constant('endpoint' as const),
    fc
      .tuple(
        fc.oneof(
          host,
          host.map((name) => `*.${name}`),
          fc.constant('**'),
        ),
        fc.oneof(port, fc.constantFrom(':*', ':80,443', ':1-100')),
      )
      .map((two) => two.join('')),
    fc.tuple(host, port).map((two) => two.join('')),
  ),
)

test('the matcher and the index agree with a slow matcher that shares nothing with them, on 100,000 pairs', () => {
  const counts = { yes: 0, no: 0 }
  const scan = new Scan()
  fc.assert(
    fc.property(anyPair, ([kind, pattern, resource]) => {
      assert.equal(scan.read(kind, resource, true), undefined)
      const compiled = compilePattern(capability(kind, pattern))
      const expected = referenceMatches(kind, pattern, resource)
      assert.equal(matches(compiled, scan), expected, `${pattern} on ${resource}`)
      const index = new PatternIndex<string>()
      index.add(compiled, 'it')
      assert.equal(index.find(scan, [], 0), expected ? 1 : 0, `index: ${pattern} on ${resource}`)
      counts[expected ? 'yes' : 'no']++
    }),
    { numRuns: 100_000 },
  )
  assert.ok(counts.yes > 5000 && counts.no > 5000, JSON.stringify(counts))
})

test('an index of many patterns finds exactly those that match, also after some are taken out', () => {
  fc.assert(
    fc.property(
      fc.array(anyPair, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 29 }),
      (pairs, gone) => {
        const kind = pairs[0]![0]
        const own = pairs.filter(([each]) => each === kind)
        const index = new PatternIndex<number>()
        const patterns = own.map(([, pattern]) => compilePattern(capability(kind, pattern)))
        for (const [i, pattern] of patterns.entries()) index.add(pattern, i)
        const out = gone % patterns.length
        index.remove(patterns[out]!, out)
        const scan = new Scan()
        for (const [, , resource] of own) {
          scan.read(kind, resource, true)
          const found: number[] = []
          const count = index.find(scan, found, 0)
          const expected = own.flatMap(([, pattern], i) =>
            i !== out && referenceMatches(kind, pattern, resource) ? [i] : [],
          )
          assert.deepEqual(
            found.slice(0, count).toSorted((a, b) => a - b),
            expected,
          )
        }
      },
    ),
    { numRuns: 3000 },
  )
})

test('what one capability is said to cover, it covers; what it is said not to cover, it does not', () => {
  const answers = { yes: 0, no: 0, unknown: 0 }
  fc.assert(
    fc.property(anyPair, anyPair, ([kind, wide], [other, narrow, resource]) => {
      if (kind !== other) return
      const answer = covers(capability(kind, wide), capability(kind, narrow))
      answers[answer]++
      if (answer === 'yes' && referenceMatches(kind, narrow, resource)) {
        assert.ok(referenceMatches(kind, wide, resource), `${wide} covers ${narrow}, but not ${resource}`)
      }
    }),
    { numRuns: 30_000 },
  )
  assert.ok(answers.yes > 100 && answers.no > 1000, JSON.stringify(answers))
})

test('a capability covers itself', () => {
  fc.assert(
    fc.property(anyPair, ([kind, pattern]) => {
      assert.equal(covers(capability(kind, pattern), capability(kind, pattern)), 'yes', pattern)
    }),
  )
})

test('paths match by whole components', () => {
  assert.ok(!isMatch('path', '/etc/*', '/etcetera'))
  assert.ok(!isMatch('path', '/etc/**', '/etcetera'))
  assert.ok(!isMatch('path', '/etc/*', '/etc/a/b'))
  assert.ok(isMatch('path', '/etc/*', '/etc/hosts'))
  assert.ok(isMatch('path', '/a/**', '/a'))
  assert.ok(!isMatch('path', '/a/*', '/a'))
  assert.ok(isMatch('path', '/**', '/'))
  assert.ok(isMatch('path', '/**/x/*.md', '/p/q/x/readme.md'))
  assert.ok(!isMatch('path', '/A', '/a'))
})

test('hosts match by whole labels, ports by number, addresses only by themselves', () => {
  assert.ok(isMatch('endpoint', '*.example.org', 'a.example.org:443'))
  assert.ok(!isMatch('endpoint', '*.example.org', 'example.org:443'))
  assert.ok(!isMatch('endpoint', '*.example.org', 'evilexample.org:443'))
  assert.ok(!isMatch('endpoint', 'example.org', 'example.org.evil.net:443'))
  assert.ok(isMatch('endpoint', 'Example.ORG.', 'eXample.org.:443'))
  assert.ok(isMatch('endpoint', 'example.org:8000-8999,443', 'example.org:8443'))
  assert.ok(!isMatch('endpoint', 'example.org:8000-8999,443', 'example.org:80'))
  assert.ok(isMatch('endpoint', '**', '127.0.0.1:80') && isMatch('endpoint', '127.0.0.1', '127.0.0.1:80'))
  assert.ok(isMatch('endpoint', '[::1]:443', '[0:0:0:0:0:0:0:1]:443'))
  assert.ok(!isMatch('endpoint', 'example.org:443', 'example.org'))
})

test('patterns that cannot be matched exactly are refused', () => {
  const bad = {
    path: [
      'relative/x',
      '/a//b',
      '/a/',
      '/a/../b',
      '/a/.',
      '/a\\b',
      '/a**',
      '/**/**',
      '/*/*/*/*/*/*/*/*/*',
      '/\u0000',
      `/${'a'.repeat(1100)}`,
    ],
    name: ['a//b', '/a', '..', 'a\nb'],
    endpoint: [
      '*',
      '*.',
      'a*.org',
      '*:443',
      '::1',
      '[::1',
      '[fe80::1%eth0]:1',
      '[::ffff:127.0.0.1]',
      '127.1',
      '0x7f.1',
      '2130706433',
      '010.0.0.1',
      'a..b',
      '-a.org',
      'a-.org',
      'é.org',
      'x:0',
      'x:70000',
      'x:80-79',
      'x:1-2-3',
      'x:',
      'u@x',
      '*.127.0.0.1',
    ],
  } as const
  for (const [kind, patterns] of Object.entries(bad)) {
    for (const pattern of patterns) {
      assert.throws(
        () => compilePattern(capability(kind as ResourceKind, pattern)),
        { code: 'PATTERN_INVALID' },
        pattern,
      )
    }
  }
})

test('resources that are not in their one plain form are refused, never repaired', () => {
  const bad = {
    path: [
      'a',
      '',
      '//',
      '/a//b',
      '/a/',
      '/a/../etc/shadow',
      '/a/./b',
      '/..',
      '/a\\..\\b',
      '/a\u0000b',
      '/a\u001bb',
      '/a\u0085b',
      '/\ud800',
      `/${'a'.repeat(300)}`,
      `/${'é/'.repeat(1500)}x`,
      '/a'.repeat(257),
    ],
    name: ['a//b', '/a', '../a', 'a\u007f'],
    endpoint: [
      '',
      ':443',
      'a:',
      'a:0',
      'a:080',
      'a:99999',
      'a:1:2',
      '::1',
      '[::1',
      '[::1]x',
      '[::ffff:10.0.0.1]:1',
      '[fe80::1%25lo]:1',
      '127.1:80',
      '2130706433:80',
      '0x7f000001:80',
      '127.0.0.01:80',
      'a b:1',
      'a..b:1',
      '-a:1',
      'ünï.de:1',
      'user@host:1',
      `${'a'.repeat(64)}:1`,
      'a/b:1',
    ],
  } as const
  for (const [kind, resources] of Object.entries(bad)) {
    for (const resource of resources) {
      assert.notEqual(
        new Scan().read(kind as ResourceKind, resource, true),
        undefined,
        JSON.stringify(resource),
      )
    }
  }
})

test('a letter beyond ASCII is a letter, whichever ASCII character its code resembles', () => {
  for (let code = 0xa0; code < 0x3000; code++) {
    if (code === 0x2028 || code === 0x2029) continue
    const letter = String.fromCharCode(code)
    const scan = new Scan()
    assert.equal(scan.read('path', `/a${letter}b/c`, true), undefined, code.toString(16))
    assert.deepEqual([scan.count, scan.hasStar, scan.hasCapital, scan.isWord], [2, false, false, false])
    assert.notEqual(scan.read('path', `/${letter}\\`, true), undefined)
    assert.notEqual(scan.read('path', `/${letter}\n`, true), undefined)
    assert.notEqual(scan.read('endpoint', `a${letter}.org:1`, true), undefined)
    assert.equal(scan.read('path', `/${letter}A*`, true), undefined)
    assert.deepEqual([scan.hasStar, scan.hasCapital], [true, true])
  }
})

test('no pattern within the limits makes more work than the resource is long times its components', () => {
  const hostile: [string, string][] = [
    [`/${'a*'.repeat(7)}b`, `/${'a'.repeat(255)}`],
    [`/**/${'a/'.repeat(55)}b/**`, '/a'.repeat(256)],
    ['/**/a/**/a/**/a/**/b', '/a'.repeat(256)],
    ['/**/*a*/**/*a*/**/b', '/a'.repeat(256)],
    [`/**/${'*/a/'.repeat(4)}**/c`, '/a'.repeat(256)],
  ]
  for (const [pattern, resource] of hostile) {
    const compiled = compilePattern(capability('path', pattern))
    const scan = new Scan()
    assert.equal(scan.read('path', resource, true), undefined)
    assert.equal(matches(compiled, scan), false, pattern)
    assert.ok(
      scan.steps <= scan.count * compiled.parts.length + compiled.parts.length,
      `${pattern}: ${scan.steps} steps`,
    )
  }
})

test('a pattern is tried once per request, however often its name stands in the path', () => {
  const index = new PatternIndex<string>()
  index.add(compilePattern(capability('path', '/**/a/x*y/**')), 'it')
  const scan = new Scan()
  scan.read('path', '/a'.repeat(256), true)
  assert.equal(index.find(scan, [], 0), 0)
  assert.ok(scan.steps <= 1000, `${scan.steps} steps`)
})

test('a cell takes no more patterns than it can try one by one', () => {
  const index = new PatternIndex<number>()
  assert.throws(
    () => {
      for (let i = 0; i <= 64; i++) index.add(compilePattern(capability('path', `/**/*x${i}*`)), i)
    },
    { code: 'PATTERN_INVALID' },
  )
  assert.equal(index.size, 64)
})
