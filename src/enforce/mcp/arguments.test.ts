import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readArguments } from './arguments.ts'
import { isNamedBy, rulesFor, type ArgumentRule, type ToolRule } from './policy.ts'

const rule = (given: Record<string, ArgumentRule>, more: Partial<ToolRule> = {}): ToolRule => ({
  ...{ pattern: '*', action: 'allow', arguments: given, isClosed: false, labels: [] },
  ...more,
})
const why = (given: object, ...rules: ToolRule[]): string | undefined => {
  const read = readArguments(given as Record<string, unknown>, rules)
  return read.isFit ? undefined : read.rule
}
const touched = (given: object, ...rules: ToolRule[]): unknown => {
  const read = readArguments(given as Record<string, unknown>, rules)
  return read.isFit ? read.touched : read
}

test('rules hold for arguments by name, within objects and lists', () => {
  const deep = rule({
    'a.b': { type: 'string', required: true },
    'list[]': { range: [0, 9] },
    'all[].n': { oneOf: [1] },
  })
  assert.equal(why({ a: { b: 'x' }, list: [0, 9], all: [{ n: 1 }] }, deep), undefined)
  assert.equal(why({ a: {} }, deep), 'argument.required')
  for (const bad of [
    { a: { b: 1 } },
    { a: { b: '' }, list: [10] },
    { a: { b: '' }, all: [{ n: 1 }, { n: 2 }] },
  ])
    assert.equal(why(bad, deep), 'argument.rule')
})

test('every rule that names the tool holds, and a closed one takes no other arguments', () => {
  const [short, letters] = [
    rule({ s: { maxLength: 3 } }),
    rule({ s: { pattern: '^[a-z]*$' } }, { isClosed: true }),
  ]
  assert.equal(why({ s: 'abc' }, short, letters), undefined)
  assert.equal(why({ s: 'abcd' }, short, letters), 'argument.rule')
  assert.equal(why({ s: 'AB' }, short, letters), 'argument.rule')
  assert.equal(why({ s: '', t: 1 }, short, letters), 'argument.unknown')
  assert.equal(why({ constructor: 1 }, letters), 'argument.unknown')
})

test('what a rule calls a path, a URL or a command is asked about as that', () => {
  const rules = rule({
    p: { path: { access: 'write', below: ['/w/out'] } },
    u: { url: { hosts: ['*.example.org'] } },
    c: { command: true },
  })
  assert.deepEqual(touched({ p: 'a b.txt', u: 'https://a.example.org/x', c: 'rm -rf /' }, rules), [
    { kind: 'file', verb: 'write', path: 'a b.txt', below: ['/w/out'] },
    { kind: 'connect', url: 'https://a.example.org/x', hosts: ['*.example.org'] },
    { kind: 'command', text: 'rm -rf /' },
  ])
  assert.equal(why({ p: 'a\nb' }, rules), 'argument.path')
  for (const u of ['file:///etc/passwd', 'https://u:p@a.example.org/', 'no url', 'javascript:1'])
    assert.equal(why({ u }, rules), 'argument.url')
})

test('a text nobody named is a path or a URL only when it is nothing else', () => {
  for (const path of ['/a', '~/x', '../a', 'a/../../b', '.', './x'].filter((each) => each !== '.'))
    assert.deepEqual(touched({ t: path }), [{ kind: 'file', verb: 'read', path }], path)
  for (const plain of [
    'a/b',
    'see /etc/passwd',
    'https and more',
    'mailto:a@b.org',
    '12:30',
    'a\n/etc/passwd',
    '',
  ])
    assert.deepEqual(touched({ t: plain }), [], plain)
  assert.deepEqual(touched({ t: '/a' }, rule({ t: { text: true } })), [])
  assert.equal(why({ t: 'gopher://x' }), 'argument.scheme')
  assert.equal(why({ 'a\u0000b': 1 }), 'argument.name')
})

test('patterns of names match as written, and no more', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-c]{0,8}$/), fc.stringMatching(/^[a-c*]{0,6}$/), (name, pattern) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
      assert.equal(isNamedBy(name, pattern), expression.test(name))
    }),
  )
})

test('of several rules the strictest counts, and what none names is denied', () => {
  const rules = [
    { pattern: '*', action: 'ask' },
    { pattern: 'read_*', action: 'allow' },
    { pattern: '*_all', action: 'deny' },
  ] as const
  assert.equal(rulesFor(rules, 'read_all').action, 'deny')
  assert.equal(rulesFor(rules, 'read_one').action, 'ask')
  assert.equal(rulesFor(rules.slice(1), 'write').action, 'deny')
})
