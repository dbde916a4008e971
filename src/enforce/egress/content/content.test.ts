import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Refusal } from '../refusal.ts'
import {
  ContentError,
  createContentGuard,
  filtered,
  RefusedContent,
  type ContentFinding,
  type ContentRule,
  type ContentScanner,
  type Filter,
} from './index.ts'
import { schemaCheck, type JsonValue } from './schema.ts'

const WORD = /KEY-[a-z]{3,40}-END|WEAK-[a-z]+/g
/** Knows one kind of secret and one weak sign, and its own mark. */
const scanner: ContentScanner = {
  scan: (text) =>
    Array.from(text.matchAll(WORD), ({ 0: found, index }): ContentFinding => {
      const risk = found.startsWith('KEY') ? 'high' : 'medium'
      return { rule: 'test-key', risk, start: index, end: index + found.length, tag: 'abcd' }
    }),
}
const TO = { host: 'api.test', path: '/v1/x' }
const JSON_TYPE = [['Content-Type', 'application/json; charset=utf-8']] as const

function filterOf(made: (Filter & object) | Refusal | undefined): Filter {
  assert.ok(made !== undefined && 'push' in made, 'it was refused by its head')
  return made
}

function through(filter: Filter, chunks: readonly string[]): { out: string; refused?: Refusal } {
  let out = ''
  for (const take of [
    ...chunks.map((chunk) => () => filter.push(Buffer.from(chunk, 'latin1'))),
    () => filter.end(),
  ]) {
    const made = take()
    if (!Buffer.isBuffer(made)) return { out, refused: made }
    out += made.toString('latin1')
  }
  return { out }
}

const guard = (rule: Partial<ContentRule>, known: readonly string[] = []) =>
  createContentGuard([{ id: 'r', host: '*', ...rule }], { scanner, placeholders: known })
const out = (secrets: 'block' | 'redact' | 'off', known: readonly string[] = []) =>
  filterOf(guard({ outgoing: { secrets } }, known).outgoing(TO, '/v1/x', []))

test('a secret is marked wherever the body is cut, and all else stays to the byte', () => {
  const piece = fc.oneof(
    fc.constant('KEY-abcdefgh-END'),
    fc.string({ maxLength: 20 }),
    fc.constant('-'.repeat(5000)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 8 }), (pieces, cuts) => {
      const text = Buffer.from(pieces.join(' ')).toString('latin1')
      const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length]
      const chunks = at.slice(1).map((end, i) => text.slice(at[i], end))
      assert.equal(
        through(out('redact'), chunks).out,
        text.replaceAll('KEY-abcdefgh-END', '[redacted test-key abcd]'),
      )
    }),
    { numRuns: 60 },
  )
})

test('of a body that is blocked, no part of the secret leaves', () => {
  for (const lead of [0, 100, 5000]) {
    const text = `${'.'.repeat(lead)}KEY-abcdefgh-END${'.'.repeat(5000)}`
    for (const size of [1, 7, 4096]) {
      const { out: sent, refused } = through(
        out('block'),
        text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [],
      )
      assert.equal(refused?.rule, 'r')
      assert.ok(!sent.includes('K'), sent)
    }
  }
})

test('a weak sign alone blocks nothing, and is marked where everything is', () => {
  assert.equal(through(out('block'), ['a WEAK-sign b']).out, 'a WEAK-sign b')
  assert.equal(through(out('redact'), ['a WEAK-sign b']).out, 'a [redacted test-key abcd] b')
  assert.equal(through(out('off'), ['KEY-abc-END']).out, 'KEY-abc-END')
})

test('placeholders look like secrets and are none', () => {
  assert.equal(through(out('block', ['KEY-abc-END']), ['KEY-abc-END']).out, 'KEY-abc-END')
  assert.equal(through(out('block', ['KEY-abc-END']), ['KEY-abd-END']).refused?.rule, 'r')
})

test('a secret in an address or header is blocked, but not in the header credentials belong in', () => {
  const ask = (target: string, headers: readonly (readonly [string, string])[] = []) =>
    guard({ outgoing: {} }).outgoing(TO, target, headers)
  const isBlocked = (made: object | undefined) => made !== undefined && 'rule' in made
  assert.ok(isBlocked(ask('/x?k=KEY-abc-END')))
  assert.ok(isBlocked(ask('/x', [['X-Note', 'KEY-abc-END']])))
  assert.ok(!isBlocked(ask('/x', [['Authorization', 'Bearer KEY-abc-END']])))
})

test('the first rule for the place holds, by host and whole segments of the path', () => {
  const rules: ContentRule[] = [
    { id: 'path', host: 'api.test', path: '/v1/', outgoing: { secrets: 'off', maxBytes: 1 } },
    { id: 'below', host: '*.low.test', outgoing: { secrets: 'off', maxBytes: 1 } },
  ]
  const ruled = (host: string, path: string) =>
    createContentGuard(rules).outgoing({ host, path }, path, []) !== undefined
  assert.ok(ruled('api.test', '/v1') && ruled('api.test', '/v1/x') && ruled('a.low.test', '/'))
  assert.ok(!ruled('api.test', '/v10') && !ruled('low.test', '/') && !ruled('other.test', '/v1'))
})

