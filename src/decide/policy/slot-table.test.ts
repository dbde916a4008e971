import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compilePattern } from './pattern.ts'
import { PatternIndex } from './pattern-index.ts'
import { Scan } from './scan.ts'
import { keyFrom, SlotTable, type Slot } from './slot-table.ts'

function slotOf(key: number, value: number): Slot<number> {
  return {
    cell: 0,
    shape: 'exact',
    fixed: 0,
    port: -1,
    ports: undefined,
    head: '',
    value,
    next: undefined,
    runs: [],
    key,
  }
}

function valuesAt(table: SlotTable<number>, key: number): number[] {
  const values: number[] = []
  for (let slot = table.chain(key); slot !== undefined; slot = slot.next) values.push(slot.value)
  return values.toSorted((a, b) => a - b)
}

// few keys, so that they share chains; and keys that fall together in one place of a small table
const someKey = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer().map(keyFrom))

test('a table holds what was put in and not taken out, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: someKey, isAdd: fc.boolean() }), { maxLength: 200 }), (steps) => {
      const table = new SlotTable<number>()
      const held = new Map<number, Slot<number>[]>()
      for (const [value, { key, isAdd }] of steps.entries()) {
        const own = held.get(key) ?? []
        if (isAdd) {
          const slot = slotOf(key, value)
          table.add(slot)
          held.set(key, [...own, slot])
        } else if (own.length > 0) {
          const gone = own[value % own.length]!
          assert.equal(table.remove(gone), true)
          assert.equal(table.remove(gone), false)
          held.set(
            key,
            own.filter((slot) => slot !== gone),
          )
        }
      }
      for (const [key, slots] of held) {
        assert.deepEqual(
          valuesAt(table, key),
          slots.map(({ value }) => value),
        )
      }
      assert.equal(table.chain(0x7fffffff), held.get(0x7fffffff)?.at(-1))
    }),
    { numRuns: 3000 },
  )
})

test('a table that is filled and emptied many times still ends every search', () => {
  const table = new SlotTable<number>()
  for (let i = 1; i < 5000; i++) {
    const slot = slotOf(i, i)
    table.add(slot)
    assert.deepEqual(valuesAt(table, i), [i])
    table.remove(slot)
    assert.equal(table.chain(i), undefined)
  }
})

test('indexes that share a table, and operations that share an index, see nothing of one another', () => {
  const table = new SlotTable<string>()
  const mine = new PatternIndex(table)
  const yours = new PatternIndex(table)
  const pattern = compilePattern({ namespace: 'fs', verb: '*', pattern: '/srv/**' })
  mine.add(pattern, 'mine', 3)
  yours.add(pattern, 'yours', 4)
  const scan = new Scan()
  assert.equal(scan.read('path', '/srv/x', true), undefined)
  const ask = (index: PatternIndex<string>, operation: number) => {
    const found: string[] = []
    return found.slice(0, index.find(scan, found, 0, operation)).concat(found)
  }
  assert.deepEqual(new Set(ask(mine, 3)), new Set(['mine']))
  assert.deepEqual(new Set(ask(yours, 4)), new Set(['yours']))
  assert.deepEqual([ask(mine, 4), ask(yours, 3), ask(mine, 259), ask(yours, 0)], [[], [], [], []])
})

test('a slot of another cell under the same key is not found', () => {
  const table = new SlotTable<string>()
  const index = new PatternIndex(table)
  const pattern = compilePattern({ namespace: 'fs', verb: '*', pattern: '/srv/x' })
  const { key } = index.add(pattern, 'own')
  table.add({ ...slotOf(key, 0), cell: 77, fixed: 2, head: '/srv/x', value: 'other', key, next: undefined })
  const scan = new Scan()
  scan.read('path', '/srv/x', true)
  const found: string[] = []
  assert.equal(index.find(scan, found, 0), 1)
  assert.deepEqual(found, ['own'])
})
