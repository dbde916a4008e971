import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { looksRandom, NAME_LIMITS, NameCount } from './names.ts'

const data = (i: number, encoding: 'hex' | 'base64url' = 'hex') =>
  createHash('sha256').update(`${i}`).digest(encoding).slice(0, 60).toLowerCase()

/** How many names of a stream go through before the count says no. */
function passes(names: Iterable<string>): number {
  const count = new NameCount()
  let passed = 0
  for (const name of names) {
    if (count.refuse(name, 'cdn.example') !== undefined) return passed
    passed += 1
  }
  return passed
}

function* tunnel(label: (i: number) => string): Generator<string> {
  for (let i = 0; i < 10_000; i += 1) yield `${label(i)}.cdn.example`
}

test('data in names is stopped after a page of text, however it is cut', () => {
  const bytesOf = (label: (i: number) => string) => passes(tunnel(label)) * label(1).length
  assert.ok(bytesOf((i) => data(i)) <= 600, 'long labels')
  assert.ok(bytesOf((i) => data(i, 'base64url')) <= 600, 'base 64')
  assert.ok(
    bytesOf((i) =>
      data(i)
        .replaceAll(/(.{8})/g, '$1.')
        .slice(0, -1),
    ) <= 800,
    'many labels',
  )
  assert.ok(
    bytesOf((i) => data(i).slice(0, 20)) <= NAME_LIMITS.payloadBytes,
    'labels below the length that counts',
  )
  assert.ok(passes(tunnel((i) => data(i).slice(0, 4))) <= NAME_LIMITS.distinct, 'short labels')
})

test('once it was stopped, no further name below that parent goes through, and others do', () => {
  const count = new NameCount()
  for (const name of tunnel((i) => data(i))) if (count.refuse(name, 'cdn.example') !== undefined) break
  assert.notEqual(count.refuse('www.cdn.example', 'cdn.example'), undefined)
  assert.equal(count.refuse('www.other.example', 'other.example'), undefined)
})

test('names that were asked before cost nothing, and what people call their servers goes through', () => {
  const ordinary = [
    'www',
    'api',
    'registry',
    'us-east-1',
    'my-bucket-for-build-results',
    'd111111abcdef8',
    'eu-central-1.console',
    'objects.githubusercontent',
  ]
  const count = new NameCount()
  for (let i = 0; i < 500; i += 1) {
    for (const name of ordinary)
      assert.equal(count.refuse(`${name}.cdn.example`, 'cdn.example'), undefined, name)
  }
  for (const name of ordinary) assert.ok(!looksRandom(name), name)
})

test('the number of parents is bounded too', () => {
  const count = new NameCount()
  const refused = Array.from({ length: 1000 }, (_, i) =>
    count.refuse(`a.p${i}.example`, `p${i}.example`),
  ).filter((why) => why !== undefined)
  assert.equal(refused.length, 1000 - NAME_LIMITS.parents)
})
