import assert from 'node:assert/strict'
import { test } from 'node:test'
import { misfit } from './json-schema.ts'

const fits = (schema: unknown, value: unknown): boolean => misfit(schema, value) === undefined

test('values are held to what a schema says', () => {
  const table: readonly [schema: unknown, good: readonly unknown[], bad: readonly unknown[]][] = [
    [{ type: 'string', minLength: 2, maxLength: 3 }, ['ab', '😀😀😀'], ['a', 'abcd', 1, null]],
    [{ type: ['integer', 'null'], minimum: 1, exclusiveMaximum: 5 }, [1, 4, null], [0, 5, 1.5, '1']],
    [{ type: 'number', multipleOf: 0.1 }, [0.3, 1], [0.25]],
    [{ enum: ['a', { b: 1, c: 2 }] }, ['a', { c: 2, b: 1 }], ['b', { b: 1 }]],
    [{ const: [1] }, [[1]], [[2], 1]],
    [{ type: 'string', pattern: '^[a-z]+$' }, ['abc'], ['aB', '']],
    [
      { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: 2, uniqueItems: true },
      [[1], [1, 2]],
      [[], [1, 1], ['a'], [1, 2, 3]],
    ],
    [{ prefixItems: [{ type: 'string' }], items: { type: 'number' } }, [['a', 1], []], [[1], ['a', 'b']]],
    [{ items: [{ type: 'string' }], additionalItems: false }, [['a']], [['a', 1]]],
    [{ contains: { const: 1 } }, [[0, 1]], [[0]]],
    [
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false },
      [{ a: '' }],
      [{}, { a: 1 }, { a: '', b: 1 }, []],
    ],
    [
      { patternProperties: { '^x': { type: 'number' } }, additionalProperties: { type: 'string' } },
      [{ x1: 1, y: '' }],
      [{ x1: '' }, { y: 1 }],
    ],
    [{ propertyNames: { maxLength: 2 }, maxProperties: 1 }, [{ ab: 1 }], [{ abc: 1 }, { a: 1, b: 2 }]],
    [{ dependentRequired: { a: ['b'] } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    [{ anyOf: [{ type: 'string' }, { minimum: 3 }] }, ['', 3], [2]],
    [{ oneOf: [{ minimum: 3 }, { maximum: 5 }] }, [2, 6], [4]],
    [{ allOf: [{ minimum: 3 }, { maximum: 5 }], not: { const: 4 } }, [3, 5], [4, 6]],
    [
      { if: { properties: { k: { const: 1 } } }, then: { required: ['v'] }, else: { required: ['w'] } },
      [
        { k: 1, v: 1 },
        { k: 2, w: 1 },
      ],
      [{ k: 1 }, { k: 2 }],
    ],
    [{ $defs: { a: { type: 'string' } }, properties: { x: { $ref: '#/$defs/a' } } }, [{ x: '' }], [{ x: 1 }]],
    [{ $ref: 'https://example.org/schema' }, [], [1]],
    [false, [], [1]],
    [{ constructor: 1 }, [1], []],
  ]
  for (const [schema, good, bad] of table) {
    assert.deepEqual(
      good.filter((value) => !fits(schema, value)),
      [],
      JSON.stringify(schema),
    )
    assert.deepEqual(
      bad.filter((value) => fits(schema, value)),
      [],
      JSON.stringify(schema),
    )
  }
})

test('a schema that would take for ever is given up, and the value counts as one that does not fit', () => {
  const both = {
    allOf: [{ properties: { c: { $ref: '#/$defs/n' } } }, { properties: { c: { $ref: '#/$defs/n' } } }],
  }
  let value: unknown = {}
  for (let i = 0; i < 60; i++) value = { c: value }
  assert.equal(misfit({ $defs: { n: both }, $ref: '#/$defs/n' }, value)?.what, 'it takes too long to check')
  assert.equal(misfit({ $ref: '#' }, 1)?.what, 'it takes too long to check')
})

test('a misfit tells where, and never the value', () => {
  const found = misfit({ properties: { 'a/b': { items: { type: 'number' } } } }, { 'a/b': [1, 'secret'] })
  assert.deepEqual(found, { at: '/a~1b/1', what: 'it is no number' })
})
