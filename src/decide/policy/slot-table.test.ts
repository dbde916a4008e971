import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { referenceMatches } from './match.reference.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { PatternIndex } from './pattern-index.ts'
import { Scan } from './scan.ts'
import { SlotTable } from './slot-table.ts'

const everything = pathPattern('/**')
const scan = new Scan()
scan.read('path', '/srv/x', true)

function pathPattern(pattern: string): Pattern {
  return compilePattern({ namespace: 'fs', verb: '*', pattern })
}

function valuesAt(table: SlotTable<number>, key: number, cell = 0): number[] {
  const places: number[] = []
  const count = table.find(key, cell, scan, 0, places, 0)
  return places
    .slice(0, count)
    .map((place) => table.value(place))
    .toSorted((a, b) => a - b)
}

// few keys, so that many stand under one; and keys that fall together in one place of a small table
const someKey = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 40 }).map((key) => key << 26),
  fc.integer(),
)

test('a table holds what was put in and not taken out, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: someKey, isAdd: fc.boolean() }), { maxLength: 200 }), (steps) => {
      const table = new SlotTable<number>()
      const held = new Map<number, number[]>()
      for (const [value, { key, isAdd }] of steps.entries()) {
        const own = held.get(key) ?? []
        if (isAdd) {
          table.add(key, 0, everything, value)
          held.set(key, [...own, value])
        } else if (own.length > 0) {
          const gone = own[value % own.length]!
          assert.equal(table.remove(key, 0, gone), true)
          assert.equal(table.remove(key, 0, gone), false)
          held.set(
            key,
            own.filter((other) => other !== gone),
          )
        }
      }
      for (const [key, values] of held) {
        assert.deepEqual(valuesAt(table, key), values)
        assert.deepEqual(valuesAt(table, key, 1), [])
        assert.ok(values.length === 0 || table.mayHold(key))
      }
    }),
    { numRuns: 3000 },
  )
})

test('a table that is filled and emptied many times still ends every search', () => {
  const table = new SlotTable<number>()
  for (let i = 1; i < 5000; i++) {
    table.add(i, 0, everything, i)
    assert.deepEqual(valuesAt(table, i), [i])
    table.remove(i, 0, i)
    assert.deepEqual(valuesAt(table, i), [])
  }
})

test('indexes that share a table, and operations that share an index, see nothing of one another', () => {
  const table = new SlotTable<string>()
  const mine = new PatternIndex(table)
  const yours = new PatternIndex(table)
  const pattern = pathPattern('/srv/**')
  mine.add(pattern, 'mine', 3)
  yours.add(pattern, 'yours', 4)
  const ask = (index: PatternIndex<string>, operation: number) => {
    const found: string[] = []
    return found.slice(0, index.find(scan, found, 0, operation)).concat(found)
  }
  assert.deepEqual(new Set(ask(mine, 3)), new Set(['mine']))
  assert.deepEqual(new Set(ask(yours, 4)), new Set(['yours']))
  assert.deepEqual([ask(mine, 4), ask(yours, 3), ask(mine, 259), ask(yours, 0)], [[], [], [], []])
})

// the last bits of \u0161 are those of an a
const component = fc.constantFrom(
  'a',
  'b',
  'ab',
  'é',
  '\u0161',
  'a-name-that-fits-no-record-of-sixteen-words',
)
const somePath = fc.array(component, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
const ending = fc.constantFrom('', '/**', '/*', '/*/**', '/*/b', '/**/b')

test('what stands under the key of another pattern is found only where it covers the resource itself', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(somePath, ending), { minLength: 1, maxLength: 8 }),
      somePath,
      (list, path) => {
        const resource = new Scan()
        assert.equal(resource.read('path', path, true), undefined)
        const patterns = list.map(([head, end]) => pathPattern((head === '/' ? '' : head) + end || '/'))
        const table = new SlotTable<number>()
        // every key is the same, as if all hashes were
        for (const [i, pattern] of patterns.entries()) table.add(7, 0, pattern, i)
        for (let depth = 0; depth <= resource.count; depth++) {
          const places: number[] = []
          const count = table.find(7, 0, resource, depth, places, 0)
          const found = places.slice(0, count).map((place) => table.value(place))
          assert.equal(new Set(found).size, found.length)
          for (const [i, { text, fixed }] of patterns.entries()) {
            const covers = referenceMatches('path', text, path)
            if (!covers) assert.ok(!found.includes(i), `${text} on ${path}`)
            else if (fixed === depth) assert.ok(found.includes(i), `${text} on ${path}`)
          }
        }
      },
    ),
    { numRuns: 3000 },
  )
})