test('an answer is let through when it fits its schema, and nothing of one that does not', () => {
  const schema = {
    type: 'object',
    properties: { n: { type: 'integer', minimum: 1 } },
    required: ['n'],
    additionalProperties: false,
  }
  const check = (text: string) =>
    through(filterOf(guard({ incoming: { schema } }).incoming(TO, JSON_TYPE)), [
      text.slice(0, 3),
      text.slice(3),
    ])
  assert.deepEqual(check('{"n":1}'), { out: '{"n":1}' })
  for (const wrong of [
    '{"n":0}',
    '{"n":1,"secret":"x"}',
    '{}',
    '[]',
    'not JSON',
    '{"n":1}{"n":2}',
    '{"n":"\xff"}',
  ]) {
    const { out: sent, refused } = check(wrong)
    assert.equal(sent, '', wrong)
    assert.equal(refused?.rule, 'r')
    assert.ok(!refused?.reason.includes('x"'), 'the reason repeats the answer')
  }
})

test('every word of a schema that is taken is kept', () => {
  const cases: readonly (readonly [JsonValue, unknown, unknown])[] = [
    [{ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }, { a: 'x' }, {}],
    [{ type: 'object', additionalProperties: { type: 'number' } }, { b: 1 }, { b: 'x' }],
    [{ type: 'object', properties: {}, minProperties: 1 }, { a: 1 }, {}],
    [{ type: 'object', properties: {}, maxProperties: 1 }, { a: 1 }, { a: 1, b: 1 }],
    [{ type: 'array', items: { type: 'number' }, minItems: 1 }, [1], []],
    [{ type: 'array', items: { type: 'number' }, maxItems: 1 }, [1], [1, 2]],
    [{ type: 'array', items: { type: 'number' }, uniqueItems: true }, [1, 2], [1, 1]],
    [{ type: 'array', prefixItems: [{ type: 'number' }] }, [1], ['x']],
    [{ type: 'array', prefixItems: [{ type: 'number' }], minItems: 1, maxItems: 1 }, [1], [1, 2]],
    [{ enum: ['a', 1] }, 'a', 'b'],
    [{ const: 'a' }, 'a', 'b'],
    [{ type: 'string', minLength: 2, maxLength: 3 }, 'ab', 'abcd'],
    [{ type: 'string', pattern: '^a$' }, 'a', 'b'],
    [{ type: 'string', enum: ['a'] }, 'a', 'b'],
    [{ type: 'integer', minimum: 1, maximum: 3 }, 1, 4],
    [{ type: 'integer', minimum: 1 }, 1, 1.5],
    [{ type: 'number', exclusiveMinimum: 1, exclusiveMaximum: 3 }, 2, 3],
    [{ type: 'integer', multipleOf: 2 }, 2, 3],
    [{ type: 'boolean', const: true }, true, false],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, null, 1],
    [{ oneOf: [{ type: 'string' }, { const: 'a' }] }, 'b', 'a'],
    [
      {
        allOf: [
          { type: 'string', minLength: 2 },
          { type: 'string', maxLength: 3 },
        ],
      },
      'ab',
      'abcd',
    ],
  ]
  for (const [schema, right, wrong] of cases) {
    const check = schemaCheck('r', schema)
    assert.equal(check(right), undefined, JSON.stringify(schema))
    assert.notEqual(check(wrong), undefined, JSON.stringify(schema))
  }
})

test('an answer of another type or size is refused by its head, or broken off', () => {
  const ask = (headers: readonly (readonly [string, string])[]) =>
    guard({ incoming: { types: ['application/json', 'text/*'], maxBytes: 4 } }).incoming(TO, headers)
  assert.ok('rule' in (ask([['Content-Type', 'image/png']]) ?? {}))
  assert.ok('rule' in (ask([]) ?? {}), 'without a type')
  assert.ok('rule' in (ask([...JSON_TYPE, ['Content-Length', '5']]) ?? {}))
  assert.equal(through(filterOf(ask([['Content-Type', 'text/plain']])), ['12', '34']).out, '1234')
  assert.equal(through(filterOf(ask(JSON_TYPE)), ['12', '345']).refused?.rule, 'r')
})

test('a rule that nobody could keep is refused at the start', () => {
  const refuses = (rule: Partial<ContentRule>, ports = {}) =>
    assert.throws(() => createContentGuard([{ id: 'r', host: '*', ...rule }], ports), ContentError)
  refuses({ outgoing: {} })
  const silent: JsonValue[] = [
    {},
    true,
    { not: { type: 'string' } },
    { if: {}, then: {} },
    { $ref: 'https://elsewhere.test/x' },
    { type: 'object', required: ['a'] },
    { properties: { a: { type: 'string' } } },
    { type: 'array', maxItems: 1 },
    { maxLength: 1 },
    { type: 'string', format: 'odd' },
    { type: 'object', properties: {}, anyOf: [{ type: 'string' }] },
    {
      type: 'object',
      properties: { a: { type: 'object', properties: { b: { items: { type: 'string' } } } } },
    },
    { type: 'object', dependentRequired: { a: ['b'] } },
    { type: 'thing' },
    { anyOf: [{ minLength: 1 }] },
  ]
  for (const schema of silent) {
    refuses({ incoming: { schema } }, { scanner })
  }
})

test('a stream goes through all filters in their order, and ends where one refuses', async () => {
  const upper: Filter = {
    push: (chunk) => Buffer.from(Buffer.from(chunk).toString().toUpperCase()),
    end: () => Buffer.from('last'),
  }
  const source = async function* () {
    yield Buffer.from('some key-')
    yield Buffer.from('abc-end')
  }
  const all: string[] = []
  for await (const chunk of filtered(source(), [out('off'), upper])) all.push(chunk.toString())
  assert.equal(all.join(''), 'SOME KEY-ABC-ENDlast')
  const read = async () => {
    for await (const chunk of filtered(source(), [through1, out('block')])) all.push(chunk.toString())
  }
  const through1: Filter = { push: () => Buffer.from('KEY-abc-END '), end: () => Buffer.alloc(0) }
  await assert.rejects(read(), RefusedContent)
})
